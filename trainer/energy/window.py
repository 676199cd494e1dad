"""One measured stretch of time; its report stands after the `with` block.

Enter at `Window`; `Meter.window` in `meter.py` makes it.
"""

import copy
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from advisor.contracts.runs import EnergyReport
from trainer.energy.integrate import Tally
from trainer.energy.report import report_window, unavailable
from trainer.energy.source import Device

if TYPE_CHECKING:
    from trainer.energy.meter import Meter


class Window:
    """A stretch of time with one tally per device; made by `Meter.window`."""

    def __init__(self, meter: "Meter", number: int, name: str, devices: Sequence[Device]) -> None:
        self.number, self.name = number, name
        self.tallies = {device.uuid: Tally(device) for device in devices}
        self.flags: set[str] = set()
        """What befell the window as a whole."""
        self.start_s = 0.0
        self._meter = meter
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

    @property
    def is_closed(self) -> bool:
        """Whether its report stands."""
        return self._report is not None

    def take(
        self, device: Device, time_s: float, power_mw: int | None, counter_mj: int | None, notes: Sequence[str]
    ) -> None:
        """Feed what was read of a device at one moment."""
        tally = self.tallies[device.uuid]
        if power_mw is not None:
            tally.add_power(time_s, power_mw)
        if counter_mj is not None:
            tally.add_counter(time_s, counter_mj)
        tally.flags.update(notes)

    def report_at(self, now_s: float) -> EnergyReport:
        """What was measured up to a moment; the window goes on."""
        return self._settle([copy.deepcopy(tally) for tally in self.tallies.values()], now_s)

    def __enter__(self) -> Self:
        self.start_s = self._meter._open(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_s = self._meter._shut(self)
        self._report = self._settle(list(self.tallies.values()), end_s)
        self._meter._note(self, "closed", end_s, self._report)

    def _settle(self, tallies: list[Tally], end_s: float) -> EnergyReport:
        duration_s = max(0.0, end_s - self.start_s)
        try:
            for tally in tallies:
                tally.finish()
            report = report_window(
                tallies, duration_s, self._meter.reason, host_reason=self._meter.host_reason, flags=self.flags
            )
        except Exception as error:
            # whatever it is, it is the meter's fault, and no training run ends because of its meter
            return unavailable(duration_s, f"the meter failed ({type(error).__name__}: {error})")
        return self._meter._with_baseline(report)
