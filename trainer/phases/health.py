"""Is the training still sound? A loss that is no number or runs away stops it, before a checkpoint is written over.

Enter at `LossWatch`.
"""

import functools
import math
from statistics import median
from typing import Any

import torch

STEADY = ("pretrain", "sft", "reward", "dpo")
"""Phases whose loss falls; in reinforcement learning it wanders around zero and says little."""
MIN_HISTORY = 5


class LossWatch:
    """Sees every loss of a training loop, and says what is wrong with it."""

    def __init__(self, phase: str, max_ratio: float | None, history: list[float]) -> None:
        """Watch a phase.

        Args:
            phase: its name.
            max_ratio: how many times the median before it a loss may be; None: any number may.
            history: losses logged before, in order.
        """
        self._max_ratio = max_ratio if phase in STEADY else None
        self._history = list(history)
        self._fresh: list[torch.Tensor] = []

    def attach(self, trainer: Any) -> None:
        """See what the trainer's `compute_loss` returns; transformers hands no loss to its callbacks."""
        original = trainer.compute_loss

        @functools.wraps(original)
        def seen(model: torch.nn.Module, *arguments: Any, **named: Any) -> Any:
            result = original(model, *arguments, **named)
            if model.training:
                self._fresh.append((result[0] if isinstance(result, tuple) else result).detach())
            return result

        trainer.compute_loss = seen

    def trouble(self) -> str | None:
        """What is wrong with the losses since the last call; None when nothing is."""
        if not self._fresh:
            return None
        # Together, so that a GPU is waited for once.
        values = torch.stack([loss.float().mean() for loss in self._fresh]).tolist()
        self._fresh = []
        bad = next((value for value in values if not math.isfinite(value)), None)
        if bad is not None:
            return f"the loss is {bad}"
        mean = sum(values) / len(values)
        usual = median(self._history) if len(self._history) >= MIN_HISTORY else None
        first = self._history[0] if self._history else None
        self._history.append(mean)
        if self._max_ratio is None or usual is None or first is None:
            return None
        if mean > max(first, self._max_ratio * usual):
            return (
                f"the loss has run away: {mean:.3g}, {mean / usual:.1f} times the median of {usual:.3g} before "
                f"(max_loss_ratio {self._max_ratio:g})"
            )
        return None
