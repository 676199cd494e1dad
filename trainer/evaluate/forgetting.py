"""Whether training made a model forget what it knew: bits per byte of a general text, before and after.

Enter at `forgetting`.
"""

from collections.abc import Sequence

from advisor.contracts.evaluation import ForgettingScore
from advisor.intervals import Estimate
from trainer.evaluate.likelihood import TextFit, text_metrics
from trainer.evaluate.metric import difference, score_of


def forgetting(
    after: Sequence[TextFit], before: Sequence[TextFit], *, data: str, base: str, margin_fraction: float
) -> ForgettingScore:
    """Bits per byte of the same passages after training and before.

    forgot: the interval of the difference lies above 0 and the difference above the margin; kept: the interval ends
    below the margin; undecided: neither. source: the test of non-inferiority with a margin, as of clinical trials.
    """
    now, then = text_metrics(after)[0], text_metrics(before)[0]
    found = difference(now, then)
    margin = margin_fraction * then.score().value
    lost = found.low > 0 and found.difference > margin
    estimate = Estimate(found.difference, found.low, found.high)
    return ForgettingScore(
        data=data,
        base=base,
        after=now.score(),
        before=then.score(),
        difference=score_of("difference", estimate, found.n, "bits_per_byte"),
        margin_fraction=margin_fraction,
        finding="forgot" if lost else "kept" if found.high <= margin else "undecided",
    )
