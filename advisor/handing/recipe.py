"""Model and phases of a plan, and the ranges in which better settings are looked for.

Enter at `recipe_of` and `ranges_of`.
"""

from typing import Literal

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import AmountRange
from advisor.contracts.catalog import Catalog
from advisor.contracts.plan import (
    Architecture,
    BaseModelSource,
    HyperparameterRange,
    LoraSettings,
    PhasesPlan,
    PretrainPhase,
    RewardPhase,
    RlPhase,
    SftPhase,
)
from advisor.handing.figures import assumed
from advisor.summaries import rounded

PhaseLabel = Literal["pretrain", "sft", "reward", "rl"]

SMALL_MODEL_LEARNING_RATE = 3e-3
"""Pre-training of models below about ten million parameters; larger ones take the plan's default."""
SMALL_MODEL_PARAMS = 1e7
SMALL_MODEL_BLOCK_TOKENS = 128
SMALL_MODEL_RECIPE = {
    "sft": SftPhase(epochs=2.0, batch_sequences=16, learning_rate=1e-3),
    "reward": RewardPhase(epochs=0.5, batch_pairs=16, learning_rate=3e-4),
    "rl": RlPhase(max_steps=10, batch_completions=32, max_completion_tokens=12, learning_rate=1e-5),
}
"""Found by trial on the reference corpus; see data/examples/plans/python_reference.yaml."""
LORA_LEARNING_RATE = 2e-4
FULL_LEARNING_RATE = 2e-5
ADAPTATION_LEARNING_RATE = 1e-5
BASE_SEQUENCE_TOKENS = 1024
RATE_SPAN = 3.0
"""The search goes from a third of the starting learning rate to three times it: half a decade each way."""
BATCH_SPAN = (0.5, 1.0, 2.0)


def recipe_of(
    assessment: Assessment, option: Option, catalog: Catalog, base_model: str | None
) -> tuple[Architecture | BaseModelSource, PhasesPlan]:
    """Where the training starts, and what it does."""
    tokens = assumed(assessment, "domain_tokens")
    if option.kind == "from_scratch":
        size = lookup.architecture(catalog, option.model or "")
        fields = size.model_dump(include=set(Architecture.model_fields) - {"kind", "name"})
        passes = lookup.parameter(catalog, "max_data_epochs.from_scratch").central
        ratio = lookup.parameter(catalog, "tokens_per_parameter.from_scratch").central
        small = size.parameters < SMALL_MODEL_PARAMS
        block_tokens = SMALL_MODEL_BLOCK_TOKENS if small else size.context_tokens
        pretrain = PretrainPhase(max_steps=1, sequence_tokens=block_tokens)
        if small:
            pretrain = pretrain.model_copy(update={"learning_rate": SMALL_MODEL_LEARNING_RATE})
        recipe = SMALL_MODEL_RECIPE if small else {"sft": SftPhase(), "reward": RewardPhase(), "rl": RlPhase()}
        wanted = min(size.parameters * ratio, passes * tokens)
        steps = max(1, round(wanted / (pretrain.batch_sequences * pretrain.sequence_tokens)))
        return Architecture(name=size.id, **fields), PhasesPlan(
            pretrain=pretrain.model_copy(update={"max_steps": steps}), **recipe
        )
    source = BaseModelSource(kind="base_model", model=base_model or base_model_reference(catalog, option))
    if option.kind == "domain_adaptation":
        pretrain = PretrainPhase(
            max_steps=1, sequence_tokens=BASE_SEQUENCE_TOKENS, learning_rate=ADAPTATION_LEARNING_RATE
        )
        steps = max(1, round(tokens / (pretrain.batch_sequences * pretrain.sequence_tokens)))
        return source, PhasesPlan(
            pretrain=pretrain.model_copy(update={"max_steps": steps}), sft=SftPhase(learning_rate=FULL_LEARNING_RATE)
        )
    if option.kind == "fine_tune_full":
        return source, PhasesPlan(pretrain=None, sft=SftPhase(learning_rate=FULL_LEARNING_RATE))
    return source, PhasesPlan(pretrain=None, sft=SftPhase(learning_rate=LORA_LEARNING_RATE, lora=LoraSettings()))


def base_model_reference(catalog: Catalog, option: Option) -> str:
    """Name on the model hub, or the catalogue's id where it has none."""
    row = lookup.base_model(catalog, option.model or "")
    return row.hub_id or row.id


def ranges_of(phases: PhasesPlan) -> tuple[HyperparameterRange, ...]:
    """Learning rate and batch size of each phase, around the settings that the plan starts with."""
    found = []
    if phases.pretrain is not None:
        found.append(_range("pretrain", phases.pretrain.learning_rate, phases.pretrain.batch_sequences, 1))
    if phases.sft is not None:
        found.append(_range("sft", phases.sft.learning_rate, phases.sft.batch_sequences, 1))
    if phases.reward is not None:
        found.append(_range("reward", phases.reward.learning_rate, phases.reward.batch_pairs, 1))
    if phases.rl is not None:
        multiple = phases.rl.num_generations
        found.append(_range("rl", phases.rl.learning_rate, phases.rl.batch_completions, multiple))
    return tuple(found)


def _range(phase: PhaseLabel, rate: float, batch: int, multiple: int) -> HyperparameterRange:
    """Sizes that `multiple` divides, as reinforcement learning needs groups of completions."""
    sizes = sorted({max(multiple, round(batch * factor / multiple) * multiple) for factor in BATCH_SPAN})
    span = AmountRange(low=rounded(rate / RATE_SPAN, 3), central=rate, high=rounded(rate * RATE_SPAN, 3))
    return HyperparameterRange(phase=phase, learning_rate=span, batch_sequences=tuple(sizes))
