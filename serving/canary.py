"""When a new version is worse than the old one: shares of failed requests and slow ends of their durations, compared.

Pure: outcomes in, a reason or None out. Enter at `CanaryRule.broken`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from advisor.contracts.base import Contract, PositiveCount
from serving.load import quantile

REMEMBERED = 1000
"""Requests of a version that are remembered for the comparison."""
ERROR_FLOOR_FRACTION = 0.01
"""Share of failures that a version without any is taken to have, or the first failure of the new one would end it."""


@dataclass
class Outcomes:
    """How the last requests of a version ended."""

    durations_s: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Of those that were answered."""
    failed: deque[bool] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def note(self, *, failed: bool, duration_s: float) -> None:
        """One more request; those that the client broke off tell nothing and are not noted."""
        self.failed.append(failed)
        if not failed:
            self.durations_s.append(duration_s)

    @property
    def count(self) -> int:
        """Requests remembered."""
        return len(self.failed)

    @property
    def error_fraction(self) -> float | None:
        """Share that failed; None when there was none."""
        return sum(self.failed) / len(self.failed) if self.failed else None

    @property
    def p95_s(self) -> float | None:
        """Slow end of the durations; None when nothing was answered."""
        return _p95(self.durations_s)


class CanaryRule(Contract):
    """When a new version is taken back by itself."""

    min_requests: PositiveCount = 20
    """Requests of the new version (and, for durations, of the old one) before anything is concluded."""
    error_factor: float = Field(default=2.0, ge=1)
    """Times the old version's share of failed requests, which counts as one in a hundred where it is smaller."""
    latency_factor: float = Field(default=1.5, ge=1)
    """Times the old version's P95 of the time from request to end of answer."""

    def broken(self, *, new: Outcomes, old: Outcomes) -> str | None:
        """Why the new version has to go; None while nothing speaks against it."""
        errors = new.error_fraction
        if new.count < self.min_requests or errors is None:
            return None
        allowed = self.error_factor * max(old.error_fraction or 0.0, ERROR_FLOOR_FRACTION)
        if errors > allowed:
            return f"{errors:.1%} of {new.count} requests failed, more than the {allowed:.1%} allowed"
        return self._slow(new, old)

    def _slow(self, new: Outcomes, old: Outcomes) -> str | None:
        enough = min(len(new.durations_s), len(old.durations_s)) >= self.min_requests
        if not enough or new.p95_s is None or old.p95_s is None:
            return None
        if new.p95_s > self.latency_factor * old.p95_s:
            count = len(new.durations_s)
            return f"P95 {new.p95_s:.3f} s over {count} requests, against {old.p95_s:.3f} s of the old version"
        return None


def _p95(durations_s: Sequence[float]) -> float | None:
    return quantile(list(durations_s), 0.95) if durations_s else None
