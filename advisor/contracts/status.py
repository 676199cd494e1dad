"""How a training run stands while it runs: status.json, written anew every few seconds beside the run.

Enter at `RunStatus`. A figure that is not measured or not known is None with a reason beside it, never 0.
"""

from typing import Literal

from pydantic import Field

from advisor.contracts.base import Contract, Count, Fraction, NonNegative, Number, PositiveCount, SchemaVersion
from advisor.contracts.runs import EnergyQuality, PhaseName

RunCondition = Literal["running", "completed", "stopped", "failed"]


class ForecastStanding(Contract):
    """One figure of the plan's forecast beside what it will be if the run goes on as it does."""

    name: Literal["train_hours", "energy_kwh", "cost"]
    unit: str
    so_far: NonNegative | None
    at_end: NonNegative | None
    """With the remaining steps of this phase at the present rate; phases in `without` are not in it."""
    forecast_p5: Number | None
    forecast_p50: Number | None
    forecast_p95: Number | None
    verdict: Literal["inside", "above_p95", "below_p5"] | None
    """None when it cannot be said yet; more than P95 can be said while phases are still to come."""
    without: tuple[PhaseName, ...] = ()
    """Phases that are still to come."""
    reason: str = ""
    """Why there is no verdict."""


class RunStatus(Contract):
    """A run as it stands; of a killed one as it last stood, with the time of `updated_at`."""

    schema_version: SchemaVersion = 1
    report: Literal["run_status"] = "run_status"
    id: str
    name: str
    condition: RunCondition
    message: str = ""
    """Why the run failed or was stopped."""
    started_at: str
    """Of the run's first start, UTC, ISO 8601."""
    updated_at: str
    host: str
    process_id: PositiveCount
    resumed: Count = 0
    phase: PhaseName | None
    phases_done: tuple[PhaseName, ...]
    phases_left: tuple[PhaseName, ...]
    """Behind the present one."""
    step: Count | None = None
    """Of the phase; None while it counts none."""
    total_steps: Count | None = None
    tokens: Count = 0
    """Trained on in this phase by this process, padding included."""
    elapsed_s: NonNegative
    """Time spent in all phases over all attempts."""
    remaining_s: NonNegative | None = None
    """Of this phase, at the present rate."""
    phase_ends_at: str | None = None
    tokens_per_s: NonNegative | None = None
    """Of the last steps, as the figures below."""
    flop_per_s: NonNegative | None = None
    mfu_fraction: NonNegative | None = None
    """Share of the accelerator's 16-bit peak; above 1 where the stated peak or the count of FLOP is wrong."""
    mfu_reason: str = ""
    power_w: NonNegative | None = None
    """At the accelerators, over the last seconds."""
    energy_kwh: NonNegative | None = None
    """At the accelerators, of all phases over all attempts."""
    energy_quality: EnergyQuality = "unavailable"
    energy_coverage_fraction: Fraction = 0.0
    energy_reason: str = ""
    host_energy_kwh: NonNegative | None = None
    """Of processor and memory, all programs of the machine; not in `energy_kwh`."""
    cost: NonNegative | None = None
    """In `currency`: hours so far times `cost_per_hour`."""
    cost_per_hour: NonNegative | None = None
    currency: str | None = None
    cost_reason: str = ""
    """Where the hourly price comes from, or why there is none."""
    metrics: dict[str, Number] = Field(default_factory=dict)
    """What the training loop logged last."""
    forecast: tuple[ForecastStanding, ...] = ()
