"""Draws summarised for people and files: quantiles at the digits that a simulation can carry."""

import numpy as np

from advisor.contracts.base import Interval
from advisor.core.sampling import Array, Input


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
    wanted = sorted({*below, *(min(index + 1, len(values) - 1) for index in below)})
    sorted_there = np.partition(values, wanted)
    found = []
    for place, index in zip(places, below, strict=True):
        low, high = float(sorted_there[index]), float(sorted_there[min(index + 1, len(values) - 1)])
        share = place - index
        found.append(low + (high - low) * share if share < 0.5 else high - (high - low) * (1.0 - share))
    return found


def interval(values: Array, digits: int = 4) -> Interval:
    """The draws as an Interval."""
    return Interval(**quantiles(values, digits))


def spread_of(item: Input) -> Interval:
    """An input's P5, P50, P95 as an Interval."""
    return Interval(p5=item.low, p50=item.central, p95=item.high)
