"""A run's figures beside the band of its forecast, while it still runs.

Enter at `standings`. Hours and money are those of pre-training and supervised tuning, which the forecast counts; the
energy is that of the whole run at the accelerators, as in the RunReport.
"""

from dataclasses import dataclass

from advisor.contracts.base import Interval
from advisor.contracts.plan import Forecast
from advisor.contracts.runs import PhaseName
from advisor.contracts.status import ForecastStanding

COUNTED: tuple[PhaseName, ...] = ("pretrain", "sft")
"""Phases whose hours the forecast counts."""
UNTRAINED: tuple[PhaseName, ...] = ("data", "tokenizer", "evaluate")
"""Phases that are taken to add little; while they are to come, a verdict on the energy can still be given."""


@dataclass(frozen=True)
class Amounts:
    """One quantity: up to now, and with what the present phase still needs."""

    so_far: float | None
    at_end: float | None
    reason: str = ""
    """Why it is not known."""


def standings(
    forecast: Forecast, hours: Amounts, energy: Amounts, cost: Amounts, *, left: tuple[PhaseName, ...]
) -> tuple[ForecastStanding, ...]:
    """The rows of a forecast that has any.

    Args:
        forecast: of the plan.
        hours: of the counted phases.
        energy: kWh of the whole run.
        cost: of the counted phases.
        left: phases that are still to come.
    """
    counted = tuple(name for name in left if name in COUNTED)
    rows = (
        _standing("train_hours", "h", forecast.train_hours, hours, counted, counted),
        _standing("energy_kwh", "kWh", forecast.energy_kwh, energy, left, tuple(set(left) - set(UNTRAINED))),
        _standing("cost", forecast.currency or "not stated", forecast.cost, cost, counted, counted),
    )
    return tuple(row for row in rows if row is not None)


def _standing(
    name: str,
    unit: str,
    band: Interval | None,
    amounts: Amounts,
    without: tuple[PhaseName, ...],
    heavy: tuple[PhaseName, ...],
) -> ForecastStanding | None:
    if band is None:
        return None
    verdict = reason = None
    if amounts.at_end is None:
        reason = amounts.reason
    elif amounts.at_end > band.p95:
        verdict = "above_p95"
    elif heavy:
        reason = f"{', '.join(phase for phase in without if phase in heavy)} to come"
    else:
        verdict = "below_p5" if amounts.at_end < band.p5 else "inside"
    return ForecastStanding.model_validate(
        {
            "name": name,
            "unit": unit,
            "so_far": amounts.so_far,
            "at_end": amounts.at_end,
            "forecast_p5": band.p5,
            "forecast_p50": band.p50,
            "forecast_p95": band.p95,
            "verdict": verdict,
            "without": without,
            "reason": reason or "",
        }
    )
