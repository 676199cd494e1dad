"""A recorded power trace: written while measuring, played back without a device.

Enter at `RecordingSource` (wraps a source and writes JSONL) and `ReplaySource` (reads it); `reread.py` computes a
trace's windows anew. The first line says where and when, the next ones describe the devices; then each line is one
reading, `{"t_s", "uuid", "counter_mj"}` or `{..., "power_mw"}` (a number, or the name of the fault in its place), one
note on a device, or one moment of a window: `open`, `running` each minute, `closed`, with its report so far. Every
line is handed to the system at once, so a killed process loses no line but the last.
"""

import bisect
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from trainer.energy.source import Device, EnergySource, ReadFault, Watcher, flags_of, host_reason_of

READINGS = ("counter_mj", "power_mw")
TIME_DIGITS = 4
"""Times in a trace are rounded to 0.1 ms, and compared at that precision."""
FAULTS = (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError)


class RecordingSource:
    """Passes every reading through and writes it down; a trace that cannot be written costs no reading."""

    def __init__(self, source: EnergySource, path: Path, clock: Callable[[], float], *, readings: bool = True) -> None:
        """Begin a trace; `readings=False` leaves the single readings out (half a gigabyte a day on eight devices)."""
        self.reason, self.host_reason = source.reason, host_reason_of(source)
        self._source, self._clock, self._start_s, self._readings = source, clock, clock(), readings
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb", buffering=0)
        except OSError:
            return
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._write({"trace": 1, "started_at": started_at, "reason": self.reason, "host_reason": self.host_reason})
        for device in source.devices():
            self._write({"device": asdict(device)})

    @property
    def flags(self) -> tuple[str, ...]:
        """Those of the wrapped source, and whether the trace has a gap."""
        return (*flags_of(self._source), *(() if self._file is not None else ("trace_incomplete",)))

    def devices(self) -> tuple[Device, ...]:
        """Those of the wrapped source."""
        return self._source.devices()

    def read_counter_mj(self, device: Device) -> int | None:
        """The wrapped source's counter."""
        return self._note(device, "counter_mj", self._source.read_counter_mj)

    def read_power_mw(self, device: Device) -> int | None:
        """The wrapped source's power."""
        return self._note(device, "power_mw", self._source.read_power_mw)

    def notes(self, device: Device) -> tuple[str, ...]:
        """What the wrapped source can tell."""
        found = self._source.notes(device) if isinstance(self._source, Watcher) else ()
        for note in found:
            self._write({"t_s": self._now_s(), "uuid": device.uuid, "note": note})
        return found

    def note_window(self, number: int, name: str, state: str, time_s: float, report: dict[str, Any] | None) -> None:
        """Write a moment of a window down; `time_s` is on the clock of the readings."""
        row: dict[str, Any] = {"t_s": round(time_s - self._start_s, TIME_DIGITS), "window": number, "name": name}
        self._write({**row, "state": state, **({} if report is None else {"report": report})})

    def close(self) -> None:
        """Close the trace and the wrapped source."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
        self._source.close()

    def _note(self, device: Device, name: str, read: Callable[[Device], int | None]) -> int | None:
        try:
            value = read(device)
        except ReadFault as fault:
            if self._readings:
                self._write({"t_s": self._now_s(), "uuid": device.uuid, name: fault.name})
            raise
        if value is not None and self._readings:
            self._write({"t_s": self._now_s(), "uuid": device.uuid, name: value})
        return value

    def _now_s(self) -> float:
        return round(self._clock() - self._start_s, TIME_DIGITS)

    def _write(self, row: dict[str, Any]) -> None:
        line = json.dumps(row).encode() + b"\n"
        with self._lock:
            if self._file is None:
                return
            try:
                written = self._file.write(line)
            except OSError:
                written = 0
            if written != len(line):
                self._file.close()
                self._file = None  # the disk is full: measuring goes on, and the reports say so


class ReplaySource:
    """Answers with the last reading that was recorded by the same moment, None before and after the trace."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.reason = self.host_reason = ""
        self._clock, self._start_s = clock, clock()
        self._devices: list[Device] = []
        self._trace: dict[tuple[str, str], tuple[list[float], list[int | str]]] = defaultdict(lambda: ([], []))
        self._notes: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for row in trace_rows(path):
            self._take(row)
        if not self._devices and not self.reason:
            self.reason = f"{path} describes no device"
        self._end_s = max((times[-1] for times, _ in self._trace.values()), default=0.0)

    def devices(self) -> tuple[Device, ...]:
        """The recorded devices."""
        return tuple(self._devices)

    def read_counter_mj(self, device: Device) -> int | None:
        """The counter as recorded."""
        return self._at(device, "counter_mj")

    def read_power_mw(self, device: Device) -> int | None:
        """The power as recorded."""
        return self._at(device, "power_mw")

    def notes(self, device: Device) -> tuple[str, ...]:
        """What was noted by the same moment."""
        now_s = self._clock() - self._start_s
        return tuple(dict.fromkeys(note for time_s, note in self._notes[device.uuid] if time_s <= now_s))

    def close(self) -> None:
        """Nothing is open."""

    def _take(self, row: dict[str, Any]) -> None:
        if "device" in row:
            self._devices.append(recorded_device(row))
        elif "cut_off" in row:
            cut = [Device(**{**asdict(device), "flags": (*device.flags, "trace_cut_off")}) for device in self._devices]
            self._devices = cut
        elif "trace" in row:
            self.reason, self.host_reason = row["reason"], row["host_reason"]
        elif "note" in row:
            self._notes[row["uuid"]].append((row["t_s"], row["note"]))
        for name in READINGS:
            if name in row:
                times, values = self._trace[row["uuid"], name]
                times.append(row["t_s"])
                values.append(row[name])

    def _at(self, device: Device, name: str) -> int | None:
        times, values = self._trace[device.uuid, name]
        now_s = round(self._clock() - self._start_s, TIME_DIGITS)
        index = bisect.bisect_right(times, now_s) - 1
        if index < 0 or now_s > self._end_s:
            return None
        value = values[index]
        if isinstance(value, str):
            raise ReadFault(value)
        return value


def recorded_device(row: dict[str, Any]) -> Device:
    """A device as a trace describes it."""
    fields = row["device"]
    return Device(**{**fields, "flags": (*fields["flags"], "replayed")})


def trace_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a trace; a last one that was cut off by the end of its writer becomes `{"cut_off": true}`.

    Raises:
        BadInput: the file cannot be read, or a line is not of a trace.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read as a power trace: {error}") from error
    for number, line in enumerate(lines, start=1):
        if number == len(lines):
            if line:
                yield {"cut_off": True}
            return
        try:
            row = json.loads(line)
            _check(row)
        except FAULTS as error:
            raise BadInput(f"{path}:{number}: not a line of a power trace: {line[:60]!r}") from error
        yield row


def _check(row: dict[str, Any]) -> None:
    """Raise one of `FAULTS` for what is not a line of a trace."""
    if "device" in row:
        recorded_device(row)
        return
    if "trace" in row:
        row["reason"], row["host_reason"]
        return
    row["t_s"] = float(row["t_s"])
    if "window" in row:
        row["name"], row["state"]
        return
    row["uuid"]
    for name in READINGS:
        if name in row and not isinstance(row[name], str):
            row[name] = int(row[name])
