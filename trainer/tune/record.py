"""What a search leaves: its claim on the directory, and the result with every trial.

Enter at `SearchState` and `TuneReport`. A figure that is not known is None with a reason beside it.
"""

from typing import Literal

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
from advisor.contracts.plan import TrainingPlan

PhaseLabel = Literal["pretrain", "sft", "reward", "rl"]
TrialEnding = Literal["complete", "pruned", "diverged", "failed", "interrupted", "running", "waiting"]
ScaleName = Literal["full", "small"]


class SearchState(Contract):
    """The claim of a search on its directory; what must not change from call to call."""

    schema_version: SchemaVersion = 1
    worker: str
    """Mark of this directory in the study: trials that carry it are run from here and nowhere else."""
    study: str
    storage: str | None
    """Address of the database, without its password; None: study.db in the directory of the search."""
    phase: PhaseLabel
    scale: ScaleName
    budget_fraction: Fraction
    """Part of the phase's training that a trial does."""
    pruner: str
    started_at: str
    plan: TrainingPlan
    """With its paths relative to the directory of the search."""


class SearchedSpace(Contract):
    """Where the search looked."""

    learning_rate_low: Positive
    learning_rate_high: Positive
    batch_sequences: tuple[PositiveCount, ...]
    """Sequences per step; pairs for the reward model, completions for reinforcement learning."""
    source: str


class TrialSettings(Contract):
    """One choice of settings."""

    learning_rate: Positive
    batch_sequences: PositiveCount


class TrialRecord(Contract):
    """One trial."""

    number: Count
    ending: TrialEnding
    settings: TrialSettings | None
    value: Number | None
    """Held-out figure at the end, or where the trial was cut short."""
    low: Number | None = None
    high: Number | None = None
    """95 % interval over the held-out items."""
    n: Count | None = None
    reports: tuple[Number, ...] = ()
    """Held-out figures at equal shares of the training."""
    steps: Count | None = None
    duration_s: NonNegative | None = None
    energy_j: NonNegative | None = None
    energy_reason: str = ""
    is_start: bool = False
    """The plan's own settings."""
    retry_of: Count | None = None
    error: str = ""


class Expense(Contract):
    """What the search took, the preparation of what its trials share included."""

    hours: NonNegative
    energy_kwh: NonNegative | None
    energy_reason: str = ""
    cost: NonNegative | None
    currency: str | None = None
    price_per_hour: Positive | None = None
    price_source: str = ""


class CarriedOver(Contract):
    """How settings of a narrower model were carried over to the planned one."""

    width_ratio: PositiveCount
    searched_hidden_size: PositiveCount
    planned_hidden_size: PositiveCount
    rule: str
    validity: tuple[str, ...]


class TuneReport(Contract):
    """The result of a search so far."""

    schema_version: SchemaVersion = 1
    report: Literal["tune"] = "tune"
    name: str
    study: str
    storage: str
    phase: PhaseLabel
    scale: ScaleName
    measure: str
    unit: str
    direction: Literal["minimize", "maximize"]
    measured_on: str
    budget_fraction: Fraction
    space: SearchedSpace
    sampler: str
    pruner: str
    seed: Count
    target_trials: PositiveCount
    ended: Literal["trials", "cap", "stopped"]
    ended_reason: str
    counts: dict[str, Count]
    trials: tuple[TrialRecord, ...]
    best: TrialRecord | None
    start: TrialRecord | None
    """The trial of the plan's own settings."""
    best_settings: TrialSettings | None
    """For the planned model: those of the best trial, carried over where the search was on a narrower one."""
    importance: dict[str, Fraction] | None
    importance_reason: str = ""
    expense: Expense
    carried_over: CarriedOver | None = None
    notes: tuple[str, ...] = ()
