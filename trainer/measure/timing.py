"""Time: how much of it a probe may take, and the middle and spread of its repeats.

Enter at `Budget`, `repeated` and `spread_fraction`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

FEWEST_FOR_SPREAD = 4


@dataclass(frozen=True)
class Budget:
    """The time that the whole measurement may take."""

    end_s: float
    clock: Callable[[], float] = time.monotonic

    @property
    def left_s(self) -> float:
        """Seconds to the end, never negative."""
        return max(0.0, self.end_s - self.clock())

    def share(self, fraction: float) -> float:
        """Part of what is left, seconds."""
        return fraction * self.left_s


@dataclass(frozen=True)
class Repeats:
    """Durations of one action done again and again."""

    times_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The middle one."""
        return median(self.times_s)

    @property
    def spread_fraction(self) -> float | None:
        """Distance of the quartiles over the median; None when there are too few."""
        return spread_fraction(self.times_s)


def repeated(
    action: Callable[[], None],
    *,
    synchronize: Callable[[], None],
    share_s: float,
    clock: Callable[[], float] = time.monotonic,
    least: int = 3,
    most: int = 100,
    advance: Callable[[float], None] = lambda _: None,
) -> Repeats:
    """Warm up once, then repeat until the share of time is used, `least` times at any rate.

    Args:
        action: what to time.
        synchronize: waits until the device has done what it was given; called around each repeat.
        share_s: time for all repeats together.
        clock: monotonic.
        least: repeats even when the share is used up.
        most: repeats even when it is not.
        advance: told the seconds so far after each repeat.
    """
    action()
    synchronize()
    begun_s = clock()
    times: list[float] = []
    while len(times) < most and (len(times) < least or clock() - begun_s < share_s):
        start_s = clock()
        action()
        synchronize()
        times.append(clock() - start_s)
        advance(clock() - begun_s)
    return Repeats(tuple(times))


def spread_fraction(values: tuple[float, ...] | list[float]) -> float | None:
    """Distance of the quartiles over the median; None for fewer than four values."""
    if len(values) < FEWEST_FOR_SPREAD:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / middle
