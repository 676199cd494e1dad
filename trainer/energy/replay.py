"""A recorded power trace: written while measuring, played back without a device.

Enter at `RecordingSource` (wraps a source and writes JSONL) and `ReplaySource` (reads it). The first lines
describe the devices, each further line is one reading: `{"t_s", "uuid", "counter_mj"}` or `{..., "power_mw"}`.
"""

import bisect
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from advisor.contracts.errors import BadInput
from trainer.energy.source import Device, EnergySource

READINGS = ("counter_mj", "power_mw")
TIME_DIGITS = 4
"""Times in a trace are rounded to 0.1 ms, and compared at that precision."""


class RecordingSource:
    """Passes every reading through and writes it down."""

    def __init__(self, source: EnergySource, path: Path, clock: Callable[[], float]) -> None:
        self.reason = source.reason
        self._source, self._clock, self._start_s = source, clock, clock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("w", encoding="utf-8", buffering=1)
        for device in source.devices():
            self._write({"device": asdict(device)})

    def devices(self) -> tuple[Device, ...]:
        """Those of the wrapped source."""
        return self._source.devices()

    def read_counter_mj(self, device: Device) -> int | None:
        """The wrapped source's counter."""
        return self._note(device, "counter_mj", self._source.read_counter_mj(device))

    def read_power_mw(self, device: Device) -> int | None:
        """The wrapped source's power."""
        return self._note(device, "power_mw", self._source.read_power_mw(device))

    def close(self) -> None:
        """Close the trace and the wrapped source."""
        self._file.close()
        self._source.close()

    def _note(self, device: Device, name: str, value: int | None) -> int | None:
        if value is not None:
            self._write({"t_s": round(self._clock() - self._start_s, TIME_DIGITS), "uuid": device.uuid, name: value})
        return value

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row) + "\n")


class ReplaySource:
    """Answers with the last reading that was recorded by the same moment, None before and after the trace."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.reason = ""
        self._clock, self._start_s = clock, clock()
        self._devices: list[Device] = []
        self._trace: dict[tuple[str, str], tuple[list[float], list[int]]] = defaultdict(lambda: ([], []))
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path}: cannot be read as a power trace: {error}") from error
        for number, line in enumerate(lines, start=1):
            try:
                self._take(json.loads(line))
            except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
                raise BadInput(f"{path}:{number}: not a line of a power trace: {line[:60]!r}") from error
        if not self._devices:
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

    def close(self) -> None:
        """Nothing is open."""

    def _take(self, row: dict[str, Any]) -> None:
        if "device" in row:
            fields = row["device"]
            self._devices.append(Device(**{**fields, "flags": (*fields["flags"], "replayed")}))
            return
        for name in READINGS:
            if name in row:
                times, values = self._trace[row["uuid"], name]
                times.append(float(row["t_s"]))
                values.append(int(row[name]))

    def _at(self, device: Device, name: str) -> int | None:
        times, values = self._trace[device.uuid, name]
        now_s = round(self._clock() - self._start_s, TIME_DIGITS)
        index = bisect.bisect_right(times, now_s) - 1
        return values[index] if index >= 0 and now_s <= self._end_s else None
