"""Order statistics without sorting everything: quantiles and medians of draws, by numpy's definition.

Enter at `quantiles_of` and `median_of`. An assessment asks for thousands of them.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SAMPLED = 500
"""Values that guess where a quantile lies."""
ERRORS = 2.5
"""Standard errors of the guess, either way, between which it lies nearly always."""


def quantiles_of(values: Array, shares: Sequence[float]) -> list[float]:
    """Quantiles by linear interpolation of the order statistics.

    x_q = x_(i) + (x_(i+1) - x_(i)) (q (n - 1) - i),  i = floor(q (n - 1))
    units: those of the values.   source: Hyndman & Fan 1996, type 7, as `numpy.quantile`.   validity: no NaN.
    """
    first = float(values[0])
    if first == values[-1] and bool((values == first).all()):
        return [first] * len(shares)
    guess = np.sort(values[:: max(1, len(values) // SAMPLED)])
    found = []
    for share in shares:
        place = share * (len(values) - 1)
        index = int(place)
        low, high = _neighbours(values, index, guess)
        rest = place - index
        found.append(low + (high - low) * rest if rest < 0.5 else high - (high - low) * (1.0 - rest))
    return found


def median_of(values: Array) -> float:
    """The middle value, or the mean of the two middle ones, as `numpy.median`."""
    first = float(values[0])
    if first == values[-1] and bool((values == first).all()):
        return first
    last, even = len(values) // 2, len(values) % 2 == 0
    if len(values) > SAMPLED:
        low, high = _neighbours(values, last - 1 if even else last, np.sort(values[:: len(values) // SAMPLED]))
        return (low + high) / 2.0 if even else low
    low, high = _two(values, last - 1 if even else last, last)
    return (low + high) / 2.0


def _neighbours(values: Array, index: int, guess: Array) -> tuple[float, float]:
    """The order statistics `index` and `index + 1`, sorted among the values near them; a sample says what is near."""
    size, after = len(guess), min(index + 1, len(values) - 1)
    middle = index * size // len(values)
    margin = 2 + int(ERRORS * math.sqrt(middle * (size - middle) / size))
    near, before = values, 0
    if margin <= middle < size - margin:
        below = values < guess[middle - margin]
        before = int(np.count_nonzero(below))
        near = values.compress(below ^ (values <= guess[middle + margin]))
    if not before <= index <= after < before + len(near):
        near, before = values, 0
    return _two(near, index - before, after - before)


def _two(values: Array, index: int, after: int) -> tuple[float, float]:
    """The order statistics `index` and `after`, the same or the next one; one place is found faster than two."""
    part = np.partition(values, after)
    high = float(part[after])
    return (float(part[:after].max()) if index < after else high), high
