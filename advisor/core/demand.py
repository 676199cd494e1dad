"""The demand that all options answer, month by month, and what holds for all of them.

Enter at `demand_of`.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from advisor.core import money
from advisor.core.data_work import kept_per_month
from advisor.core.sampling import Design

Array = NDArray[np.float64]
Shared = TypeVar("Shared")
BLOCK = 1024
"""Points that are worked through at once."""


@dataclass(frozen=True)
class Frame:
    """What holds for all options: horizon and exchange rates into the case's currency."""

    horizon_months: int
    per_usd: float
    per_eur: float


@dataclass(frozen=True)
class Demand:
    """The demand of a design, month by month; shape (points, months)."""

    requests: Array
    discount: Array
    discounted_logs: Array
    """Requests whose logs are kept in a month, weighted with the discount factor of the month, summed."""
    token_price_ratio: Array
    """Price of bought tokens in each month over today's."""
    rental_price_ratio: Array
    """So for rented accelerators."""
    rental_discount: Array
    """What a rented month weighs: its discount factor times the rent of that month over today's."""
    shared: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    """What `once` holds, of the one design that the demand belongs to."""

    @cached_property
    def discounted_requests(self) -> Array:
        """Requests weighted with the discount factor of their month, summed."""
        return np.asarray(np.einsum("pm,pm->p", self.requests, self.discount))

    @cached_property
    def discounted_purchases(self) -> Array:
        """Requests weighted with discount factor and token price of their month, summed."""
        return np.asarray(np.einsum("pm,pm,pm->p", self.requests, self.token_price_ratio, self.discount))

    @cached_property
    def token_requests(self) -> Array:
        """Requests of each month at the token price of the month."""
        return self.requests * self.token_price_ratio

    @cached_property
    def rental_annuity(self) -> Array:
        """Present value of a unit of rent in every month."""
        return np.asarray(self.rental_discount.sum(axis=1))

    @cached_property
    def total_requests(self) -> Array:
        """Requests over the horizon."""
        return np.asarray(self.requests.sum(axis=1))

    @cached_property
    def busiest_requests(self) -> Array:
        """Requests of the busiest month: growth keeps its sign, so it is the first or the last one."""
        return np.maximum(self.requests[:, 0], self.requests[:, -1])

    @cached_property
    def annuity(self) -> Array:
        """Present value of one unit of money in every month."""
        return np.asarray(self.discount.sum(axis=1))

    @cached_property
    def zero(self) -> Array:
        """Nothing, at every point: one array for all lines that do not apply."""
        return np.zeros(len(self.requests))

    def once(self, key: Hashable, made: Callable[[], Shared]) -> Shared:
        """What options have in common on this design, reckoned for the first that asks; `key` names all it reads."""
        if key not in self.shared:
            self.shared[key] = made()
        found: Shared = self.shared[key]
        return found

    def for_another_design(self) -> "Demand":
        """The same demand where other inputs changed: its own sums stay, what options shared does not."""
        other = replace(self, shared={})
        known = {name: value for name, value in vars(self).items() if name not in self.__dataclass_fields__}
        vars(other).update(known)
        return other

    def first(self, points: int) -> "Demand":
        """The demand of the first points, one for all that ask."""
        return self.once(
            ("first", points),
            lambda: Demand(
                requests=self.requests[:points],
                discount=self.discount[:points],
                discounted_logs=self.discounted_logs[:points],
                token_price_ratio=self.token_price_ratio[:points],
                rental_price_ratio=self.rental_price_ratio[:points],
                rental_discount=self.rental_discount[:points],
            ),
        )


class FirstPoints(dict[str, Array]):
    """The first points of a design; an input is cut when it is asked for."""

    def __init__(self, design: Design, points: int) -> None:
        super().__init__()
        self._design, self._points = design, points

    def __missing__(self, name: str) -> Array:
        self[name] = self._design[name][: self._points]
        return self[name]


def demand_of(x: Design, frame: Frame) -> Demand:
    """Monthly demand and discount factors, computed once for all options of a design.

    All months lie in one array: systems hand out one large piece of memory far faster than several.
    """
    months = frame.horizon_months
    paths = np.empty((5, len(x["requests_per_month"]), months))
    requests = money.monthly_demand(x["requests_per_month"], x["growth_per_year_fraction"], months, out=paths[0])
    discount = money.monthly_discount_factors(x["discount_rate_fraction"], months, out=paths[1])
    rental_price = money.price_path(x["rental_price_change_per_year_fraction"], months, out=paths[3])
    return Demand(
        requests=requests,
        discount=discount,
        discounted_logs=_discounted_logs(requests, discount, int(x["log_retention_months"][0])),
        token_price_ratio=money.price_path(x["token_price_change_per_year_fraction"], months, out=paths[2]),
        rental_price_ratio=rental_price,
        rental_discount=np.multiply(discount, rental_price, out=paths[4]),
    )


def _discounted_logs(requests: Array, discount: Array, months: int) -> Array:
    """Logs of each month, discounted and summed; in blocks of points whose months stay in the cache."""
    found = np.empty(len(requests))
    for start in range(0, len(requests), BLOCK):
        rows = slice(start, start + BLOCK)
        kept = kept_per_month(requests[rows], months)
        kept *= discount[rows]
        kept.sum(axis=1, out=found[rows])
    return found
