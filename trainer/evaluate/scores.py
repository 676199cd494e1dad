"""Scores of answers against expected answers, each with n and a 95 % interval.

Enter at `answer_scores`. BLEU, chrF and ROUGE come from sacrebleu and rouge-score.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import NormalDist

from advisor.contracts.runs import Score

Z975 = NormalDist().inv_cdf(0.975)
RESAMPLES = 1000
LABEL_TASKS = ("classification", "extraction", "question_answering")


def normalise_answer(text: str) -> str:
    """Lower case, single blanks, no closing punctuation: what exact match compares."""
    return " ".join(text.lower().split()).rstrip(".!?:; ")


def wilson(name: str, successes: int, n: int) -> Score:
    """A share with its Wilson interval (Wilson 1927), which stays inside 0..1 for small n."""
    p = successes / n
    centre = (p + Z975**2 / (2 * n)) / (1 + Z975**2 / n)
    half = Z975 * math.sqrt(p * (1 - p) / n + Z975**2 / (4 * n**2)) / (1 + Z975**2 / n)
    # Rounding must not push a bound past the share itself where that is 0 or 1.
    low, high = max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))
    return Score(name=name, value=p, low=low, high=high, n=n, unit="fraction")


def bootstrap(name: str, n: int, statistic: Callable[[Sequence[int]], float], *, unit: str, seed: int = 0) -> Score:
    """A statistic of items with its percentile bootstrap interval.

    Args:
        name: of the score.
        n: number of items.
        statistic: value for a list of item positions.
        unit: of the score.
        seed: of the resampling.
    """
    rng = random.Random(seed)
    draws = sorted(statistic([rng.randrange(n) for _ in range(n)]) for _ in range(RESAMPLES))
    low, high = draws[int(0.025 * RESAMPLES)], draws[int(0.975 * RESAMPLES) - 1]
    value = statistic(range(n))
    return Score(name=name, value=value, low=min(low, value), high=max(high, value), n=n, unit=unit)


def macro_f1(expected: Sequence[str], answers: Sequence[str]) -> float:
    """Mean over the expected labels of the harmonic mean of precision and recall."""
    values = []
    for label in sorted(set(expected)):
        hits = sum(e == a == label for e, a in zip(expected, answers, strict=True))
        asked, given = expected.count(label), answers.count(label)
        values.append(2 * hits / (asked + given) if asked + given else 0.0)
    return sum(values) / len(values)


def answer_scores(task: str, expected: Sequence[str], answers: Sequence[str]) -> tuple[list[Score], str]:
    """All scores that fit the task, and the name of the one that answers the quality floor."""
    if task in LABEL_TASKS:
        return _label_scores(list(map(normalise_answer, expected)), list(map(normalise_answer, answers))), "accuracy"
    return _text_scores(list(expected), list(answers)), "chrf"


def _label_scores(expected: list[str], answers: list[str]) -> list[Score]:
    n = len(expected)
    right = sum(e == a for e, a in zip(expected, answers, strict=True))
    majority = Counter(expected).most_common(1)[0][1]

    def f1(places: Sequence[int]) -> float:
        return macro_f1([expected[k] for k in places], [answers[k] for k in places])

    return [
        wilson("accuracy", right, n),
        bootstrap("macro_f1", n, f1, unit="fraction"),
        wilson("majority_class_accuracy", majority, n),
        wilson("valid_answers", sum(answer in set(expected) for answer in answers), n),
    ]


def _text_scores(expected: list[str], answers: list[str]) -> list[Score]:
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU, CHRF

    n = len(expected)
    chrf, bleu, scorer = CHRF(), BLEU(effective_order=True), RougeScorer(["rougeL"])
    rouge = [scorer.score(e, a)["rougeL"].fmeasure for e, a in zip(expected, answers, strict=True)]
    per_item = {
        "chrf": [chrf.sentence_score(a, [e]).score / 100 for e, a in zip(expected, answers, strict=True)],
        "bleu": [bleu.sentence_score(a, [e]).score / 100 for e, a in zip(expected, answers, strict=True)],
        "rouge_l": rouge,
    }

    def mean_of(values: list[float]) -> Callable[[Sequence[int]], float]:
        return lambda places: sum(values[k] for k in places) / n

    return [bootstrap(name, n, mean_of(values), unit="fraction") for name, values in per_item.items()]
