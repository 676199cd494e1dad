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
    Fraction,
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

__all__ = ["BuiltinCorpus", "Corpus", "DataPlan", "FileCorpus", "TrainingPlan"]


class BaseModelSource(Contract):
    """Start from an existing model: a directory, or a hub id that the machine can reach."""

    kind: Literal["base_model"]
    model: Text
    """Directory or hub id."""


class Architecture(Contract):
    """Start from random weights: a Llama-type decoder."""

    kind: Literal["architecture"] = "architecture"
    name: str = "custom"
    vocab_size: PositiveCount
    hidden_size: PositiveCount
    num_layers: PositiveCount
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
        return self


ModelSource = Annotated[BaseModelSource | Architecture, Field(discriminator="kind")]


class PretrainPhase(Contract):
    """Self-supervised training on packed blocks: from random weights, or adaptation of a base model."""

    max_steps: PositiveCount
    batch_sequences: PositiveCount = 16
    sequence_tokens: PositiveCount = 256
    learning_rate: Positive = 1e-3
    warmup_fraction: Fraction = 0.05


class LoraSettings(Contract):
    """Low-rank adapters instead of all weights."""

    rank: PositiveCount = 16
    alpha: PositiveCount = 32


class SftPhase(Contract):
    """Supervised training on conversations; loss on the assistant's turns alone."""

    epochs: Positive = 3.0
    batch_sequences: PositiveCount = 16
    learning_rate: Positive = 5e-4
    lora: LoraSettings | None = None


class RewardPhase(Contract):
    """Reward model from preference pairs."""

    epochs: Positive = 2.0
    batch_pairs: PositiveCount = 8
    learning_rate: Positive = 1e-4


class RlPhase(Contract):
    """Reinforcement learning against the reward model, kept near the SFT model by a KL term."""

    algorithm: Literal["rloo", "grpo"] = "rloo"
    max_steps: PositiveCount = 20
    batch_completions: PositiveCount = 16
    num_generations: PositiveCount = 4
    max_completion_tokens: PositiveCount = 16
    learning_rate: Positive = 2e-5
    kl_beta: NonNegative = 0.05

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.num_generations < 2 or self.batch_completions % self.num_generations:
            raise ValueError(
                f"num_generations must be at least 2 and divide batch_completions {self.batch_completions}, "
                f"got {self.num_generations}"
            )
        return self


class PhasesPlan(Contract):
    """The phases in their order; None leaves one out."""

    pretrain: PretrainPhase | None
    sft: SftPhase | None = None
    reward: RewardPhase | None = None
    rl: RlPhase | None = None

    @model_validator(mode="after")
    def _chain(self) -> Self:
        if self.rl is not None and (self.reward is None or self.sft is None):
            raise ValueError("phase rl needs the phases sft and reward")
        if self.pretrain is None and self.sft is None:
            raise ValueError("a plan needs the phase pretrain or the phase sft")
        return self


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
    search: tuple[HyperparameterRange, ...] = ()
    """Ranges for `trainer tune`, a phase each; empty: the settings stand."""
    forecast: Forecast = Forecast()
    origin: PlanOrigin | None = None
    """None for a plan written by hand."""
