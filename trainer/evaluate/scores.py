"""Scores of answers against expected answers, by task, each with n and a 95 % interval.

Enter at `answer_metrics`. BLEU and chrF come from sacrebleu, ROUGE from rouge-score. Code is compared as text and
never executed.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from advisor import intervals
from advisor.answer_text import EXACT_TASKS, Words, content_words, primary_metric
from advisor.answer_text import normalise as normalise_answer
from advisor.contracts.case import Task
from advisor.contracts.evaluation import Score, ScoreUnit
from trainer.evaluate.metric import Floats, Metric, mean, score_of, share

RESAMPLES = 1000
BINS = 10
ROUGE = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rougeL": "rouge_l"}


def wilson(name: str, successes: int, n: int) -> Score:
    """A share with its Wilson interval."""
    return score_of(name, intervals.wilson(successes, n), n, "fraction")


def bootstrap(
    name: str, n: int, statistic: Callable[[Sequence[int]], float], *, unit: ScoreUnit, seed: int = 0
) -> Score:
    """Any statistic of items with its percentile bootstrap interval; sums over items are faster as a `Metric`.

    Args:
        name: of the score.
        n: number of items.
        statistic: value for a list of item positions.
        unit: of the score.
        seed: of the resampling.
    """
    rng = random.Random(seed)
    draws = [statistic([rng.randrange(n) for _ in range(n)]) for _ in range(RESAMPLES)]
    return score_of(name, intervals.interval_around(statistic(range(n)), np.asarray(draws)), n, unit)


def answer_metrics(task: Task, expected: Sequence[str], answers: Sequence[str]) -> list[Metric]:
    """All metrics that fit the task, the primary one first."""
    if task == "classification":
        return _label_metrics(list(map(normalise_answer, expected)), list(map(normalise_answer, answers)))
    if task in EXACT_TASKS:
        return [right_answers(expected, answers), _exact_match(expected, answers), _token_f1(expected, answers)]
    metrics = {metric.name: metric for metric in (_chrf(expected, answers), _bleu(expected, answers))}
    metrics |= {metric.name: metric for metric in _rouge(expected, answers)}
    if task == "code":
        metrics["exact_match"] = share("exact_match", [_code(e) == _code(a) for e, a in _pairs(expected, answers)])
    if task == "chat":
        metrics["token_f1"] = _token_f1(expected, answers)
    first = primary_metric(task)
    return [metrics.pop(first), *metrics.values()]


def answer_scores(task: Task, expected: Sequence[str], answers: Sequence[str]) -> tuple[list[Score], str]:
    """All scores that fit the task, and the name of the one that answers the quality floor."""
    return [metric.score() for metric in answer_metrics(task, expected, answers)], primary_metric(task)


def right_answers(expected: Sequence[str], answers: Sequence[str]) -> Metric:
    """Share of answers equal to the expected one but for case, spacing, quotes and closing punctuation."""
    return share("accuracy", [normalise_answer(e) == normalise_answer(a) for e, a in _pairs(expected, answers)])


def macro_f1(expected: Sequence[str], answers: Sequence[str]) -> float:
    """Mean over the expected labels of the harmonic mean of precision and recall."""
    metric = _macro_f1(list(expected), list(answers))
    return float(metric.of(metric.rows.sum(0)[None])[0])


def calibration_error(name: str, confidences: Sequence[float], right: Sequence[bool]) -> Metric:
    """How far the model's probability of its own answers lies from the share of right ones.

    ECE = sum over bins |right answers - sum of confidences| / n
    units: probabilities -> share of one.   source: Guo et al. (2017), On Calibration of Modern Neural Networks, eq. 3;
    ten bins of equal width. Biased upward for small n: with n answers a calibrated model shows some 1/sqrt(n).
    """
    p, truth = np.asarray(confidences, float), np.asarray(right, float)
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gaps = np.zeros((len(p), BINS + 1))
    gaps[np.arange(len(p)), bins] = truth - p
    gaps[:, BINS] = 1
    return Metric(
        name, "fraction", gaps, lambda sums: np.abs(sums[:, :BINS]).sum(axis=1) / sums[:, BINS], more_is_better=False
    )


def _pairs(expected: Sequence[str], answers: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(expected, answers, strict=True))


def _label_metrics(expected: list[str], answers: list[str]) -> list[Metric]:
    majority = Counter(expected).most_common(1)[0][0]
    labels = set(expected)
    return [
        right_answers(expected, answers),
        _macro_f1(expected, answers),
        share("majority_class_accuracy", [label == majority for label in expected], of_model=False),
        share("valid_answers", [answer in labels for answer in answers]),
    ]


def _macro_f1(expected: list[str], answers: list[str]) -> Metric:
    """Per label 2 hits / (asked + given); the mean over the labels that were asked for."""
    labels = sorted(set(expected))
    asked = np.array([[label == e for label in labels] for e in expected], float)
    given = np.array([[label == a for label in labels] for a in answers], float)

    def of(sums: Floats) -> Floats:
        hits, total, wanted = np.split(sums, 3, axis=1)
        f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)
        # A resample may hold no item of a label; that label is then not asked for.
        present = wanted > 0
        return np.asarray((f1 * present).sum(axis=1) / present.sum(axis=1), float)

    return Metric("macro_f1", "fraction", np.hstack([asked * given, asked + given, asked]), of)


def _exact_match(expected: Sequence[str], answers: Sequence[str]) -> Metric:
    """As accuracy, without articles and punctuation, in German and English."""
    return share("exact_match", [content_words(e) == content_words(a) for e, a in _pairs(expected, answers)])


def _token_f1(expected: Sequence[str], answers: Sequence[str]) -> Metric:
    """Mean over items of the F1 of shared words (as in Rajpurkar et al. 2016), articles left out."""
    return mean("token_f1", [_shared_words(content_words(e), content_words(a)) for e, a in _pairs(expected, answers)])


def _shared_words(expected: list[str], answer: list[str]) -> float:
    if not expected or not answer:
        return float(expected == answer)
    shared = sum((Counter(expected) & Counter(answer)).values())
    return 2 * shared / (len(expected) + len(answer))


def _code(text: str) -> str:
    """Code without blank lines and trailing spaces; case and indentation count."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines() if line.strip())


def _chrf(expected: Sequence[str], answers: Sequence[str]) -> Metric:
    """Mean over items of sentence chrF2 (Popović 2015), as `advisor baseline run` scores it."""
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    return mean("chrf", [chrf.sentence_score(a, [e]).score / 100 for e, a in _pairs(expected, answers)])


def _bleu(expected: Sequence[str], answers: Sequence[str]) -> Metric:
    """BLEU of all items together (Papineni et al. 2002): sacrebleu's counts, summed before the precisions are taken.

    Orders that no answer is long enough for are left out (effective order): three words have no four-gram.
    """
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(effective_order=True)
    orders = bleu.max_ngram_order
    counted = [bleu.sentence_score(a, [e]) for e, a in _pairs(expected, answers)]
    rows = np.array([[*one.counts, *one.totals, one.sys_len, one.ref_len] for one in counted], float)

    def of(sums: Floats) -> Floats:
        values = [
            BLEU.compute_bleu(
                [int(x) for x in row[:orders]],
                [int(x) for x in row[orders : 2 * orders]],
                int(row[-2]),
                int(row[-1]),
                smooth_method="exp",
                effective_order=True,
            ).score
            / 100
            for row in sums
        ]
        return np.asarray(values)

    return Metric("bleu", "fraction", rows, of)


def _rouge(expected: Sequence[str], answers: Sequence[str]) -> list[Metric]:
    """Mean over items of the F1 of shared words, pairs of words, and the longest common subsequence (Lin 2004)."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(list(ROUGE), tokenizer=Words())
    scored = [scorer.score(e, a) for e, a in _pairs(expected, answers)]
    return [mean(name, [one[key].fmeasure for one in scored]) for key, name in ROUGE.items()]
