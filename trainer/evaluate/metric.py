"""A metric as sums over items, so that its interval and the paired difference of two models come from one place.

Enter at `Metric`; `difference` compares the same metric of two models on the same items.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.evaluation import Score, ScoreDifference, ScoreUnit
from advisor.intervals import (
    Estimate,
    bootstrap_of_sums,
    interval_around,
    mcnemar_exact,
    resampled_sums,
    verdict_of,
    wilson,
)

Floats = NDArray[np.float64]
OfSums = Callable[[Floats], Floats]
"""From sums over items, one row a draw, to one value a draw."""


def ratio(sums: Floats) -> Floats:
    """First column over second."""
    return np.divide(sums[:, 0], sums[:, 1], out=np.zeros(len(sums)), where=sums[:, 1] != 0)


@dataclass(frozen=True)
class Metric:
    """One row a item; the value is `of` the sum of the rows."""

    name: str
    unit: ScoreUnit
    rows: Floats
    of: OfSums = ratio
    is_share: bool = False
    """Rows are (0 or 1, 1): Wilson's interval, and McNemar's test between two models."""
    more_is_better: bool = True
    of_model: bool = True
    """False: a figure of the items alone, which two models have in common."""

    def score(self) -> Score:
        """Value with its 95 % interval."""
        n = len(self.rows)
        estimate = wilson(int(self.rows[:, 0].sum()), n) if self.is_share else bootstrap_of_sums(self.rows, self.of)
        return score_of(self.name, estimate, n, self.unit)


def score_of(name: str, estimate: Estimate, n: int, unit: ScoreUnit) -> Score:
    """An estimate under its name."""
    return Score(name=name, value=estimate.value, low=estimate.low, high=estimate.high, n=n, unit=unit)


def mean(name: str, values: Sequence[float] | Floats, *, unit: ScoreUnit = "fraction") -> Metric:
    """The mean of one value an item."""
    return Metric(name, unit, np.column_stack([np.asarray(values, float), np.ones(len(values))]))


def share(name: str, right: Sequence[bool], *, of_model: bool = True) -> Metric:
    """The share of items for which something holds."""
    rows = np.column_stack([np.asarray(right, float), np.ones(len(right))])
    return Metric(name, "fraction", rows, is_share=True, of_model=of_model)


def difference(first: Metric, second: Metric) -> ScoreDifference:
    """First minus second, resampled over the items that both models got.

    d = of(first's sums) - of(second's sums), on the same resamples; right/wrong scores also take McNemar's exact test
    source: Efron (1979) for the paired bootstrap; McNemar (1947).
    """
    n = len(first.rows)
    if n != len(second.rows):
        raise ValueError(f"{first.name}: pairs are needed, got {n} and {len(second.rows)} items")
    value = float((first.of(first.rows.sum(0)[None]) - second.of(second.rows.sum(0)[None]))[0])
    draws = first.of(resampled_sums(first.rows)) - second.of(resampled_sums(second.rows))
    estimate = interval_around(value, draws)
    p_value = None
    if first.is_share:
        gained = first.rows[:, 0] - second.rows[:, 0]
        p_value = mcnemar_exact(int((gained > 0).sum()), int((gained < 0).sum()))
    better = estimate if first.more_is_better else Estimate(-estimate.value, -estimate.high, -estimate.low)
    return ScoreDifference(
        name=first.name,
        unit=first.unit,
        more_is_better=first.more_is_better,
        difference=estimate.value,
        low=estimate.low,
        high=estimate.high,
        p_value=p_value,
        n=n,
        verdict=verdict_of(better, p_value, n),
    )
