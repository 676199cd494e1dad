"""The energy meter: windows over the accelerators of this process, and over the host where its counters are readable.

Enter at `Meter`; `open_meter` in `opening.py` makes one for this machine. One thread polls while a window is open
(power each 100 ms, the counter each second) and feeds every open window, so windows may nest. Time is monotonic; a
clock that is set makes no difference. A fault of the meter is noted in the report and stops nothing: neither a reading
that fails nor a driver that no longer answers.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Self, TypeVar

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import EnergyReport
from trainer.energy.replay import RecordingSource
from trainer.energy.source import Device, EnergySource, ReadFault, Watcher, flags_of, host_reason_of
from trainer.energy.window import Window

T = TypeVar("T")

POLL_S = 0.1
FASTEST_S = 0.05
"""Polled faster, drivers answer NOT_SUPPORTED or 0 mW."""
COUNTER_S = 1.0
NOTES_S = 10.0
"""Who else uses a device is asked at the edges of a window and this often within."""
RECORD_S = 60.0
"""How often a trace gets the report so far of an open window."""
PATIENCE_S = 5.0
"""A driver that has not answered for so long is no longer waited for."""
SHORTEST_IDLE_S = 10.0


class Meter:
    """Measures windows; made by `open_meter`."""

    def __init__(
        self,
        source: EnergySource,
        *,
        clock: Callable[[], float] = time.monotonic,
        poll_s: float = POLL_S,
        synchronize: Callable[[], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Set up a meter; `poll_s=0` starts no thread, `sample` is then called by the owner."""
        self._source, self._clock, self._patience_s = source, clock, patience_s
        self._poll_s = max(FASTEST_S, poll_s) if poll_s > 0 else 0.0
        self._synchronize = synchronize
        self._devices = source.devices()
        self._notes_of = source.notes if isinstance(source, Watcher) else None
        self._windows: tuple[Window, ...] = ()
        self._opened = 0
        self._lock = threading.Lock()
        """Held while a device is read, so also by a reading that never returns."""
        self._list_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._stalled = False
        self._counter_read_s = self._notes_read_s = float("-inf")
        self._recorded_s = clock()
        self._idle_power_w: float | None = None

    @property
    def accelerator_names(self) -> tuple[str, ...]:
        """Names of the accelerators that are measured."""
        return tuple(device.name for device in self._devices if not device.is_host)

    @property
    def reason(self) -> str:
        """Why no accelerator can be measured; empty when one can."""
        return self._source.reason

    @property
    def host_reason(self) -> str:
        """Why neither processor nor memory can be measured; empty when they can."""
        return host_reason_of(self._source)

    def window(self, name: str) -> Window:
        """A stretch of time to measure, for use in a `with` statement."""
        self._opened += 1
        return Window(self, self._opened, name, self._devices)

    def measure_idle(self, seconds: float = SHORTEST_IDLE_S, *, wait: Callable[[float], None] = time.sleep) -> Window:
        """Take a baseline: the window of an idle stretch, whose mean power later reports subtract for their net energy.

        The meter runs meanwhile, as monitoring itself can change idle power. Without a figure there is no baseline, and
        the window's report says why. Call it while nothing runs on the devices.

        Raises:
            BadInput: the stretch is too short.
        """
        if seconds < SHORTEST_IDLE_S:
            raise BadInput(f"seconds: {seconds:g} is too short for a baseline; at least {SHORTEST_IDLE_S:g}")
        self._idle_power_w = None
        window = self.window("idle")
        with window:
            wait(seconds)
        if window.report.quality not in ("partial", "unavailable"):
            self._idle_power_w = window.report.mean_power_w
        return window

    def sample(self, *, edge: bool = False) -> None:
        """Read every device once and feed the open windows; the counter only when a second has passed."""
        if not self._lock.acquire(timeout=0.0 if self._stalled else self._patience_s):
            self._stalled = True
            for window in self._windows:
                window.flags.add("meter_stalled")
            return
        try:
            self._stalled = False
            now_s = self._clock()
            with_counter = edge or now_s - self._counter_read_s >= COUNTER_S - 0.5 * self._poll_s
            with_notes = edge or now_s - self._notes_read_s >= NOTES_S
            self._counter_read_s = now_s if with_counter else self._counter_read_s
            self._notes_read_s = now_s if with_notes else self._notes_read_s
            for device in self._devices:
                self._sample_device(device, with_counter, with_notes)
            if isinstance(self._source, RecordingSource) and now_s - self._recorded_s >= RECORD_S:
                self._recorded_s = now_s
                for window in self._windows:
                    self._note(window, "running", now_s, window.report_at(now_s))
        finally:
            self._lock.release()

    def so_far(self, window: Window) -> EnergyReport | None:
        """What a window has measured up to now; None while the driver does not answer."""
        if window.is_closed:
            return window.report
        if not self._lock.acquire(timeout=0.0 if self._stalled else self._patience_s):
            return None
        try:
            return window.report_at(self._clock())
        finally:
            self._lock.release()

    def close(self) -> None:
        """Stop polling and give the source back, unless it is still busy with a reading that does not return."""
        self._stop_polling()
        if not self._stalled:
            with contextlib.suppress(Exception):  # what is left open ends with the process
                self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, window: Window) -> float:
        self._wait_for_device(window)
        with self._list_lock:
            self._windows = (*self._windows, window)
        start_s = self._clock()
        self._note(window, "open", start_s, None)
        self.sample(edge=True)
        with self._list_lock:
            if self._devices and self._poll_s > 0 and self._thread is None:
                self._wake = threading.Event()
                self._thread = threading.Thread(target=self._poll, args=(self._wake,), name="energy-meter", daemon=True)
                self._thread.start()
        return start_s

    def _shut(self, window: Window) -> float:
        self._wait_for_device(window)
        self.sample(edge=True)
        end_s = self._clock()
        held = self._lock.acquire(timeout=0.0 if self._stalled else self._patience_s)
        with self._list_lock:
            self._windows = tuple(other for other in self._windows if other is not window)
            last = not self._windows
        if held:
            self._lock.release()
        if last:
            self._stop_polling()
        window.flags.update(flags_of(self._source))
        return end_s

    def _wait_for_device(self, window: Window) -> None:
        if self._synchronize is None:
            return
        try:
            self._synchronize()
        except Exception as error:
            # a fault of the device shows itself to the run in its own next call
            window.flags.add(f"not_synchronized_{type(error).__name__}")

    def _note(self, window: Window, state: str, time_s: float, report: EnergyReport | None) -> None:
        if isinstance(self._source, RecordingSource):
            row = None if report is None else report.model_dump(mode="json")
            self._source.note_window(window.number, window.name, state, time_s, row)

    def _with_baseline(self, report: EnergyReport) -> EnergyReport:
        if self._idle_power_w is None or report.energy_j is None:
            return report
        net_j = report.energy_j - self._idle_power_w * report.duration_s
        return report.model_copy(update={"idle_power_w": self._idle_power_w, "net_energy_j": net_j})

    def _poll(self, wake: threading.Event) -> None:
        while not wake.wait(self._poll_s):
            self.sample()

    def _stop_polling(self) -> None:
        with self._list_lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._wake.set()
            thread.join(timeout=0.0 if self._stalled else self._patience_s)

    def _sample_device(self, device: Device, with_counter: bool, with_notes: bool) -> None:
        now_s = self._clock()
        power_mw = self._read(device, self._source.read_power_mw)
        counter_mj = self._read(device, self._source.read_counter_mj) if with_counter else None
        notes = self._read(device, self._notes_of) if with_notes and self._notes_of is not None else None
        for window in self._windows:
            try:
                window.take(device, now_s, power_mw, counter_mj, notes or ())
            except Exception as error:
                window.flags.add(f"meter_fault_{type(error).__name__}")  # such as a reading that is no number

    def _read(self, device: Device, read: Callable[[Device], T]) -> T | None:
        try:
            return read(device)
        except ReadFault as fault:
            name = fault.name
        except Exception as error:
            # Whatever a driver binding raises: a training run of days does not end because of its meter.
            name = f"meter_fault_{type(error).__name__}"
        for window in self._windows:
            window.tallies[device.uuid].note_fault(name)
        return None
