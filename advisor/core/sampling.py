"""Uncertain inputs and the points at which the options are evaluated.

An `Input` is a named quantity with P5, P50 and P95. A `Design` holds one array per input name; all options
are evaluated on the same design (common random numbers). Enter at `random_design`, `central_design`,
`one_at_a_time` and `with_values`. Each input has its own random stream keyed by its name, so adding an input
or an option changes no other draw.
"""

import zlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.order import median_of

Array = NDArray[np.float64]
Design = dict[str, Array]
Origin = Literal["measured", "given", "catalogue", "assumed"]

Z95 = NormalDist().inv_cdf(0.95)
"""P95 of the standard normal, 1.645."""


@dataclass(frozen=True)
class Input:
    """One quantity the answer depends on, with its spread and where it comes from."""

    name: str
    low: float
    central: float
    high: float
    unit: str
    origin: Origin
    source: str
    as_of: str | None = None
    is_fraction: bool = False
    """Draws are kept inside 0..1."""

    def __post_init__(self) -> None:
        if not self.low <= self.central <= self.high:
            raise ValueError(f"{self.name}: low <= central <= high, got {self.low}/{self.central}/{self.high}")

    @property
    def is_certain(self) -> bool:
        """True when low and high coincide."""
        return self.low == self.high


def quantile(item: Input, z: ArrayLike) -> Array:
    """Value of an input at a standard normal score.

    t(x) = t(central) + (t(high) - t(central)) z/z95 above the median, (t(central) - t(low)) z/z95 below it, with
    t = ln for positive amounts, logit for fractions inside 0..1, else the plain scale, clipped at its bounds.
    units: those of the input.   source: two-piece normal, Wallis 2014; the three quantiles are met exactly.
    validity: unimodal quantities; where it clips, the cut mass sits on the bound.
    """
    score = np.asarray(z, np.float64)
    points = np.array([item.low, item.central, item.high])
    if item.is_fraction:
        if item.low > 0 and item.high < 1:
            bent = np.log(points / (1 - points))
            return np.asarray(1.0 / (1.0 + np.exp(-_two_piece(bent, score))))
        return np.clip(_two_piece(points, score), 0.0, 1.0)
    if item.low > 0:
        return np.exp(_two_piece(np.log(points), score))
    return np.maximum(_two_piece(points, score), 0.0 if item.low >= 0 else -np.inf)


def _two_piece(points: Array, score: Array) -> Array:
    low, central, high = points
    steps = np.maximum(score, 0.0) * (high - central) + np.minimum(score, 0.0) * (central - low)
    return np.asarray(central + steps / Z95)


def random_design(inputs: Sequence[Input], *, draws: int, seed: int) -> Design:
    """Draw every input `draws` times; the stream of an input depends on seed and name alone.

    An input is drawn when it is first asked for: most of a catalogue's inputs belong to options that are not kept.
    """
    return _Drawn(inputs, draws, seed)


class _Drawn(dict[str, Array]):
    """A design that draws on demand; it contains every input, and holds those that were asked for."""

    def __init__(self, inputs: Sequence[Input], draws: int, seed: int) -> None:
        super().__init__()
        self._inputs, self._draws, self._seed = {item.name: item for item in inputs}, draws, seed
        self.figures: dict[Hashable, float] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._inputs or super().__contains__(name)

    def __missing__(self, name: str) -> Array:
        item = self._inputs[name]
        if item.is_certain:
            self[name] = np.full(self._draws, quantile(item, 0.0))
            return self[name]
        self[name] = quantile(item, _scores(self._seed, name, self._draws))
        return self[name]

    def order(self, name: str) -> NDArray[np.int64]:
        """Positions of an input's draws from the lowest to the highest: that of its scores, whatever its quantiles."""
        return _order(self._seed, name, self._draws)


def figure_of(design: Design, key: Hashable, made: Callable[[], float]) -> float:
    """A figure of a design's inputs alone, as a median is: every option asks for it, so it is held where draws are."""
    if not isinstance(design, _Drawn):
        return made()
    if key not in design.figures:
        design.figures[key] = made()
    return design.figures[key]


def median_in(design: Design, name: str) -> float:
    """Median of an input in a design."""
    return figure_of(design, ("median", name), lambda: median_of(design[name]))


def order_of(design: Design, name: str) -> NDArray[np.int64]:
    """Positions of an input's values in a design, from the lowest to the highest."""
    if isinstance(design, _Drawn):
        return design.order(name)
    return np.argsort(design[name], kind="stable")


@lru_cache(maxsize=512)
def _scores(seed: int, name: str, draws: int) -> Array:
    """Standard normal scores of an input, kept: assessments with one seed share them."""
    found = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(draws)
    found.flags.writeable = False
    return found


@lru_cache(maxsize=256)
def _order(seed: int, name: str, draws: int) -> NDArray[np.int64]:
    scores = _scores(seed, name, draws)
    found = np.argsort(scores)
    ordered = scores[found]
    if bool((ordered[1:] == ordered[:-1]).any()):
        found = np.argsort(scores, kind="stable")  # twice as slow; the same order wherever no two scores are equal
    found.flags.writeable = False
    return found


def central_design(inputs: Sequence[Input], points: int = 1) -> Design:
    """Every input at its central value, `points` times; the rows of one array."""
    rows = np.repeat(np.array([item.central for item in inputs]), points).reshape(len(inputs), points)
    return dict(zip((item.name for item in inputs), rows, strict=True))


def one_at_a_time(inputs: Sequence[Input]) -> Design:
    """2 n + 1 points: all central, then each input at its P5 and at its P95 with the others central."""
    design = central_design(inputs, 2 * len(inputs) + 1)
    for index, item in enumerate(inputs):
        design[item.name][2 * index + 1] = item.low
        design[item.name][2 * index + 2] = item.high
    return design


def with_values(inputs: Sequence[Input], name: str, values: ArrayLike) -> Design:
    """All inputs central but `name`, which runs through `values`."""
    grid = np.asarray(values, np.float64)
    return {**central_design(inputs, len(grid)), name: grid}


def overridden(inputs: Sequence[Input], changes: Mapping[str, Input]) -> list[Input]:
    """The inputs with those replaced that `changes` names; names that are new are appended."""
    known = {item.name for item in inputs}
    kept = [changes.get(item.name, item) for item in inputs]
    return kept + [item for name, item in changes.items() if name not in known]
