"""The guard of reinforcement learning: drifting far, short answers and cut answers are signs of a reward exploited.

Enter at `GuardWatch`. A policy that has found a short cut scores higher and higher with its reward, so the reward
itself cannot tell.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from advisor.contracts.phases import RlGuard

WINDOW_STEPS = 5
"""Limits are held against means of this many steps; the first ones are the measure of length."""
KL, LENGTH, CLIPPED = "kl", "completions/mean_length", "completions/clipped_ratio"


@dataclass(frozen=True)
class Breach:
    """The first limit that was passed."""

    step: int
    text: str


class GuardWatch(TrainerCallback):
    """Compares what the trainer logs with the limits, and ends the training when the plan says so."""

    def __init__(self, guard: RlGuard, rows: list[dict[str, float]]) -> None:
        """Watch a phase.

        Args:
            guard: the limits.
            rows: what was logged before, when the phase is resumed.
        """
        self._guard = guard
        self._first: dict[str, list[float]] = {}
        self._last: dict[str, deque[float]] = {}
        self.breach: Breach | None = None
        for row in rows:
            self._take(row)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Take over the figures of a step."""
        self._take(logs or {})
        text = self._breach()
        if text is not None and self.breach is None:
            self.breach = Breach(state.global_step, text)
        if self.breach is not None and self._guard.on_breach == "stop":
            control.should_training_stop = True
        return control

    def _take(self, row: dict[str, Any]) -> None:
        for name in (KL, LENGTH, CLIPPED):
            if name in row:
                value = float(row[name])
                first = self._first.setdefault(name, [])
                if len(first) < WINDOW_STEPS:
                    first.append(value)
                else:
                    self._last.setdefault(name, deque(maxlen=WINDOW_STEPS)).append(value)

    def _means(self, name: str) -> tuple[float, float] | None:
        """Means of the first and of the last steps, once both are full and apart."""
        last = self._last.get(name, ())
        if len(last) < WINDOW_STEPS:
            return None
        return sum(self._first[name]) / WINDOW_STEPS, sum(last) / WINDOW_STEPS

    def _breach(self) -> str | None:
        guard = self._guard
        kl, length, clipped = self._means(KL), self._means(LENGTH), self._means(CLIPPED)
        if kl and guard.max_kl_nats is not None and kl[1] > guard.max_kl_nats:
            return f"KL {kl[1]:.3g} nats, above max_kl_nats {guard.max_kl_nats:g}"
        if length and guard.min_length_fraction is not None and length[1] < guard.min_length_fraction * length[0]:
            return (
                f"answers of {length[1]:.3g} tokens, below {guard.min_length_fraction:g} (min_length_fraction) of the "
                f"{length[0]:.3g} at first"
            )
        limit = guard.max_clipped_fraction
        if clipped and limit is not None and clipped[1] > max(limit, clipped[0]):
            return f"{clipped[1]:.0%} of answers cut at their limit, above max_clipped_fraction {limit:g}"
        return None
