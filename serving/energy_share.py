"""Energy per request: windows over the accelerators, shared out by the tokens made in them.

Enter at `EnergyLedger`. One window after the other is measured while requests are in work; its energy goes to
the requests in proportion to their prompt and generated tokens, so the shares add up to what was measured. A
request's record is written when its last window has ended.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from advisor.contracts.runs import EnergyQuality, EnergyReport
from serving.records import UsageRecord
from trainer.energy import Meter

WINDOW_S = 5.0
"""Long enough for the energy counter's update period; idle time at the end of a busy window counts in."""
NOTE = f"share of {WINDOW_S:g} s windows by prompt and generated tokens, idle time of the window included"


def share_out(energy_j: float, tokens: Mapping[str, int]) -> dict[str, float]:
    """Split the energy of a window in proportion to tokens; the shares add up to the whole."""
    total = sum(tokens.values())
    return {name: energy_j * count / total for name, count in tokens.items()} if total else {}


@dataclass
class _Account:
    energy_j: float = 0.0
    tokens: int = 0
    unmeasured: str = ""
    quality: EnergyQuality = "unavailable"
    record: UsageRecord | None = field(default=None)


class EnergyLedger:
    """Accounts of the requests in work."""

    def __init__(self, meter: Meter, write: Callable[[UsageRecord], None], *, window_s: float = WINDOW_S) -> None:
        self._meter, self._write, self._window_s = meter, write, window_s
        self._accounts: dict[str, _Account] = {}
        self._busy = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last_measured = True

    @property
    def is_measuring(self) -> bool:
        """Whether the meter works, and gave a figure for the last window."""
        return not self._meter.reason and self._last_measured

    def start(self) -> None:
        """Begin to measure, if there is something to measure; needs a running event loop."""
        if not self._meter.reason:
            self._task = asyncio.create_task(self._measure())

    async def stop(self) -> None:
        """End the present window and write what is open."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            for account in self._accounts.values():
                if account.record is not None:
                    self._write(_with_energy(account.record, account))
        self._meter.close()

    def count(self, request_id: str, tokens: int) -> None:
        """Note tokens that were read or made just now."""
        if self._task is not None:
            self._accounts.setdefault(request_id, _Account()).tokens += tokens
            self._busy.set()

    def finish(self, record: UsageRecord) -> None:
        """The request is over; its record is written with its energy once that is known."""
        if self._task is None:
            self._write(record.model_copy(update={"energy_note": self._meter.reason}))
        else:
            self._accounts.setdefault(record.id, _Account()).record = record
            self._busy.set()

    async def _measure(self) -> None:
        while True:
            await self._busy.wait()
            self._busy.clear()
            window = self._meter.window("serving")
            await asyncio.to_thread(window.__enter__)
            try:
                await asyncio.sleep(self._window_s)
            finally:
                # not in a thread: a cancelled task could not wait for it
                window.__exit__(None, None, None)
                self._settle(window.report)

    def _settle(self, report: EnergyReport) -> None:
        self._last_measured = report.energy_j is not None
        shares = share_out(report.energy_j or 0.0, {name: a.tokens for name, a in self._accounts.items()})
        for name, account in list(self._accounts.items()):
            if account.tokens and report.energy_j is None:
                account.unmeasured = report.reason
            account.energy_j += shares.get(name, 0.0)
            account.quality = report.quality if account.tokens else account.quality
            account.tokens = 0
            if account.record is not None:
                self._write(_with_energy(account.record, account))
                del self._accounts[name]
        if self._accounts:
            self._busy.set()


def _with_energy(record: UsageRecord, account: _Account) -> UsageRecord:
    if account.unmeasured or account.quality == "unavailable":
        note = account.unmeasured or "no token fell into a measured window"
        return record.model_copy(update={"energy_note": note})
    measured = {"energy_j": account.energy_j, "energy_quality": account.quality, "energy_note": NOTE}
    return record.model_copy(update=measured)
