"""The cash flow of an option as it is written into an Assessment.

Enter at `cash_flow`.
"""

import numpy as np

from advisor.contracts.outlook import CashFlow, MonthFlow, YearFlow
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
    return CashFlow(
        months=tuple(
            MonthFlow(month=month, mean=rounded(float(mean[month])), p50=rounded(float(median[month])))
            for month in range(len(mean))
        ),
        years=tuple(
            YearFlow(year=year, mean=rounded(float(value)), p50=rounded(float(year_median[year - 1])))
            for year, value in enumerate(year_mean, 1)
        ),
    )


def _medians(flow: Array) -> Array:
    """Median of each column; a row at a time is read in one go."""
    last, even = len(flow) // 2, len(flow) % 2 == 0
    part = np.partition(np.ascontiguousarray(flow.T), last, axis=1)
    return np.asarray((part[:, :last].max(axis=1) + part[:, last]) / 2.0 if even else part[:, last])
