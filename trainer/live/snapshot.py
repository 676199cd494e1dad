"""From what a live view knows to a RunStatus: sums over phases, rates, and the standing beside the forecast.

Enter at `status_of`.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, PhaseName, PhaseReport
from advisor.contracts.status import ForecastStanding, RunCondition, RunStatus
from trainer.live.current import Current
from trainer.live.pace import Peak
from trainer.live.price import SECONDS_PER_HOUR, Price
from trainer.live.standing import COUNTED, Amounts, standings
from trainer.manifest import RunState
from trainer.totals import total_energy

JOULES_PER_KWH = 3.6e6
NO_RATE = "no rate yet"


@dataclass(frozen=True)
class Facts:
    """What stays the same while a run goes on."""

    plan: TrainingPlan
    state: RunState
    phases: tuple[PhaseName, ...]
    price: Price
    peak: Peak
    meter_reason: str
    """Why no accelerator can be measured; empty when one can."""


@dataclass(frozen=True)
class Moment:
    """A run at one moment."""

    facts: Facts
    done: Sequence[PhaseReport]
    current: Current | None
    now_s: float
    now: datetime

    @property
    def left(self) -> tuple[PhaseName, ...]:
        """Phases behind the present one."""
        taken = {report.name for report in self.done} | ({self.current.name} if self.current is not None else set())
        return tuple(name for name in self.facts.phases if name not in taken)

    @property
    def remaining_s(self) -> float | None:
        """Of the present phase; 0 when none is left."""
        if self.current is None:
            return None if self.left else 0.0
        return self.current.remaining_s(self.now_s)

    def seconds(self, names: Sequence[PhaseName]) -> float:
        """Time spent in these phases."""
        spent_s = sum(report.duration_s for report in self.done if report.name in names)
        if self.current is not None and self.current.name in names:
            spent_s += self.current.duration_s(self.now_s)
        return spent_s

    def energy(self) -> EnergyReport | None:
        """Of all phases over all attempts; None before the meter was asked."""
        found = [report.energy for report in self.done]
        if self.current is not None:
            found += [stretch.energy for stretch in self.current.earlier]
            found += [self.current.energy] if self.current.energy is not None else []
        return total_energy(found) if found else None


def status_of(moment: Moment, condition: RunCondition, message: str) -> RunStatus:
    """Where a run stands at a moment."""
    facts, current, now_s = moment.facts, moment.current, moment.now_s
    elapsed_s = moment.seconds(facts.phases)
    return RunStatus(
        id=facts.state.id,
        name=facts.plan.name,
        condition=condition,
        message=message,
        started_at=facts.state.started_at,
        updated_at=moment.now.isoformat(timespec="seconds"),
        host=socket.gethostname(),
        process_id=os.getpid(),
        resumed=facts.state.resumed,
        phase=current.name if current is not None else None,
        phases_done=tuple(report.name for report in moment.done),
        phases_left=moment.left,
        step=current.step if current is not None else None,
        total_steps=current.total_steps if current is not None else None,
        tokens=current.tokens if current is not None else 0,
        elapsed_s=elapsed_s,
        cost=facts.price.of(elapsed_s),
        cost_per_hour=facts.price.per_hour,
        currency=facts.price.currency,
        cost_reason=facts.price.words,
        metrics=dict(current.metrics) if current is not None else {},
        forecast=_standings(moment),
        mfu_reason=facts.peak.reason,
        **_energy(moment),
        **(_rates(moment, current, now_s) if condition == "running" and current is not None else {}),
    )


def _rates(moment: Moment, current: Current, now_s: float) -> dict[str, Any]:
    """How fast it goes now; a run that goes no more has no rate."""
    flop_per_s, peak = current.flop_per_s(now_s), moment.facts.peak.flop_per_s
    remaining_s = current.remaining_s(now_s)
    ends = None if remaining_s is None else moment.now + timedelta(seconds=remaining_s)
    return {
        "tokens_per_s": current.pace.tokens_per_s(now_s),
        "flop_per_s": flop_per_s,
        "mfu_fraction": None if flop_per_s is None or peak is None else flop_per_s / peak,
        "power_w": current.power_w,
        "remaining_s": remaining_s,
        "phase_ends_at": None if ends is None else ends.isoformat(timespec="seconds"),
    }


def _energy(moment: Moment) -> dict[str, Any]:
    found = moment.energy()
    if found is None:
        return {"energy_reason": moment.facts.meter_reason}
    host = found.host.energy_j if found.host is not None else None
    return {
        "energy_kwh": _kwh(found.energy_j),
        "energy_quality": found.quality,
        "energy_coverage_fraction": found.coverage_fraction,
        "energy_reason": found.reason,
        "host_energy_kwh": _kwh(host),
    }


def _standings(moment: Moment) -> tuple[ForecastStanding, ...]:
    """Hours, energy and money at the end of the phases that run or ran, beside the plan's forecast."""
    facts, current, price = moment.facts, moment.current, moment.facts.price
    remaining_s = moment.remaining_s
    spent_s = moment.seconds(COUNTED)
    counted_now = current is not None and current.name in COUNTED
    end_s = spent_s if not counted_now else None if remaining_s is None else spent_s + remaining_s
    kwh = _kwh(energy.energy_j) if (energy := moment.energy()) is not None else None
    power_w = current.power_w if current is not None else None
    more_j = 0.0 if remaining_s == 0 else None if remaining_s is None or power_w is None else remaining_s * power_w
    return standings(
        facts.plan.forecast,
        hours=Amounts(spent_s / SECONDS_PER_HOUR, None if end_s is None else end_s / SECONDS_PER_HOUR, NO_RATE),
        energy=Amounts(
            kwh,
            None if kwh is None or more_j is None else kwh + more_j / JOULES_PER_KWH,
            NO_RATE if kwh is not None else (energy.reason if energy is not None else facts.meter_reason) or NO_RATE,
        ),
        cost=Amounts(
            price.of(spent_s),
            None if end_s is None else price.of(end_s),
            NO_RATE if price.per_hour is not None else price.words,
        ),
        left=moment.left,
    )


def _kwh(energy_j: float | None) -> float | None:
    return None if energy_j is None else energy_j / JOULES_PER_KWH
