"""Hours, energy and money of a TrainingPlan: phase by phase, then summed up.

Enter at `forecast_of_plan`. What was measured on the hardware comes first; what nobody measured is estimated; what
cannot be said is named, and leaves the sums open.
"""

from collections.abc import Sequence
from pathlib import Path

from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.forecast import CalibrationName, PhaseForecast, PlanForecast
from advisor.contracts.plan import TrainingPlan
from advisor.forecast.estimated import estimated_phase
from advisor.forecast.measured import Timed, measured_phase
from advisor.forecast.money import cost_of, energy_of, power_of
from advisor.forecast.target import Size, Target, size_of
from advisor.forecast.wanted import Wanted, wanted_of

GRADIENT = ("pretrain", "sft")
DEFAULT_ZONE = "DE"


def forecast_of_plan(
    plan: TrainingPlan,
    base: Path,
    catalog: Catalog,
    target: Target,
    calibration: Calibration | None,
    *,
    zone: str = DEFAULT_ZONE,
    examples: int | None = None,
) -> PlanForecast:
    """The forecast of one run.

    Args:
        plan: what is to be trained.
        base: directory that its paths are relative to.
        catalog: the facts.
        target: where it runs.
        calibration: what was measured; None: nothing.
        zone: of the electricity price, where the hardware is not rented.
        examples: of one epoch of supervised tuning; None: as measured, or as the plan's own file has them.

    Raises:
        BadInput: the size of the model cannot be known.
    """
    size = size_of(plan, base, catalog)
    if size is None:
        name = getattr(plan.model, "model", plan.model.kind)
        raise BadInput(
            f"model.model: the size of {name!r} is not known: neither a model of the catalogue nor a "
            "directory with a config.json"
        )
    watts, power_note = power_of(target, catalog, calibration)
    phases = [
        _phase(wanted, plan, size, target, catalog, calibration, watts)
        for wanted in wanted_of(plan, size, base, calibration, examples)
    ]
    hours = _total([row.train_hours for row in phases if row.phase in GRADIENT])
    after = [row.train_hours for row in phases if row.phase not in GRADIENT]
    kwh = _total([row.energy_kwh for row in phases])
    everything = _total([row.train_hours for row in phases])
    cost, currency, cost_note = cost_of(everything, kwh, target, catalog, zone)
    quality = _quality(plan, calibration)
    notes = [f"{row.phase} is not covered: {row.source}" for row in phases if row.train_hours is None]
    notes += [power_note if watts is None else f"energy: {power_note}, at the accelerators", cost_note]
    flop = [row.estimated_flop for row in phases if row.phase in GRADIENT]
    return PlanForecast(
        plan=plan.name,
        hardware=target.words,
        calibration=None if calibration is None else CalibrationName(id=calibration.id, version=calibration.version),
        catalog_version=catalog.version,
        phases=tuple(phases),
        forecast=plan.forecast.model_copy(
            update={
                "train_hours": hours,
                "preference_hours": _total(after) if after else None,
                "energy_kwh": kwh,
                "cost": cost,
                "currency": currency,
                "quality_fraction": quality,
                "training_flop": None if any(value is None for value in flop) else sum(value or 0.0 for value in flop),
            }
        ),
        notes=tuple(notes),
    )


def _phase(
    wanted: Wanted,
    plan: TrainingPlan,
    size: Size,
    target: Target,
    catalog: Catalog,
    calibration: Calibration | None,
    watts: Interval | None,
) -> PhaseForecast:
    found = measured_phase(wanted, target.hardware, calibration)
    if not isinstance(found, Timed):
        estimate = estimated_phase(wanted, plan, size, target, catalog, calibration)
        found = estimate if isinstance(estimate, Timed) else f"{found}; {estimate}" if estimate != found else found
    flop = wanted.step_flop * wanted.steps if wanted.step_flop is not None and wanted.steps is not None else None
    if not isinstance(found, Timed):
        return PhaseForecast(phase=wanted.workload.phase, train_hours=None, source=found, estimated_flop=flop)
    return PhaseForecast(
        phase=wanted.workload.phase,
        train_hours=found.hours,
        energy_kwh=energy_of(found.hours, watts) if watts is not None else None,
        source=found.source,
        estimated_flop=flop,
    )


def _quality(plan: TrainingPlan, calibration: Calibration | None) -> Interval | None:
    """As it was measured for the plan's option; else what the plan expects already."""
    if plan.origin is not None and calibration is not None:
        name = f"quality_fraction.{plan.origin.option_id}"
        for entry in calibration.entries:
            if entry.input == name and entry.posterior is not None:
                return entry.posterior
    return plan.forecast.quality_fraction


def _total(parts: Sequence[Interval | None]) -> Interval | None:
    """Quantile by quantile: phases are slow on the same day. None where a part is not known."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    low, middle, high = (float(f"{sum(getattr(part, name) for part in known):.4g}") for name in ("p5", "p50", "p95"))
    return Interval(p5=low, p50=middle, p95=high)
