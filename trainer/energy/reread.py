"""A trace's windows computed anew from its readings, whether or not the process that wrote it lived to report.

Enter at `reread_windows`. `last_report` is the quick answer for traces without single readings.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor.contracts.runs import EnergyReport
from trainer.energy.integrate import Tally
from trainer.energy.replay import recorded_device, trace_rows
from trainer.energy.report import report_window
from trainer.energy.source import Device

CUT_OFF = "trace_cut_off"


@dataclass(frozen=True)
class RecordedWindow:
    """One window of a trace."""

    name: str
    closed: bool
    """False when the trace ends inside it: the process was killed."""
    report: EnergyReport
    """From the readings up to its end, or up to the last one."""


@dataclass
class _Open:
    name: str
    start_s: float
    tallies: dict[str, Tally]
    flags: set[str] = field(default_factory=lambda: {"replayed"})


def reread_windows(path: Path) -> list[RecordedWindow]:
    """All windows of a trace in the order in which they ended; those that never did come last.

    Raises:
        BadInput: the file is not a trace.
    """
    devices: list[Device] = []
    opened: dict[int, _Open] = {}
    found: list[RecordedWindow] = []
    header: dict[str, Any] = {"reason": "", "host_reason": ""}
    cut_off, now_s = False, 0.0
    for row in trace_rows(path):
        now_s = row.get("t_s", now_s)
        if "trace" in row:
            header = row
        elif "device" in row:
            devices.append(recorded_device(row))
        elif "cut_off" in row:
            cut_off = True
        elif row.get("state") == "open":
            opened[row["window"]] = _Open(row["name"], row["t_s"], {device.uuid: Tally(device) for device in devices})
        elif row.get("state") == "closed" and row["window"] in opened:
            found.append(_settle(opened.pop(row["window"]), row["t_s"], header, closed=True))
        elif "uuid" in row:
            _feed(opened.values(), row)
    for window in opened.values():
        window.flags.update((CUT_OFF,) if cut_off else ())
        found.append(_settle(window, now_s, header, closed=False))
    return found


def last_report(path: Path, name: str) -> EnergyReport | None:
    """The latest report that a trace holds of a window of this name; None when it holds none or cannot be read."""
    latest = None
    for row in trace_rows(path):
        if row.get("name") == name and "report" in row:
            latest = EnergyReport.model_validate(row["report"])
    return latest


def _feed(windows: Iterable[_Open], row: dict[str, Any]) -> None:
    for window in windows:
        tally = window.tallies.get(row["uuid"])
        if tally is None:
            continue
        for name, add in (("power_mw", tally.add_power), ("counter_mj", tally.add_counter)):
            if name in row:
                value = row[name]
                tally.note_fault(value) if isinstance(value, str) else add(row["t_s"], value)
        if "note" in row:
            tally.flags.add(row["note"])


def _settle(window: _Open, end_s: float, header: dict[str, Any], *, closed: bool) -> RecordedWindow:
    for tally in window.tallies.values():
        tally.finish()
    report = report_window(
        list(window.tallies.values()),
        max(0.0, end_s - window.start_s),
        header["reason"],
        host_reason=header["host_reason"],
        flags=window.flags,
    )
    return RecordedWindow(window.name, closed, report)
