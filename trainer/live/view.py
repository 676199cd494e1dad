"""The live view of a run: it hears of every step, and writes status.json every few seconds.

Enter at `Live`. The run tells it of phases, the training loop of steps; a thread of its own keeps the file fresh while
a step lasts. A fault of the view ends no run.
"""

import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from advisor.contracts.runs import PhaseName, PhaseReport
from advisor.contracts.status import RunCondition, RunStatus
from advisor.files import write_contract
from trainer.energy import Meter, Window
from trainer.live.current import Current
from trainer.live.snapshot import Facts, Moment, status_of
from trainer.manifest import STATUS_FILE, Stretch
from trainer.stop import StopRequested

WRITE_EVERY_S = 3.0


class Live:
    """Where a run stands: told by its phases, read by people and dashboards."""

    def __init__(
        self,
        facts: Facts,
        output: Path,
        meter: Meter,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        write_every_s: float = WRITE_EVERY_S,
    ) -> None:
        """Set up a view; `write_every_s=0` starts no thread, `write` is then called by the owner."""
        self.facts = facts
        self._path, self._meter = output / STATUS_FILE, meter
        self._clock, self._now, self._write_every_s = clock, now, write_every_s
        self._done: list[PhaseReport] = []
        self._current: Current | None = None
        self._lock, self._file_lock = threading.Lock(), threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        # Of several processes the first one writes, and none into a directory that was given up.
        self._silent = os.environ.get("RANK", "0") != "0"

    def begin(self, name: PhaseName, window: Window, earlier: Sequence[Stretch] = ()) -> None:
        """A phase begins; its window is open."""
        with self._lock:
            self._current = Current(name, window, self._clock(), earlier)
        self.write()

    def done(self, report: PhaseReport) -> None:
        """A phase is finished, now or by an earlier process."""
        with self._lock:
            self._done.append(report)
            self._current = None

    def sized(self, flop_per_token: float | None) -> None:
        """What a token of the present phase costs in FLOP; None where it is not known."""
        with self._lock:
            if self._current is not None:
                self._current.flop_per_token = flop_per_token

    def advance(self, step: int, total: int, tokens: int) -> None:
        """A step of the present phase is done."""
        with self._lock:
            if self._current is not None:
                self._current.step, self._current.total_steps, self._current.tokens = step, total, tokens
                self._current.pace.advance(self._clock(), step, tokens)

    def figures(self, figures: dict[str, float]) -> None:
        """What the training loop logged; a figure that is no number stays out."""
        with self._lock:
            if self._current is not None:
                self._current.metrics = {name: value for name, value in figures.items() if math.isfinite(value)}

    def status(self, condition: RunCondition = "running", message: str = "") -> RunStatus:
        """Where the run stands, with the energy as the meter was last asked for it."""
        with self._lock:
            return status_of(
                Moment(self.facts, tuple(self._done), self._current, self._clock(), self._now()), condition, message
            )

    def ask_meter(self) -> None:
        """Take over what the meter says now; outside the lock, as a driver may take its time."""
        current = self._current
        energy = self._meter.so_far(current.window) if current is not None else None
        if current is not None and energy is not None:
            with self._lock:
                current.take(self._clock(), energy)

    def write(self, condition: RunCondition = "running", message: str = "") -> None:
        """Write status.json, whole or not at all; without room on the disk nothing happens."""
        self.ask_meter()
        with self._file_lock, suppress(OSError):
            if not self._silent:
                write_contract(self._path, self.status(condition, message))

    def abandon(self) -> None:
        """Write no more: the run's directory is given up."""
        self._stop()
        with self._file_lock:
            self._silent = True

    def __enter__(self) -> Self:
        self.write()
        if self._write_every_s > 0:
            self._thread = threading.Thread(target=self._keep_fresh, name="live-view", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if error is None:
            self.write("completed")
        elif isinstance(error, StopRequested):
            self.write("stopped", f"in phase {error}")
        elif isinstance(error, KeyboardInterrupt):
            self.write("stopped")
        else:
            self.write("failed", str(error) or type(error).__name__)

    def _stop(self) -> None:
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=self._write_every_s)

    def _keep_fresh(self) -> None:
        while not self._wake.wait(self._write_every_s):
            with suppress(Exception):  # whatever it is, a training run of days does not end because of its view
                self.write()
