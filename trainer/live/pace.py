"""How fast a training loop goes now, and how fast its accelerator could: tokens, FLOP and share of the peak.

Enter at `Pace` and `peak_of`.
"""

from collections import deque
from dataclasses import dataclass, field

from trainer.measure.facts import part_of

RECENT_S = 60.0
"""A rate is that of the steps of the last minute, but of two steps at least."""


@dataclass
class Pace:
    """The last steps of a loop; the first step it hears of is where it starts to count."""

    recent: deque[tuple[float, int, int]] = field(default_factory=deque)
    """Moment, steps and tokens so far."""

    def advance(self, now_s: float, step: int, tokens: int) -> None:
        """Note that a step is done."""
        self.recent.append((now_s, step, tokens))
        while len(self.recent) > 2 and now_s - self.recent[1][0] > RECENT_S:
            self.recent.popleft()

    def step_s(self, now_s: float) -> float | None:
        """Seconds a step; a step that takes longer than those before it counts while it lasts."""
        steps = self._passed(1)
        if not steps:
            return None
        first_s, last_s = self.recent[0][0], self.recent[-1][0]
        mean_s = (last_s - first_s) / steps
        standing_s = now_s - last_s
        return mean_s if standing_s <= mean_s else (now_s - first_s) / (steps + 1)

    def tokens_per_s(self, now_s: float) -> float | None:
        """Tokens a second over the same steps."""
        step_s, steps, tokens = self.step_s(now_s), self._passed(1), self._passed(2)
        return tokens / steps / step_s if step_s and steps and tokens else None

    def _passed(self, column: int) -> int:
        return self.recent[-1][column] - self.recent[0][column] if len(self.recent) > 1 else 0


@dataclass(frozen=True)
class Peak:
    """The accelerator's 16-bit matrix rate; None with the reason where it is not known."""

    flop_per_s: float | None
    reason: str = ""


def peak_of(device_name: str | None, memory_bytes: float | None, planned: str | None) -> Peak:
    """The peak of the device that really runs, by the name that its driver gives.

    Args:
        device_name: None on a processor.
        memory_bytes: of the device.
        planned: the plan's accelerator, whose peak is not taken: another device would be judged by it.
    """
    if device_name is None:
        return Peak(None, "no accelerator: FLOP a second instead")
    part = part_of(device_name, memory_bytes or 0.0)
    if part is None:
        return Peak(None, f"data/accelerators.yml does not know {device_name!r}: FLOP a second instead")
    other = "" if planned in (None, part.id) else f"the plan assumes {planned}, this is {part.id}"
    return Peak(part.peak_flop_per_s, other)
