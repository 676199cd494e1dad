"""The cash flow of an option as it is written into an Assessment.

Enter at `cash_flow`.
"""

import numpy as np

from advisor.contracts.outlook import CashFlow
from advisor.core.cash import by_year, payments_of
from advisor.core.costing import Outcome
from advisor.core.demand import Demand
from advisor.core.sampling import Array
from advisor.summaries import rounded

MONTH_DRAWS = 1000
"""Draws behind the medians of months and years, known to about 4 % of the spread; means are those of all draws."""


def cash_flow(outcome: Outcome, demand: Demand) -> CashFlow:
    """Mean and median by month and by year."""
    payments = payments_of(outcome, demand, MONTH_DRAWS)
    mean, some = payments.mean(), payments.of_draws()
    median = _medians(some)
    year_mean, year_median = by_year(mean), _medians(by_year(some))
    # All rows checked in one go: one by one they would take longer than their medians.
    return CashFlow.model_validate(
        {"months": _rows("month", 0, mean, median), "years": _rows("year", 1, year_mean, year_median)}
    )


def _rows(name: str, first: int, means: Array, medians: Array) -> list[dict[str, float]]:
    return [
        {name: number, "mean": rounded(mean), "p50": rounded(median)}
        for number, (mean, median) in enumerate(zip(means.tolist(), medians.tolist(), strict=True), first)
    ]


def _medians(flow: Array) -> Array:
    """Median of each column; a row at a time is read in one go."""
    last, even = len(flow) // 2, len(flow) % 2 == 0
    part = np.partition(np.ascontiguousarray(flow.T), last, axis=1)
    return np.asarray((part[:, :last].max(axis=1) + part[:, last]) / 2.0 if even else part[:, last])
