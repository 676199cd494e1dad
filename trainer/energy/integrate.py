"""From readings to joules: one `Tally` per device and window, fed reading by reading, in constant memory.

The energy counter is taken segment by segment. A segment whose step cannot be true (negative, or above what
the device can draw) is void and filled from the power readings by the trapezoid rule, and so is the rest of a
window in which the counter no longer moves. A device without a counter is integrated from power alone. What
neither covers stays uncovered. Equal consecutive readings count like any others: constant power is energy too.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from trainer.energy.source import Device

MAX_POWER_GAP_S = 2.0
"""Power is not interpolated over longer gaps; own choice, twenty polls."""
FROZEN_S = 0.5
"""Counters step each 20 to 100 ms, so a powered device that adds nothing for this long is not counting."""
LIMIT_MARGIN = 1.2
EDGE_S = 0.2
"""Two update periods of a slow counter: a step may hold that much more than its segment."""
FALLBACK_LIMIT_W = 5000.0
"""Guess for a device that states no limit; above any accelerator sold as of 2026."""
DISAGREEMENT_FRACTION = 0.15

Method = Literal["counter", "counter_repaired", "power", "none"]


@dataclass
class Tally:
    """Energy of one device over one window, as far as it was read."""

    device: Device
    flags: set[str] = field(default_factory=set)
    errors: Counter[str] = field(default_factory=Counter)
    """Failed readings by the name of the fault."""
    samples: int = 0
    _closed: bool = False
    _voided: bool = False
    _counter: tuple[float, int] | None = None
    _standing_s: float = 0.0
    _power: tuple[float, float] | None = None
    _counter_j: float = 0.0
    _counter_s: float = 0.0
    _filled_j: float = 0.0
    _filled_s: float = 0.0
    _pending_j: float = 0.0
    _pending_s: float = 0.0
    _power_j: float = 0.0
    _power_s: float = 0.0
    _check_counter_j: float = 0.0
    _check_power_j: float = 0.0

    def note_fault(self, name: str) -> None:
        """Count a reading that failed."""
        self.errors[name] += 1
        self.flags.add(name)

    def add_power(self, time_s: float, power_mw: int) -> None:
        """Take a power reading; call it before `add_counter` of the same moment."""
        power_w = power_mw / 1000
        if power_w <= 0 or self._closed:
            return  # drivers answer 0 when polled too fast; a powered device never draws nothing
        if power_w > LIMIT_MARGIN * self._limit_w:
            self.flags.add("power_implausible")
            return
        self.samples += 1
        if self._power is not None:
            before_s, before_w = self._power
            span_s = time_s - before_s
            if span_s <= MAX_POWER_GAP_S:
                energy_j = (before_w + power_w) / 2 * span_s
                self._power_j += energy_j
                self._power_s += span_s
                self._pending_j += energy_j
                self._pending_s += span_s
        self._power = (time_s, power_w)

    def add_counter(self, time_s: float, counter_mj: int) -> None:
        """Take a counter reading and settle the segment that it ends."""
        if self._closed:
            return
        self.samples += 1
        before = self._counter
        if before is not None and counter_mj == before[1]:
            self._standing_s = time_s - before[0]  # settled when the counter moves again, or at the end
            return
        self._counter, self._standing_s = (time_s, counter_mj), 0.0
        if before is None:
            self._fill()
            return
        span_s, step_j = time_s - before[0], (counter_mj - before[1]) / 1000
        flaw = self._flaw(step_j, span_s)
        if flaw is not None:
            self.flags.add(flaw)
            self._voided = True
            self._fill()
            return
        self._counter_j += step_j
        self._counter_s += span_s
        if self._pending_s > 0.9 * span_s:
            self._check_counter_j += step_j
            self._check_power_j += self._pending_j
        self._pending_j = self._pending_s = 0.0

    def finish(self) -> None:
        """Settle what follows the last step of the counter, compare counter with power, and take no more."""
        self._closed = True
        if self._standing_s >= FROZEN_S:
            self.flags.add("counter_frozen")
        elif self._standing_s > 0:
            self._counter_s += self._standing_s
            self._pending_j = self._pending_s = 0.0
        self._fill()
        if self._check_power_j > 0:
            apart = abs(self._check_counter_j - self._check_power_j) / self._check_power_j
            if apart > DISAGREEMENT_FRACTION:
                self.flags.add("counter_and_power_disagree")

    @property
    def method(self) -> Method:
        """How the energy was come by."""
        if self._counter_s > 0:
            return "counter_repaired" if self._filled_s > 0 or self._voided else "counter"
        return "power" if self._power_s > 0 else "none"

    @property
    def energy_j(self) -> float:
        """Joules within `covered_s`; means nothing when `method` is `none`."""
        return self._counter_j + self._filled_j if self._counter_s > 0 else self._power_j

    @property
    def covered_s(self) -> float:
        """Seconds that readings account for."""
        return self._counter_s + self._filled_s if self._counter_s > 0 else self._power_s

    @property
    def counter_energy_j(self) -> float | None:
        """By the counter's plausible segments alone."""
        return self._counter_j if self._counter_s > 0 else None

    @property
    def power_energy_j(self) -> float | None:
        """By the power readings alone."""
        return self._power_j if self._power_s > 0 else None

    @property
    def _limit_w(self) -> float:
        return self.device.power_limit_w or FALLBACK_LIMIT_W

    def _flaw(self, step_j: float, span_s: float) -> str | None:
        if step_j < 0:
            return "counter_reset"
        if step_j > LIMIT_MARGIN * self._limit_w * (span_s + EDGE_S):
            return "counter_jump"
        return None

    def _fill(self) -> None:
        self._filled_j += self._pending_j
        self._filled_s += self._pending_s
        self._pending_j = self._pending_s = 0.0
