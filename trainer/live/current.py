"""The phase that runs now: its steps, its rate, and what the meter last said of it.

Enter at `Current`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from advisor.contracts.runs import EnergyReport, PhaseName
from trainer.energy import Window
from trainer.live.pace import Pace
from trainer.manifest import Stretch

POWER_OVER_S = 1.0
"""Counters step each second or faster; over less, a power is noise."""


@dataclass
class Current:
    """A phase in progress."""

    name: PhaseName
    window: Window
    begun_s: float
    earlier: Sequence[Stretch] = ()
    """Of the phase, by processes that did not finish it."""
    pace: Pace = field(default_factory=Pace)
    step: int | None = None
    total_steps: int | None = None
    tokens: int = 0
    flop_per_token: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    energy: EnergyReport | None = None
    """As last asked of the meter."""
    power_w: float | None = None
    _asked: tuple[float, float] | None = None
    """When the meter was asked, and the joules that it said."""

    def duration_s(self, now_s: float) -> float:
        """Over all attempts."""
        return now_s - self.begun_s + sum(stretch.duration_s for stretch in self.earlier)

    def remaining_s(self, now_s: float) -> float | None:
        """Of the phase, at the present rate; None before two steps are done."""
        step_s = self.pace.step_s(now_s)
        if step_s is None or self.step is None or self.total_steps is None:
            return None
        return max(0, self.total_steps - self.step) * step_s

    def flop_per_s(self, now_s: float) -> float | None:
        """Model FLOP a second over the last steps."""
        speed = self.pace.tokens_per_s(now_s)
        return None if speed is None or self.flop_per_token is None else speed * self.flop_per_token

    def take(self, now_s: float, energy: EnergyReport) -> None:
        """Note what the meter says now; the power is that since it was last asked."""
        self.energy = energy
        if energy.energy_j is None:
            return
        if self._asked is None:
            self.power_w, self._asked = energy.mean_power_w, (now_s, energy.energy_j)
        elif now_s - self._asked[0] >= POWER_OVER_S:
            self.power_w = max(0.0, (energy.energy_j - self._asked[1]) / (now_s - self._asked[0]))
            self._asked = (now_s, energy.energy_j)
