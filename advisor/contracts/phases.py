"""The phases of a TrainingPlan with their settings, and which of them fit together.

Enter at `PhasesPlan`.
"""

from typing import Literal, Self

from pydantic import model_validator

from advisor.contracts.base import (
    Contract,
    Count,
    Fraction,
    NonNegative,
    Positive,
    PositiveCount,
    Text,
)

ModelFamily = Literal["decoder", "masked", "seq2seq"]
"""GPT-type decoder, BERT-type encoder with a masked-language objective, or T5-type encoder and decoder."""
TrainingPhaseName = Literal["pretrain", "sft", "reward", "rl", "dpo"]
PHASES_OF_FAMILY: dict[ModelFamily, tuple[TrainingPhaseName, ...]] = {
    "decoder": ("pretrain", "sft", "reward", "rl", "dpo"),
    "masked": ("pretrain",),
    "seq2seq": ("pretrain", "sft"),
}


class Replay(Contract):
    """General text mixed into an adaptation, so that what the base model knew is not forgotten."""

    path: Text
    """A file or folder of text, read as a corpus of kind `files`."""
    fraction: Fraction = 0.1
    """Share of the training blocks that comes from it."""


class PretrainPhase(Contract):
    """Self-supervised training on packed blocks: from random weights, or adaptation of a base model."""

    max_steps: PositiveCount
    batch_sequences: PositiveCount = 16
    sequence_tokens: PositiveCount = 256
    learning_rate: Positive = 1e-3
    warmup_fraction: Fraction = 0.05
    replay: Replay | None = None
    new_tokens: Count = 0
    """Tokens to add to a base model's vocabulary, learnt from the domain's text."""
    masked_fraction: Fraction = 0.15
    """Share of tokens that masked and sequence-to-sequence models have to fill in."""
    mean_span_tokens: Positive = 3.0
    """Mean length of the spans that a sequence-to-sequence model has to fill in."""


class LoraSettings(Contract):
    """Low-rank adapters instead of all weights."""

    rank: PositiveCount = 16
    alpha: PositiveCount = 32
    quantize_4bit: bool = False
    """Hold the frozen weights in four bits (QLoRA); needs an NVIDIA GPU and the package bitsandbytes."""


class SftPhase(Contract):
    """Supervised training on conversations; loss on the assistant's turns alone."""

    epochs: Positive = 3.0
    batch_sequences: PositiveCount = 16
    learning_rate: Positive = 5e-4
    lora: LoraSettings | None = None
    packing: bool = True
    """Lay the conversations of a batch into full rows, each blind to the others, instead of padding them."""


class RewardPhase(Contract):
    """Reward model from preference pairs."""

    epochs: Positive = 2.0
    batch_pairs: PositiveCount = 8
    learning_rate: Positive = 1e-4


class RlGuard(Contract):
    """When reinforcement learning is taken to exploit its reward instead of getting better.

    Each limit is held against the mean of the last steps; None switches it off.
    """

    max_kl_nats: Positive | None = 10.0
    """KL divergence from the tuned model, as the algorithm reports it."""
    min_length_fraction: Fraction | None = 0.3
    """Mean length of answers, against that of the first steps."""
    max_clipped_fraction: Fraction | None = 0.9
    """Share of answers cut at their limit, where it has grown since the first steps."""
    on_breach: Literal["stop", "warn"] = "stop"
    """`stop` ends the phase and keeps the weights of the last checkpoint before; `warn` goes on."""


RewardName = Literal["reward_model", "exact_match", "contains", "number"]


class RlPhase(Contract):
    """Reinforcement learning against rewards, kept near the SFT model by a KL term."""

    algorithm: Literal["rloo", "grpo"] = "rloo"
    max_steps: PositiveCount = 20
    batch_completions: PositiveCount = 16
    num_generations: PositiveCount = 4
    max_completion_tokens: PositiveCount = 16
    learning_rate: Positive = 2e-5
    kl_beta: NonNegative = 0.05
    rewards: tuple[RewardName, ...] = ("reward_model",)
    """Added up. Verifiable ones give 1 or 0 for the expected answer: equal to it, containing it, or ending in its
    number."""
    guard: RlGuard = RlGuard()

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if self.num_generations < 2 or self.batch_completions % self.num_generations:
            raise ValueError(
                f"num_generations must be at least 2 and divide batch_completions {self.batch_completions}, "
                f"got {self.num_generations}"
            )
        if not self.rewards or len(set(self.rewards)) < len(self.rewards):
            raise ValueError(f"rewards needs at least one, each once, got {', '.join(self.rewards) or 'none'}")
        return self


class DpoPhase(Contract):
    """Direct preference optimisation: the pairs teach the model itself, without reward model and sampling."""

    epochs: Positive = 1.0
    batch_pairs: PositiveCount = 8
    learning_rate: Positive = 1e-6
    beta: Positive = 0.1
    """How strongly the model is held to the tuned one."""
    loss: Literal["sigmoid", "ipo", "hinge", "robust"] = "sigmoid"
    label_smoothing_fraction: Fraction = 0.0
    """Share of pairs taken to be labelled the wrong way round; `robust` needs one above 0."""

    @model_validator(mode="after")
    def _smoothing(self) -> Self:
        if self.label_smoothing_fraction >= 0.5:
            raise ValueError(f"label_smoothing_fraction must be below 0.5, got {self.label_smoothing_fraction}")
        if self.loss == "robust" and not self.label_smoothing_fraction:
            raise ValueError("loss robust needs label_smoothing_fraction above 0")
        return self


class PhasesPlan(Contract):
    """The phases in their order; None leaves one out."""

    pretrain: PretrainPhase | None
    sft: SftPhase | None = None
    reward: RewardPhase | None = None
    rl: RlPhase | None = None
    dpo: DpoPhase | None = None
    """In place of `reward` and `rl`."""

    @model_validator(mode="after")
    def _chain(self) -> Self:
        if self.rl is not None and self.sft is None:
            raise ValueError("phase rl needs the phases sft and reward")
        if self.rl is not None and "reward_model" in self.rl.rewards and self.reward is None:
            raise ValueError(
                "phase rl needs the phases sft and reward; without a reward model, name verifiable rl.rewards alone"
            )
        if self.reward is not None and self.sft is None:
            raise ValueError("phase reward needs the phase sft")
        if self.dpo is not None and self.sft is None:
            raise ValueError("phase dpo needs the phase sft")
        if self.dpo is not None and (self.reward is not None or self.rl is not None):
            raise ValueError("phase dpo stands in place of reward and rl: set either dpo, or reward and rl, to null")
        if self.pretrain is None and self.sft is None:
            raise ValueError("a plan needs the phase pretrain or the phase sft")
        return self

    def names(self) -> tuple[TrainingPhaseName, ...]:
        """The phases of this plan, in their order."""
        return tuple(name for name in PHASES_OF_FAMILY["decoder"] if getattr(self, name) is not None)
