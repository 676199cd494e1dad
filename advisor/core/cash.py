"""Cash flow of an option: its lines put into the months in which they are paid, undiscounted.

Enter at `payments_of`. Each line is an amount times a profile over the months, so that the discounted payments of
every draw sum to the lines exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import LINES, PAID_LATER
from advisor.core.costing import Demand, Outcome
from advisor.core.units import MONTHS_PER_YEAR

Array = NDArray[np.float64]
BY_USE = ("inference", "electricity")
BY_REQUESTS = ("manual_work", "error_cost")
MEDIAN_DRAWS = 1000
"""Draws behind a median: its standard error is about 4 % of the spread."""


@dataclass(frozen=True)
class Payments:
    """Payments of one option; one-off arrays per draw, recurring ones as amount times profile."""

    start: Array
    """Before the service starts, per draw."""
    end: Array
    """At the end of the horizon, per draw: leaving, less what the hardware still brings."""
    recurring: tuple[tuple[Array, Array], ...]
    """Amount per draw, and profile (draws, months)."""

    def mean(self) -> Array:
        """Mean payment of month 0..H."""
        draws = len(self.start)
        flow = np.concatenate(
            [[self.start.mean()], sum(amount @ profile for amount, profile in self.recurring) / draws]
        )
        flow[-1] += self.end.mean()
        return np.asarray(flow)

    def of_draws(self, draws: int) -> Array:
        """Payments of the first draws, shape (draws, H + 1)."""
        monthly = sum(amount[:draws, None] * profile[:draws] for amount, profile in self.recurring)
        flow = np.concatenate([self.start[:draws, None], np.asarray(monthly)], axis=1)
        flow[:, -1] += self.end[:draws]
        return flow

    def until(self, month: int, discount: Array) -> Array:
        """Discounted payments of the start and the first months, per draw."""
        return self.start + self.between(0, month, discount)

    def between(self, first: int, last: int, discount: Array) -> Array:
        """Discounted recurring payments after month `first` up to month `last`, per draw."""
        window = slice(first, last)
        parts = [
            amount * np.einsum("dm,dm->d", profile[:, window], discount[:, window])
            for amount, profile in self.recurring
        ]
        return np.asarray(sum(parts))


def payments_of(outcome: Outcome, demand: Demand) -> Payments:
    """Lines of an option as payments.

    a = line / sum over m of (w_m f_m),  payment of month m = a w_m
    units: discounted currency -> currency per month.   source: the definition of a present value.
    validity: w is what the line follows (use, requests, or nothing: equal months, storage too); the hardware's price
    is paid at the start, what is left of it comes back with the last month.
    """
    last = demand.discount[:, -1]
    lines = outcome.lines
    start = outcome.hardware_price + sum(
        lines[name] for name, phase in LINES if phase == "one_off" and name not in PAID_LATER
    )
    end = (lines["migration_exit"] - (outcome.hardware_price - lines["hardware"])) / last
    even = np.ones_like(demand.discount)
    steady = [name for name, phase in LINES if phase == "recurring" and name not in BY_USE and name not in BY_REQUESTS]
    groups = ((BY_USE, outcome.monthly_use), (BY_REQUESTS, demand.requests), (tuple(steady), even))
    recurring = []
    for names, profile in groups:
        total = np.asarray(sum(lines[name] for name in names))
        if not total.any():
            continue
        worth = np.einsum("dm,dm->d", profile, demand.discount)
        recurring.append((np.divide(total, worth, out=np.zeros_like(total), where=worth > 0), profile))
    if not recurring:
        recurring.append((np.zeros_like(start), even))
    return Payments(start=np.asarray(start), end=np.asarray(end), recurring=tuple(recurring))


def by_year(flow: Array) -> Array:
    """Payments of month 0..H added up to years along the last axis; month 0 counts to the first year."""
    months = flow.shape[-1] - 1
    starts = np.concatenate([[0], np.arange(MONTHS_PER_YEAR + 1, months + 1, MONTHS_PER_YEAR)])
    return np.asarray(np.add.reduceat(flow, starts.astype(int), axis=-1))
