"""Cash flow of an option: its lines put into the months in which they are paid, undiscounted.

Enter at `payments_of`. Each line is an amount times a profile over the months, so that the discounted payments of
every draw sum to the lines exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import LINES
from advisor.core.costing import Outcome
from advisor.core.demand import Demand
from advisor.core.units import MONTHS_PER_YEAR

Array = NDArray[np.float64]
BY_USE = ("inference", "electricity")
BY_REQUESTS = ("manual_work", "error_cost")
MONTHLY_DRAWS = 2000
"""Draws that a staged path is reckoned on; a median of them is known to about 3 % of the spread."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Payments that follow one profile."""

    amount: Array
    """Per draw."""
    profile: Array
    """(draws, months), or (1, months) where all draws share it."""
    ratio: float
    """Mean present value over all draws, by that over these."""

    def mean(self) -> Array:
        """Mean payment of each month."""
        if len(self.profile) == 1:
            return np.asarray(self.amount.mean() * self.profile[0] * self.ratio)
        return np.asarray(self.amount @ self.profile / len(self.amount) * self.ratio)


@dataclass(frozen=True, kw_only=True)
class Payments:
    """Payments of one option on some draws, and the means over all draws."""

    start: Array
    """Before the service starts, per draw."""
    end: Array
    """At the end of the horizon, per draw: leaving, less what the hardware still brings."""
    streams: tuple[Stream, ...]
    start_mean: float
    """Over all draws."""
    end_mean: float

    def mean(self) -> Array:
        """Mean payment of month 0..H over all draws."""
        flow = np.concatenate([[self.start_mean], sum(stream.mean() for stream in self.streams)])
        flow[-1] += self.end_mean
        return np.asarray(flow)

    def of_draws(self) -> Array:
        """Payments of each draw, shape (draws, H + 1)."""
        first, *others = self.streams
        flow = np.empty((len(self.start), first.profile.shape[1] + 1))
        flow[:, 0] = self.start
        monthly = flow[:, 1:]
        np.multiply(first.amount[:, None], first.profile, out=monthly)
        for stream in others:
            monthly += stream.amount[:, None] * stream.profile
        flow[:, -1] += self.end
        return flow

    def until(self, month: int, discount: Array) -> Array:
        """Discounted payments of the start and the first months, per draw."""
        return self.start + self.between(0, month, discount)

    def between(self, first: int, last: int, discount: Array) -> Array:
        """Discounted recurring payments after month `first` up to month `last`, per draw."""
        months = slice(first, last)
        return np.asarray(
            sum(each.amount * (each.profile[:, months] * discount[:, months]).sum(axis=1) for each in self.streams)
        )


def payments_of(outcome: Outcome, demand: Demand, draws: int | None = None) -> Payments:
    """Lines of an option as payments, on the first draws or on all.

    a = line / sum over m of (w_m f_m),  payment of month m = a w_m
    units: discounted currency -> currency per month.   source: the definition of a present value.
    validity: w is what the line follows (use, requests, or nothing: equal months, storage too); the hardware's price
    is paid at the start, what is left of it comes back with the last month.
    """
    points = min(draws or len(demand.discount), len(demand.discount))
    some = demand.first(points)
    lines = outcome.lines
    start = outcome.upfront
    end = (lines["migration_exit"] - (outcome.hardware_price - lines["hardware"])) / demand.discount[:, -1]
    steady = [name for name, phase in LINES if phase == "recurring" and name not in BY_USE and name not in BY_REQUESTS]
    even = some.once("even months", lambda: np.ones((1, demand.discount.shape[1])))
    streams = [_stream(outcome, some, steady, even)]
    if any(lines[name].any() for name in BY_REQUESTS):
        streams.append(_stream(outcome, some, BY_REQUESTS, some.requests))
    if any(lines[name].any() for name in BY_USE):
        streams.append(_stream(outcome, some, BY_USE, outcome.monthly_use(points)))
    return Payments(
        start=start[:points],
        end=end[:points],
        streams=tuple(streams),
        start_mean=float(start.mean()),
        end_mean=float(end.mean()),
    )


def _stream(outcome: Outcome, some: Demand, names: Sequence[str], profile: Array) -> Stream:
    """Lines that follow one profile; its present value is found once for all options that share it."""
    total = np.asarray(sum(outcome.lines[name] for name in names))
    part = total[: len(some.discount)]
    key = ("worth", id(profile))
    _, worth = some.once(key, lambda: (profile, np.asarray((profile * some.discount).sum(axis=1))))
    amount = np.divide(part, worth, out=np.zeros_like(part), where=worth > 0)
    mean = float(part.mean())
    return Stream(amount=amount, profile=profile, ratio=float(total.mean()) / mean if mean > 0 else 1.0)


def by_year(flow: Array) -> Array:
    """Payments of month 0..H added up to years along the last axis; month 0 counts to the first year."""
    months = flow.shape[-1] - 1
    starts = np.concatenate([[0], np.arange(MONTHS_PER_YEAR + 1, months + 1, MONTHS_PER_YEAR)])
    return np.asarray(np.add.reduceat(flow, starts.astype(int), axis=-1))
