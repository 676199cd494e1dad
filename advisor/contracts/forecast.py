"""What a TrainingPlan will take on stated hardware, phase by phase. Enter at `PlanForecast`."""

from pydantic import Field

from advisor.contracts.base import Contract, Identifier, Interval, PositiveCount, SchemaVersion, Text
from advisor.contracts.plan import Forecast
from advisor.contracts.runs import PhaseName


class PhaseForecast(Contract):
    """One phase of the plan."""

    phase: PhaseName
    train_hours: Interval | None
    """Starting, loading and saving included where they were measured. None: not covered."""
    energy_kwh: Interval | None = None
    """At the accelerators. None: power not known."""
    source: Text
    """What the figures rest on; for a phase that is not covered, why."""
    estimated_flop: float | None = Field(default=None, ge=0)
    """Model FLOPs of its gradient steps."""


class CalibrationName(Contract):
    """A calibration by name."""

    id: Identifier
    version: PositiveCount


class PlanForecast(Contract):
    """Hours, energy and money of a plan."""

    schema_version: SchemaVersion = 1
    plan: Text
    """Its name."""
    hardware: Text
    calibration: CalibrationName | None
    """None: none was given."""
    catalog_version: str
    phases: tuple[PhaseForecast, ...]
    forecast: Forecast
    """The sums, as they stand in the plan once they are written there."""
    notes: tuple[Text, ...] = ()
    """What is not covered, and what was assumed."""
