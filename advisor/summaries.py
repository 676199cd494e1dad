"""Draws summarised for people and files: quantiles at the digits that a simulation can carry."""

import numpy as np

from advisor.contracts.base import Interval
from advisor.core.sampling import Array, Input

SAMPLED = 500
"""Values that guess where a quantile lies."""
MARGIN = 24
"""Places of the sample, either way, between which it lies nearly always."""


def rounded(value: float, digits: int = 4) -> float:
    """Value at `digits` significant digits; ten thousand draws carry no more."""
    return float(f"{value:.{digits}g}")


def quantiles(values: Array, digits: int = 4) -> dict[str, float]:
    """P5, P50, P95 and mean of the draws."""
    first = float(values[0])
    if first == values[-1] and (values == first).all():
        return dict.fromkeys(("p5", "p50", "p95", "mean"), rounded(first, digits))
    p5, p50, p95 = (rounded(value, digits) for value in _three(values))
    return {"p5": p5, "p50": p50, "p95": p95, "mean": rounded(float(values.mean()), digits)}


def _three(values: Array) -> list[float]:
    """P5, P50 and P95 by linear interpolation of the order statistics, as `numpy.quantile` does it."""
    places = [share * (len(values) - 1) for share in (0.05, 0.5, 0.95)]
    below = [int(place) for place in places]
    found = []
    guess = np.sort(values[:: max(1, len(values) // SAMPLED)])
    for place, index in zip(places, below, strict=True):
        low, high = _neighbours(values, index, guess)
        share = place - index
        found.append(low + (high - low) * share if share < 0.5 else high - (high - low) * (1.0 - share))
    return found


def _neighbours(values: Array, index: int, guess: Array) -> tuple[float, float]:
    """The order statistics `index` and `index + 1`, sorted among the values near them; a sample says what is near."""
    after = min(index + 1, len(values) - 1)
    middle = index * len(guess) // len(values)
    low, high = guess[max(0, middle - MARGIN)], guess[min(len(guess) - 1, middle + MARGIN)]
    before = int(np.count_nonzero(values < low))
    near = values[(values >= low) & (values <= high)]
    if not before <= index <= after < before + len(near):
        part = np.partition(values, [index, after])
        return float(part[index]), float(part[after])
    near.sort()
    return float(near[index - before]), float(near[after - before])


def interval(values: Array, digits: int = 4) -> Interval:
    """The draws as an Interval."""
    return Interval(**quantiles(values, digits))


def spread_of(item: Input) -> Interval:
    """An input's P5, P50, P95 as an Interval."""
    return Interval(p5=item.low, p50=item.central, p95=item.high)
