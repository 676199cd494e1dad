"""The cash flow of an option as it is written into an Assessment.

Enter at `cash_flow`.
"""

import numpy as np

from advisor.contracts.outlook import CashFlow, MonthFlow, YearFlow
from advisor.core.cash import by_year, payments_of
from advisor.core.costing import Demand, Outcome
from advisor.summaries import rounded

WALKED_DRAWS = 1000
"""Draws behind the medians of months and years: they are known to about 4 % of the spread; means are those of all."""


def cash_flow(outcome: Outcome, demand: Demand) -> CashFlow:
    """Mean and median by month and by year."""
    payments = payments_of(outcome, demand, WALKED_DRAWS)
    mean, some = payments.mean(), payments.of_draws()
    median = np.median(np.ascontiguousarray(some.T), axis=1)
    year_mean, year_median = by_year(mean), np.median(np.ascontiguousarray(by_year(some).T), axis=1)
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
