"""Draws of catalogue parameters, the same for every request, and intervals from them.

Enter at `Draws` and `interval`.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.catalog import lookup
from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog, Parameter
from advisor.contracts.errors import UnknownName
from advisor.core.sampling import Input, random_design

Array = NDArray[np.float64]
QUANTILES = (0.05, 0.5, 0.95)


class Draws:
    """Parameters of one catalogue as arrays of draws; a name always gives the same stream."""

    def __init__(self, catalog: Catalog, *, draws: int, seed: int) -> None:
        self._rows: dict[str, Parameter] = {}
        for row in sorted(catalog.parameters, key=lambda row: row.as_of):
            self._rows[row.name] = row
        self.catalog, self.draws, self.seed = catalog, draws, seed
        self._known: dict[str, Array] = {}
        self._families: dict[str, Mapping[str, float]] = {}

    def of(self, name: str) -> Array:
        """Draws of a parameter."""
        if name not in self._known:
            row = self._rows[name] if name in self._rows else lookup.parameter(self.catalog, name)
            self._known[name] = self.spread(name, row.low, row.central, row.high, is_fraction=row.unit == "fraction")
        return self._known[name]

    def spread(self, name: str, low: float, central: float, high: float, *, is_fraction: bool = False) -> Array:
        """Draws of a quantity that is no parameter, by its P5, P50 and P95."""
        item = Input(name, low, central, high, "", "catalogue", "", None, is_fraction)
        return random_design([item], draws=self.draws, seed=self.seed)[name]

    def value(self, name: str) -> float:
        """Central value of a parameter."""
        return self._rows[name].central if name in self._rows else lookup.parameter(self.catalog, name).central

    def row(self, name: str) -> Parameter:
        """The parameter of today."""
        return self._rows[name] if name in self._rows else lookup.parameter(self.catalog, name)

    def knows(self, name: str) -> bool:
        """True where the catalogue has the parameter."""
        return name in self._rows

    def family(self, prefix: str) -> Mapping[str, float]:
        """Central values of all parameters whose name begins so, by the rest of their names."""
        if prefix not in self._families:
            self._families[prefix] = {
                name.removeprefix(prefix): row.central for name, row in self._rows.items() if name.startswith(prefix)
            }
        return self._families[prefix]

    def of_class(self, name: str, mfu_class: str) -> str:
        """Name of the row of a class, or of parts without a class of their own."""
        own = f"{name}.{mfu_class}"
        if own in self._rows:
            return own
        if f"{name}.unlisted" not in self._rows:
            raise UnknownName("parameter", own, self._rows)
        return f"{name}.unlisted"


class Held:
    """A catalogue that a cache can hold: two holders of one catalogue are equal."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def __hash__(self) -> int:
        return id(self.catalog)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.catalog is self.catalog


@lru_cache(maxsize=4)
def _shared(holder: Held, draws: int, seed: int) -> Draws:
    return Draws(holder.catalog, draws=draws, seed=seed)


def draws_of(catalog: Catalog, *, draws: int, seed: int) -> Draws:
    """The draws of a catalogue, made once for the same number and seed."""
    return _shared(Held(catalog), draws, seed)


def interval(central: float, spread: ArrayLike) -> Interval:
    """P5, P50, P95 of `central` times relative draws; the median of the draws is taken out, so P50 is `central`."""
    low, middle, high = np.quantile(np.asarray(spread, np.float64), QUANTILES)
    return Interval(p5=central * float(low / middle), p50=central, p95=central * float(high / middle))


def evaluated(formula: Callable[[Callable[[str], ArrayLike]], Array], draws: Draws) -> tuple[float, Array]:
    """A formula of named parameters at their central values, and at all draws."""
    return float(formula(draws.value)), np.asarray(formula(draws.of), np.float64)
