"""The energy meter: windows over the accelerators of this process.

Enter at `open_meter`. One thread polls while a window is open (power each 100 ms, the counter each second) and
feeds every open window, so windows may nest. A fault of the meter is noted in the report and stops nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from advisor.contracts.errors import Failed
from advisor.contracts.runs import EnergyReport
from trainer.energy.integrate import Tally
from trainer.energy.nvml import open_nvml
from trainer.energy.replay import RecordingSource
from trainer.energy.report import report_window
from trainer.energy.source import Device, EnergySource, ReadFault

POLL_S = 0.1
"""Faster than 50 ms makes drivers answer NOT_SUPPORTED or 0 mW."""
COUNTER_S = 1.0


def open_meter(
    *,
    require: bool = False,
    source: EnergySource | None = None,
    uuids: Sequence[str] | None = None,
    record: Path | None = None,
    synchronize: Callable[[], None] | None = None,
) -> "Meter":
    """A meter for this process's accelerators; without any, one that reports None and the reason.

    Args:
        require: fail instead of measuring nothing.
        source: where readings come from; NVML by default.
        uuids: devices in use (`GPU-...`), when known better than `CUDA_VISIBLE_DEVICES` tells.
        record: JSONL file that receives every reading, for playing back.
        synchronize: called at the edges of each window, such as `torch.cuda.synchronize`.

    Raises:
        Failed: `require` is set and nothing can be measured.
    """
    opened = source if source is not None else open_nvml(uuids=uuids)
    if require and not opened.devices():
        raise Failed(f"energy cannot be measured: {opened.reason}; run without requiring it, or on a GPU machine")
    if record is not None:
        opened = RecordingSource(opened, record, time.monotonic)
    return Meter(opened, synchronize=synchronize)


class Meter:
    """Measures windows; made by `open_meter`."""

    def __init__(
        self,
        source: EnergySource,
        *,
        clock: Callable[[], float] = time.monotonic,
        poll_s: float = POLL_S,
        synchronize: Callable[[], None] | None = None,
    ) -> None:
        """Set up a meter; `poll_s=0` starts no thread, `sample` is then called by the owner."""
        self._source, self._clock, self._poll_s = source, clock, poll_s
        self._synchronize = synchronize
        self._devices = source.devices()
        self._windows: list[Window] = []
        self._lock = threading.Lock()
        self._thread_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._counter_read_s = float("-inf")

    @property
    def accelerator_names(self) -> tuple[str, ...]:
        """Names of the devices that are measured."""
        return tuple(device.name for device in self._devices)

    @property
    def reason(self) -> str:
        """Why nothing can be measured; empty when something can."""
        return self._source.reason

    def window(self, name: str) -> "Window":
        """A stretch of time to measure, for use in a `with` statement."""
        return Window(self, name, self._devices)

    def sample(self, *, edge: bool = False) -> None:
        """Read every device once and feed the open windows; the counter only when a second has passed."""
        with self._lock:
            now_s = self._clock()
            with_counter = edge or now_s - self._counter_read_s >= COUNTER_S - 0.5 * self._poll_s
            if with_counter:
                self._counter_read_s = now_s
            for device in self._devices:
                self._sample_device(device, with_counter)

    def close(self) -> None:
        """Stop polling and give the source back."""
        with self._thread_lock:
            self._stop_polling()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, window: "Window") -> float:
        if self._synchronize is not None:
            self._synchronize()
        with self._lock:
            self._windows.append(window)
        start_s = self._clock()
        self.sample(edge=True)
        with self._thread_lock:
            if self._devices and self._poll_s > 0 and self._thread is None:
                self._wake.clear()
                self._thread = threading.Thread(target=self._poll, name="energy-meter", daemon=True)
                self._thread.start()
        return start_s

    def _shut(self, window: "Window") -> float:
        if self._synchronize is not None:
            self._synchronize()
        self.sample(edge=True)
        end_s = self._clock()
        with self._lock:
            self._windows.remove(window)
        with self._thread_lock:
            if not self._windows:
                self._stop_polling()
        return end_s

    def _poll(self) -> None:
        while not self._wake.wait(self._poll_s):
            self.sample()

    def _stop_polling(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            self._wake.set()
            thread.join()

    def _sample_device(self, device: Device, with_counter: bool) -> None:
        now_s = self._clock()
        power_mw = self._read(device, self._source.read_power_mw)
        counter_mj = self._read(device, self._source.read_counter_mj) if with_counter else None
        for window in self._windows:
            tally = window.tallies[device.uuid]
            if power_mw is not None:
                tally.add_power(now_s, power_mw)
            if counter_mj is not None:
                tally.add_counter(now_s, counter_mj)

    def _read(self, device: Device, read: Callable[[Device], int | None]) -> int | None:
        try:
            return read(device)
        except ReadFault as fault:
            name = fault.name
        except Exception as error:
            # Whatever a driver binding raises: a training run of days does not end because of its meter.
            name = f"meter_fault_{type(error).__name__}"
        for window in self._windows:
            window.tallies[device.uuid].flags.add(name)
        return None


class Window:
    """One measured stretch of time; `report` stands after the `with` block."""

    def __init__(self, meter: Meter, name: str, devices: Sequence[Device]) -> None:
        self.name = name
        self.tallies = {device.uuid: Tally(device) for device in devices}
        self._meter = meter
        self._start_s = 0.0
        self._report: EnergyReport | None = None

    @property
    def report(self) -> EnergyReport:
        """What was measured.

        Raises:
            RuntimeError: the window is still open.
        """
        if self._report is None:
            raise RuntimeError(f"window {self.name!r} has no report before its with block has ended")
        return self._report

    def __enter__(self) -> Self:
        self._start_s = self._meter._open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        duration_s = self._meter._shut(self) - self._start_s
        for tally in self.tallies.values():
            tally.finish()
        self._report = report_window(list(self.tallies.values()), duration_s, self._meter.reason)
