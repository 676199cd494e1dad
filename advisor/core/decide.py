"""From costed options to a ranking, and to what would change it.

Enter at `rank`, `break_even_volumes`, `tornado` and `information_values`. All options share the draws
(common random numbers), so differences are sharp and regret is defined draw by draw.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from advisor.core.order import quantiles_of
from advisor.core.sampling import Design, Input, order_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
EVPPI_BINS = 50


@dataclass(frozen=True)
class Ranking:
    """Order and probabilities; positions refer to the options as they were given."""

    order: tuple[int, ...]
    """Best first; infeasible options last, by mean cost."""
    p_best: Array
    regret: Array
    """Of each draw and option; NaN for infeasible options."""
    p_none: float
    """Share of draws in which no feasible option reaches the quality floor."""
    standard_error: float
    """Largest standard error of a probability at this number of draws."""

    @cached_property
    def expected_regret(self) -> Array:
        """Mean of the regret; NaN for infeasible options."""
        return np.asarray(self.regret.mean(axis=0))

    @cached_property
    def p95_regret(self) -> Array:
        """What the regret exceeds in a twentieth of the draws; NaN for infeasible options."""
        columns = (np.ascontiguousarray(each) for each in self.regret.T)
        return np.array([np.nan if np.isnan(each[0]) else quantiles_of(each, (0.95,))[0] for each in columns])


def loss(cost: Array, meets_quality: Mask, feasible: Mask) -> Array:
    """Cost of choosing an option, its failure included: who misses the quality floor pays for the replacement too.

    L_k = C_k + (1 if k misses the floor) * min over feasible j that reach it of C_j, per draw
    shapes: cost and meets_quality (draws, options), feasible (options,) -> (draws, options).
    source: expected opportunity loss, Raiffa & Schlaifer 1961; the replacement rule is our own.
    validity: the failure is seen after the money is spent; draws in which nobody reaches the floor add nothing.
    """
    fallback = np.where(meets_quality & feasible, cost, np.inf).min(axis=1, keepdims=True)
    fallback = np.where(np.isfinite(fallback), fallback, 0.0)
    return np.asarray(cost + np.where(meets_quality, 0.0, fallback))


def rank(cost: Array, meets_quality: Mask, feasible: Mask) -> Ranking:
    """Rank options by expected regret among the feasible ones.

    regret_k = L_k - min over feasible j of L_j, per draw, L from `loss`;  p_best_k = share of draws in which k is
    the cheapest feasible option that reaches the quality floor in that draw.
    shapes: cost and meets_quality (draws, options), feasible (options,).
    source: minimum expected opportunity loss, Raiffa & Schlaifer 1961.
    validity: risk-neutral; the 95th percentile of the regret is given beside it for the cautious.
    """
    draws, options = cost.shape
    losses = loss(cost, meets_quality, feasible)
    regret = np.full((draws, options), np.nan)
    p_best = np.zeros(options)
    p_none = 1.0
    if feasible.any():
        regret[:, feasible] = losses[:, feasible] - losses[:, feasible].min(axis=1, keepdims=True)
        eligible = np.where(meets_quality & feasible, cost, np.inf)
        winner = eligible.argmin(axis=1)
        decided = np.isfinite(eligible.min(axis=1))
        p_best = np.bincount(winner[decided], minlength=options) / draws
        p_none = float(1.0 - decided.mean())
    mean_loss = losses.mean(axis=0)
    order = sorted(range(options), key=lambda k: (not feasible[k], float(mean_loss[k])))
    return Ranking(
        order=tuple(order),
        p_best=p_best,
        regret=regret,
        p_none=p_none,
        standard_error=float(0.5 / np.sqrt(draws)),
    )


@dataclass(frozen=True)
class Crossing:
    """A volume at which the cheaper of two options changes."""

    value: float
    second_cheaper_above: bool
    is_step: bool
    """True when the difference jumps over zero (capacity comes in whole replicas) instead of passing it."""


def crossings(difference: Callable[[Array], Array], low: float, high: float, points: int = 400) -> list[Crossing]:
    """All sign changes of `difference` (first minus second) on a log grid, each narrowed by bisection.

    units: those of the variable.   source: bracketing and bisection.
    validity: two crossings closer than one grid step (2 % of a decade at the defaults) are missed.
    """
    grid = np.geomspace(low, high, points)
    apart = difference(grid)
    signs = np.sign(apart)
    found = []
    for index in np.flatnonzero(signs[:-1] * signs[1:] < 0):
        left, right = float(grid[index]), float(grid[index + 1])
        for _ in range(4):
            inner = np.geomspace(left, right, 24)
            values = difference(inner)
            flip = int(np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0)[0])
            left, right = float(inner[flip]), float(inner[flip + 1])
        is_step = bool(np.abs(values[flip : flip + 2]).min() > 1e-3 * np.abs(apart[index : index + 2]).max())
        found.append(Crossing(float(np.sqrt(left * right)), bool(signs[index + 1] > 0), is_step))
    return found


def first_crossings(grid: Array, difference: Array) -> tuple[Array, NDArray[np.intp]]:
    """Where each draw's difference changes its sign first on a common grid, and how often it does.

    shapes: grid (points,), difference (points, draws) -> (draws,) twice.   units: those of the grid.
    source: linear interpolation between the neighbours of a sign change; costs are piecewise linear in the volume.
    validity: crossings closer than one grid step count as none; the place is NaN where there is none.
    """
    turns = difference[:-1] * difference[1:] < 0.0
    count = turns.sum(axis=0)
    at = turns.argmax(axis=0)
    draws = np.arange(difference.shape[1])
    left, right = difference[at, draws], difference[at + 1, draws]
    gap = np.where(count > 0, left - right, 1.0)
    place = grid[at] + (grid[at + 1] - grid[at]) * left / gap
    return np.where(count > 0, place, np.nan), count


@dataclass(frozen=True)
class Effect:
    """Change of the cost difference when one input moves to its P5 and to its P95."""

    name: str
    low_effect: float
    high_effect: float

    @property
    def swing(self) -> float:
        """Largest absolute change."""
        return max(abs(self.low_effect), abs(self.high_effect))


def tornado(inputs: Sequence[Input], difference: Array) -> list[Effect]:
    """Effects on (recommended minus runner-up), largest first, from a `one_at_a_time` design's differences.

    shape: difference (2 n + 1,).   source: one-at-a-time sensitivity.   validity: ignores interactions.
    """
    base = float(difference[0])
    effects = [
        Effect(item.name, float(difference[2 * k + 1]) - base, float(difference[2 * k + 2]) - base)
        for k, item in enumerate(inputs)
    ]
    return sorted((effect for effect in effects if effect.swing > 0), key=lambda effect: -effect.swing)


def perfect_information_value(cost: Array) -> float:
    """EVPI: min of mean costs minus mean of the cheapest cost per draw; the ceiling of any study's worth."""
    return float(cost.mean(axis=0).min() - cost.min(axis=1).mean())


def information_values(design: Design, cost: Array, names: Sequence[str], seed: int) -> dict[str, float]:
    """EVPPI: what it is worth to know one input before choosing.

    EVPPI(x) = min_k mean C_k - sum over bins b of x of P(b) min_k mean(C_k | b), less the same for x permuted
    shape: cost (draws, options).   source: Strong & Oakley 2013 (binning on the same draws), arXiv:1507.02513.
    validity: 50 quantile bins bias upwards; the permuted value is subtracted, and nothing falls below zero.
    """
    draws = len(cost)
    shuffled = cost[np.argsort(np.random.default_rng(seed).permutation(draws))]
    starts = -(-np.arange(EVPPI_BINS) * draws // EVPPI_BINS)
    starts = np.unique(starts[starts < draws])
    blind = float(cost.mean(axis=0).min())

    def gain(costs: Array, order: NDArray[np.int64]) -> float:
        sums = _sums(costs.take(order, axis=0), starts)
        return blind - float(sums.min(axis=1).sum()) / draws

    values = {}
    for name in names:
        order = order_of(design, name)
        known = gain(cost, order)
        values[name] = max(0.0, known - max(0.0, gain(shuffled, order))) if known > 0.0 else 0.0
    return values


def _sums(rows: Array, starts: NDArray[np.int64]) -> Array:
    """Sums of the rows of each bin; bins of one size are added up twice as fast."""
    size, rest = divmod(len(rows), len(starts))
    if rest:
        return np.asarray(np.add.reduceat(rows, starts, axis=0))
    return np.asarray(np.einsum("bdk->bk", rows.reshape(len(starts), size, rows.shape[1])))
