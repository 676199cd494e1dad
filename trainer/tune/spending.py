"""Time and energy of the trial that runs, noted every few seconds and held against the caps at each step.

Enter at `Spending`. What is noted survives a killed process; the caps end a trial before they are passed.
"""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from advisor.contracts.errors import RichtwertError
from advisor.files import write_text
from trainer.energy import Meter, Window
from trainer.tune.budget import Caps, Piece, Price, reached, spent

NOTE_S = 10.0
FIRST_NOTE_S = 3.0
"""While no power is known at all; longer than the meter's shortest window of two seconds, so it has a reading."""
NOTED = "spent.json"


class CapReached(RichtwertError):
    """A cap ends the search in the middle of a trial; the trial is queued again."""


class Spending:
    """The clock and meter of one trial, for use in a `with` statement."""

    def __init__(
        self,
        meter: Meter,
        folder: Path,
        *,
        caps: Caps,
        price: Price | None,
        before: Sequence[Piece],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set up; `before` is what the search took until now."""
        self._meter, self._file, self._caps, self._price = meter, folder / NOTED, caps, price
        self._before, self._clock = list(before), clock
        self._pieces: list[Piece] = []
        self._whole, self._stretch = meter.window("trial"), meter.window("stretch")
        self._begun_s = self._stretch_s = self._step_s = clock()
        self._longest_step_s = 0.0

    def __enter__(self) -> Self:
        self._whole.__enter__()
        self._stretch.__enter__()
        self._begun_s = self._stretch_s = self._step_s = self._clock()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stretch.__exit__(None, None, None)
        self._whole.__exit__(None, None, None)
        self._duration_s = self._clock() - self._begun_s

    @property
    def total(self) -> Piece:
        """The whole trial, once the `with` block has ended."""
        report = self._whole.report
        return Piece(self._duration_s, report.energy_j, report.reason)

    def tick(self) -> None:
        """Note a step.

        Raises:
            CapReached: one more step like the longest might pass a cap.
        """
        now_s = self._clock()
        self._longest_step_s = max(self._longest_step_s, now_s - self._step_s)
        self._step_s = now_s
        watts = _mean_power_w([*self._before, *self._pieces])
        if now_s - self._stretch_s >= (NOTE_S if watts is not None else FIRST_NOTE_S):
            self._note(now_s)
            watts = _mean_power_w([*self._before, *self._pieces])
        so_far = [*self._before, *self._pieces, _at(watts, now_s - self._stretch_s)]
        reason = reached(
            self._caps, spent(so_far, self._price), next_piece=_at(watts, self._longest_step_s), price=self._price
        )
        if reason is not None:
            raise CapReached(reason)

    def _note(self, now_s: float) -> None:
        self._stretch.__exit__(None, None, None)
        self._pieces.append(_piece(self._stretch, now_s - self._stretch_s))
        energies = [piece.energy_j for piece in self._pieces]
        known = [energy_j for energy_j in energies if energy_j is not None]
        noted = {
            "duration_s": sum(piece.duration_s for piece in self._pieces),
            "energy_j": sum(known) if len(known) == len(energies) else None,
            "energy_reason": next((piece.reason for piece in self._pieces if piece.reason), ""),
        }
        write_text(self._file, json.dumps(noted) + "\n")
        self._stretch = self._meter.window("stretch")
        self._stretch.__enter__()
        self._stretch_s = self._clock()


def noted_by(folder: Path) -> dict[str, Any]:
    """What a killed trial had noted; empty when it was killed before the first note."""
    path = folder / NOTED
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _piece(window: Window, duration_s: float) -> Piece:
    return Piece(duration_s, window.report.energy_j, window.report.reason)


def _at(watts: float | None, duration_s: float) -> Piece:
    """A stretch without a reading of its own, at the mean power of those that have one."""
    return Piece(duration_s, watts * duration_s if watts is not None else None, "not read yet")


def _mean_power_w(pieces: Sequence[Piece]) -> float | None:
    known = [piece for piece in pieces if piece.energy_j is not None]
    known_s = sum(piece.duration_s for piece in known)
    return sum(piece.energy_j or 0.0 for piece in known) / known_s if known_s > 0 else None
