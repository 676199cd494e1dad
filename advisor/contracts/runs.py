"""What a training run reports back: RunReport with energy, evaluation and model card.

Enter at `RunReport`. A figure that was not measured is None with a reason beside it, never 0.
"""

from typing import Literal

from pydantic import Field

from advisor.contracts.base import (
    Contract,
    Count,
    Fraction,
    NonNegative,
    Number,
    Positive,
    PositiveCount,
    SchemaVersion,
)
from advisor.contracts.documentation import DocumentationItem
from advisor.contracts.evaluation import EvaluationReport as EvaluationReport
from advisor.contracts.evaluation import Score as Score
from advisor.contracts.plan import PlanOrigin, TrainingPlan

EnergyQuality = Literal[
    "measured_counter",
    "measured_counter_repaired",
    "integrated_power",
    "partial",
    "estimated_tdp",
    "unavailable",
]
PhaseName = Literal["data", "tokenizer", "pretrain", "sft", "reward", "rl", "dpo", "evaluate"]


class DeviceEnergy(Contract):
    """Energy of one physical device, counted once per node."""

    uuid: str
    name: str
    scope: Literal["gpu", "module", "cpu", "dram"]
    """`module`: GPU, processor and memory of one module (Grace Hopper); `cpu` and `dram` are beside accelerators."""
    energy_j: NonNegative | None
    flags: tuple[str, ...] = ()
    counter_energy_j: NonNegative | None = None
    """By the plausible segments of the energy counter alone; None when it gave none."""
    power_energy_j: NonNegative | None = None
    """By the power readings alone, over the seconds that they cover; None when there were none."""
    coverage_fraction: Fraction | None = None
    """Share of the window for which this device was read; None in records that do not state it."""
    samples: Count = 0
    """Readings taken, of counter and power."""
    errors: dict[str, Count] = Field(default_factory=dict)
    """Failed readings by the name of the fault."""
    power_limit_w: NonNegative | None = None
    driver_version: str | None = None


class HostEnergy(Contract):
    """Energy of processor packages and memory over a window, beside the accelerators; all programs of the machine.

    None of it is in the accelerators' figure, and a module whose reading covers its processor has none.
    """

    quality: EnergyQuality
    energy_j: NonNegative | None
    """None when nothing could be read; never 0 for not read."""
    coverage_fraction: Fraction
    devices: tuple[DeviceEnergy, ...] = ()
    reason: str = ""
    """Why the figure or a part of it is missing, in words."""
    flags: tuple[str, ...] = ()


class EnergyReport(Contract):
    """Energy of one window at the accelerators; cooling and PUE are not in it, the host stands apart in `host`."""

    boundary: Literal["accelerator"] = "accelerator"
    quality: EnergyQuality
    energy_j: NonNegative | None
    """Gross, idle draw included: what drives cost and carbon; None when nothing could be read."""
    duration_s: NonNegative
    mean_power_w: NonNegative | None
    coverage_fraction: Fraction
    """Share of the window for which readings exist."""
    uncertainty_fraction: Fraction | None
    """Half width of the stated error band; None when nothing was measured."""
    devices: tuple[DeviceEnergy, ...] = ()
    reason: str = ""
    """Why a figure is missing, in words."""
    flags: tuple[str, ...] = ()
    idle_power_w: NonNegative | None = None
    """Of the same accelerators at rest, with the meter running; None when no baseline was taken."""
    net_energy_j: Number | None = None
    """Gross minus idle power times duration, for comparing code; None without a baseline. Drives no cost."""
    host: HostEnergy | None = None
    """Processors and memory; None in records that did not look for them."""


class PhaseReport(Contract):
    """One phase of the run."""

    name: PhaseName
    status: Literal["completed", "skipped"]
    duration_s: NonNegative
    """Time spent in the phase over all attempts (a resumed run adds up)."""
    steps: Count = 0
    tokens: Count = 0
    """Tokens processed, padding included."""
    tokens_per_s: NonNegative | None = None
    training_flop: NonNegative | None = None
    """6 N per token for full training (forward, backward), model FLOPs."""
    flop_per_s: NonNegative | None = None
    loss_first: Number | None = None
    loss_last: Number | None = None
    metrics: dict[str, Number] = Field(default_factory=dict)
    energy: EnergyReport
    warnings: tuple[str, ...] = ()


class ModelCard(Contract):
    """What a user, an auditor or a works council needs to know of a model; lies beside the weights."""

    schema_version: SchemaVersion = 1
    name: str
    created_at: str
    """UTC, ISO 8601."""
    base_model: str | None
    parameters: PositiveCount
    vocab_size: PositiveCount
    context_tokens: PositiveCount
    languages: tuple[str, ...]
    task: str
    intended_use: str
    limits: tuple[str, ...]
    training_data: str
    training_tokens: Count
    training_flop: NonNegative
    energy_j: NonNegative | None
    emissions_kgco2e: NonNegative | None
    evaluation: EvaluationReport | None
    licence: str
    option_id: str | None = None
    hardware: str = "not known"
    """What it was trained on."""
    training_hours: NonNegative | None = None
    """Of all phases over all attempts."""
    training_began_at: str | None = None
    """UTC, ISO 8601; it ended at `created_at`."""
    energy_quality: EnergyQuality | None = None
    """How the energy was measured; None in cards that do not state it."""
    energy_reason: str = ""
    """Why the energy or a part of it is not known."""
    documentation: tuple[DocumentationItem, ...] = ()
    """Items of the AI Act's Annexes XI and XII; what is not known says so."""
    notice: str = ""
    """What the documentation is and is not."""


class Environment(Contract):
    """Where the run took place."""

    python: str
    platform: str
    processor: str
    cpu_count: PositiveCount
    torch_threads: PositiveCount
    load_ratio: NonNegative | None = None
    """Programs that wanted a core over the cores of the machine, mean of the last five minutes; None: not known."""
    accelerators: tuple[str, ...]
    """Names of the accelerators that were used; empty: CPU only."""
    packages: dict[str, str]
    code_revision: str


class ForecastRow(Contract):
    """A forecast figure beside what happened."""

    name: str
    unit: str
    forecast_p5: Number | None
    forecast_p50: Number | None
    forecast_p95: Number | None
    actual: Number | None
    inside: bool | None
    """None when forecast or actual is not known."""
    reason: str = ""
    """Why the actual is not known."""


class RunCost(Contract):
    """What a run cost: its hours times the price that was stated for one, without staff."""

    cost: NonNegative | None
    """None when no price was stated."""
    currency: str | None
    hours: NonNegative
    """Of all phases over all attempts."""
    cost_per_hour: NonNegative | None
    reason: str = ""


class EffortHours(Contract):
    """Working time that people put into a run: preparing, watching, repairing, judging it."""

    role: Literal["ml_engineer", "data_engineer", "operations", "annotator", "domain_expert"]
    hours: Positive
    note: str = ""
    logged_at: str
    """UTC, ISO 8601."""


class RunReport(Contract):
    """The self-contained record of one training run."""

    schema_version: SchemaVersion = 1
    report: Literal["run"] = "run"
    id: str
    created_at: str
    plan: TrainingPlan
    origin: PlanOrigin | None
    environment: Environment
    phases: tuple[PhaseReport, ...]
    energy: EnergyReport
    evaluation: EvaluationReport
    model_card: ModelCard
    model_directory: str
    forecast: tuple[ForecastRow, ...]
    cost: RunCost | None = None
    """None in records that did not look for it."""
    resumed: Count = 0
    """How often the run was taken up again."""
    effort: tuple[EffortHours, ...] = ()
    """What people logged with `trainer log-hours`; empty: nobody logged any."""
    warnings: tuple[str, ...] = ()
