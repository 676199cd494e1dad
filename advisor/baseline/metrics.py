"""Score of one answer against the expected one, by task: exact match, or chrF and ROUGE-L.

Enter at `metrics_for` and `score_answers`. Text libraries are imported when a generative task needs them.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from advisor.answer_text import EXACT_TASKS, Words, normalise, primary_metric
from advisor.contracts.case import Task
from advisor.contracts.errors import Failed

LIBRARIES = {"chrf": "sacrebleu", "rouge_l": "rouge_score"}


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the task's metrics, the primary one first."""
    if task in EXACT_TASKS:
        return ("accuracy",)
    primary = primary_metric(task)
    return (primary, *(name for name in ("chrf", "rouge_l") if name != primary))


def is_exact(task: Task) -> bool:
    """Whether an answer to the task is right or wrong, with nothing in between."""
    return task in EXACT_TASKS


def require_libraries(task: Task) -> None:
    """Find out before the first question whether the answers can be scored.

    Raises:
        Failed: a library of the extra `baseline` is not installed.
    """
    for metric in metrics_for(task):
        library = LIBRARIES.get(metric)
        if library is not None and find_spec(library) is None:
            raise Failed(f"answers of the task {task} are scored with {library}: pip install 'richtwert[baseline]'")


def score_answers(metric: str, answers: Sequence[str], expected: Sequence[str]) -> list[float]:
    """One score in 0..1 per answer."""
    scorer = {"accuracy": _exact_scorer, "chrf": _chrf_scorer, "rouge_l": _rouge_l_scorer}[metric]()
    return [scorer(answer, right) for answer, right in zip(answers, expected, strict=True)]


def _exact_scorer() -> Callable[[str, str], float]:
    return lambda answer, expected: float(normalise(answer) == normalise(expected))


def _chrf_scorer() -> Callable[[str, str], float]:
    """chrF2 of each sentence (Popović 2015) as sacrebleu computes it, over 100."""
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    return lambda answer, expected: chrf.sentence_score(answer, [expected]).score / 100


def _rouge_l_scorer() -> Callable[[str, str], float]:
    """F1 of the longest common subsequence of words (Lin 2004); words in any script, not English alone."""
    from rouge_score.rouge_scorer import RougeScorer

    rouge = RougeScorer(["rougeL"], tokenizer=Words())
    return lambda answer, expected: float(rouge.score(expected, answer)["rougeL"].fmeasure)
