"""The Calibration: what reports have measured, beside what was assumed, and what follows for the next estimate.

Enter at `Calibration`. It never changes: a report that is added or revoked makes the next version, and what is revoked
stays in it, uncounted.
"""

from typing import Literal

from pydantic import Field

from advisor.contracts.base import (
    Contract,
    Count,
    Fraction,
    Identifier,
    Interval,
    NonNegative,
    Number,
    PositiveCount,
    SchemaVersion,
    Text,
)
from advisor.contracts.measurements import ReportKind
from advisor.contracts.runs import ForecastRow, PhaseName

Quantity = Literal[
    "mfu_fraction",
    "training_power_fraction",
    "idle_power_fraction",
    "serving_speed_ratio",
    "serving_power_fraction",
    "effort_fte_months",
    "quality_fraction",
    "training_flop_per_s",
    "step_s",
    "overhead_s",
    "training_power_w",
]


class CalibratedHardware(Contract):
    """On what it was measured."""

    accelerator: str | None = None
    """Catalogue id, or name by the driver where the catalogue does not know it; None: a processor alone."""
    accelerator_count: Count = 0
    processor: str | None = None
    """Name by the operating system, where there was no accelerator."""
    num_threads: PositiveCount | None = None


class Workload(Contract):
    """With what it was measured."""

    phase: PhaseName
    method: Literal["full", "lora"] = "full"
    parameters: PositiveCount
    """Of the model, embeddings included."""
    matmul_parameters: PositiveCount | None = None
    """Those in matrix products of one token; None: not known."""
    batch_sequences: PositiveCount | None = None
    """Sequences, pairs or completions of one optimiser step."""
    sequence_tokens: PositiveCount | None = None
    """Of a packed block, or the most tokens of one completion; None: the texts' own lengths."""
    data_sha256: str | None = None
    """Of the plan's choice of texts, where these give the lengths."""
    examples: PositiveCount | None = None
    """Of one epoch, with what is held out; None: not known, or no matter."""


class Observation(Contract):
    """One figure that a report measured."""

    report_id: Text
    report: ReportKind
    created_at: str
    value: Number
    spread_ln: NonNegative | None
    """Standard deviation of ln(value) as a measure of the next case; None for a share of counted items."""
    n: PositiveCount | None = None
    """Items behind a share."""
    group: Text
    """What it has in common with others: the machine, the set of questions, the project."""
    state: Literal["counted", "outlier", "superseded", "revoked"] = "counted"
    state_reason: str = ""
    """Why it is not counted."""
    weight_fraction: Fraction = 0.0
    """Share in the posterior; what is left to one is the prior's."""
    detail: Text
    """How it was read from the report, in words."""


class CalibrationPrior(Contract):
    """What was assumed before."""

    value: Interval
    source: Text
    as_of: str | None = None


class CalibrationEntry(Contract):
    """One quantity: what was assumed, what was measured, what follows."""

    quantity: Quantity
    key: Text
    """Name of the input of an assessment that it corrects; else quantity, hardware and workload in words."""
    input: str | None
    """Name of that input; None where it serves the forecast of a plan alone."""
    unit: Text
    hardware: CalibratedHardware | None = None
    workload: Workload | None = None
    prior: CalibrationPrior | None
    """None: nothing was assumed."""
    prior_note: str = ""
    """Why there is no prior."""
    observations: tuple[Observation, ...] = Field(min_length=1)
    posterior: Interval | None
    """None where no observation counts."""
    used_for: Text
    """What it corrects, in words."""


class CalibratedReport(Contract):
    """A report that was taken in."""

    report_id: Text
    report: ReportKind
    created_at: str
    name: str
    sha256: str
    """Of its content: the same report counts once, a changed one replaces the older."""
    revoked: bool = False


class UnusedFigure(Contract):
    """What a report carries and the calibration has no use for."""

    report_id: Text
    figure: Text
    reason: Text


class RunForecast(Contract):
    """What was forecast of one run, beside what happened."""

    report_id: Text
    name: str
    created_at: str
    rows: tuple[ForecastRow, ...]
    notes: tuple[str, ...] = ()
    """How a figure came about that no meter or bill states."""


class Calibration(Contract):
    """All that was learnt from reports."""

    schema_version: SchemaVersion = 1
    report: Literal["calibration"] = "calibration"
    id: Identifier
    """`c-` and a hash of everything else."""
    version: PositiveCount
    previous_id: str | None
    """The version before; None for the first."""
    created_at: str
    """UTC, ISO 8601."""
    catalog_version: str
    """Catalogue from which priors, peaks and power limits were taken."""
    change: Text
    """What this version changed, in words."""
    reports: tuple[CalibratedReport, ...]
    entries: tuple[CalibrationEntry, ...]
    forecasts: tuple[RunForecast, ...] = ()
    unused: tuple[UnusedFigure, ...] = ()
