"""The TrainingPlan: what the advisor hands over and `trainer run` executes as it stands.

Enter at `TrainingPlan`; its data step is in `advisor.contracts.data_plan`. Paths are relative to the plan's own
directory. Every phase but `pretrain` may be left out (None).
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from advisor.contracts.assessment import OptionKind
from advisor.contracts.base import (
    AmountRange,
    Contract,
    Interval,
    NonNegative,
    Positive,
    PositiveCount,
    SchemaVersion,
    Text,
    Whole,
)
from advisor.contracts.case import Language, Task
from advisor.contracts.data_plan import BuiltinCorpus, Corpus, DataPlan, FileCorpus
from advisor.contracts.phases import PHASES_OF_FAMILY, ModelFamily, PhasesPlan
from advisor.contracts.phases import DpoPhase as DpoPhase
from advisor.contracts.phases import LoraSettings as LoraSettings
from advisor.contracts.phases import PretrainPhase as PretrainPhase
from advisor.contracts.phases import Replay as Replay
from advisor.contracts.phases import RewardPhase as RewardPhase
from advisor.contracts.phases import RlGuard as RlGuard
from advisor.contracts.phases import RlPhase as RlPhase
from advisor.contracts.phases import SftPhase as SftPhase

__all__ = ["BuiltinCorpus", "Corpus", "DataPlan", "FileCorpus", "TrainingPlan"]


class BaseModelSource(Contract):
    """Start from an existing model: a directory, or a hub id that the machine can reach."""

    kind: Literal["base_model"]
    model: Text
    """Directory or hub id."""
    family: ModelFamily = "decoder"


class Architecture(Contract):
    """Start from random weights: a decoder of the Llama type, an encoder of the BERT type, or a T5 type of both."""

    kind: Literal["architecture"] = "architecture"
    name: str = "custom"
    family: ModelFamily = "decoder"
    vocab_size: PositiveCount
    hidden_size: PositiveCount
    num_layers: PositiveCount
    """Of the encoder and of the decoder each, where the family has both."""
    num_heads: PositiveCount
    num_kv_heads: PositiveCount
    ffn_size: PositiveCount
    context_tokens: PositiveCount

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size {self.hidden_size} must be a multiple of num_heads {self.num_heads}")
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_heads {self.num_heads} must be a multiple of num_kv_heads {self.num_kv_heads}")
        if self.family != "decoder" and self.num_kv_heads != self.num_heads:
            raise ValueError(
                f"num_kv_heads must be num_heads {self.num_heads} for family {self.family}, got {self.num_kv_heads}"
            )
        return self


ModelSource = Annotated[BaseModelSource | Architecture, Field(discriminator="kind")]


class HyperparameterRange(Contract):
    """Where to look for better settings of one phase; the phase itself holds the ones to start with."""

    phase: Literal["pretrain", "sft", "reward", "rl"]
    learning_rate: AmountRange
    batch_sequences: tuple[PositiveCount, ...] = Field(min_length=1)
    """Sequences per optimiser step; pairs for the reward model, completions for reinforcement learning."""


class EvaluationPlan(Contract):
    """What is measured on held-out data after the last phase."""

    max_items: PositiveCount = 200
    bias: bool = True
    """Compare sentence pairs that differ in a group term alone, in the plan's languages among German and English
    (English where it names none): 640 short sentences a language."""


class Forecast(Contract):
    """What the advisor expects of this run; the RunReport is laid beside it."""

    train_hours: Interval | None = None
    """Of pre-training and supervised tuning."""
    preference_hours: Interval | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of reward model and reinforcement learning; absent where they are not forecast."""
    energy_kwh: Interval | None = None
    cost: Interval | None = None
    """In `currency`; compute and electricity of this run, without staff."""
    currency: str | None = None
    quality_fraction: Interval | None = None
    training_flop: NonNegative | None = None


class PlanOrigin(Contract):
    """The Assessment and the option that this plan carries out."""

    assessment_id: str
    option_id: str
    option_kind: OptionKind
    catalog_version: str
    feasible: bool
    """False: a pilot of an option that the gates exclude; the reasons stand in `notes`."""
    notes: tuple[str, ...] = ()


class TrainingPlan(Contract):
    """One training run, complete."""

    schema_version: SchemaVersion = 1
    name: Text
    seed: Whole = 0
    task: Task = "classification"
    languages: tuple[Language, ...] = ()
    accelerator: str | None = None
    """Catalogue id of the accelerator that the forecast assumes; None: not known."""
    accelerator_count: PositiveCount = 1
    data: DataPlan
    model: ModelSource
    phases: PhasesPlan
    evaluation: EvaluationPlan = EvaluationPlan()
    checkpoint_steps: PositiveCount = 50
    """Optimiser steps between two checkpoints."""
    max_loss_ratio: Positive | None = 4.0
    """Training stops as diverged when the loss is this many times the median of what was logged before it, and
    above the first; None: only when it is no number any more."""
    search: tuple[HyperparameterRange, ...] = ()
    """Ranges for `trainer tune`, a phase each; empty: the settings stand."""
    forecast: Forecast = Forecast()
    origin: PlanOrigin | None = None
    """None for a plan written by hand."""

    @model_validator(mode="after")
    def _family(self) -> Self:
        legal = PHASES_OF_FAMILY[self.model.family]
        wrong = [name for name in self.phases.names() if name not in legal]
        if wrong:
            raise ValueError(
                f"model.family {self.model.family} has no phase {', '.join(wrong)}; legal: {', '.join(legal)} "
                f"(set phases.{wrong[0]} to null)"
            )
        pretrain = self.phases.pretrain
        if pretrain is not None and pretrain.new_tokens and isinstance(self.model, Architecture):
            raise ValueError("phases.pretrain.new_tokens extends a base model; an architecture has vocab_size")
        return self
