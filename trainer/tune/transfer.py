"""Searching on a narrower model and carrying its learning rate over to the planned one.

Enter at `narrow` and `Scale.to_full`.
"""

import math
from dataclasses import dataclass

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture, TrainingPlan
from trainer.tune.space import Phase, Settings, Space

DIVISORS = (4, 2)
SMALLEST_HIDDEN_SIZE = 16
RULE = (
    "learning rate of the planned model = learning rate of the narrow one / {k}, as Adam's rate for hidden weights "
    "goes with 1 / width (Yang et al. 2022, arXiv:2203.03466, maximal update parametrisation); the batch is kept as "
    "planned"
)
VALIDITY = (
    "derived for hidden matrices; here one rate serves all weights in the standard parametrisation, where embeddings "
    "would want a higher one (Kalra and Barkeshli 2026, arXiv:2605.21486), so the carried rate is a good start and no "
    "optimum: check it with a few trials at full scale before a dear run",
    "depth, vocabulary, context and the amount of text are those of the plan; only the width is smaller",
)


@dataclass(frozen=True)
class Scale:
    """How much narrower the searched model is."""

    width_ratio: int
    hidden_size: int
    """Of the narrow model."""
    full_hidden_size: int

    def to_full(self, settings: Settings) -> Settings:
        """Settings of the narrow model as the planned one should have them.

        eta_full = eta_narrow * width_narrow / width_full
        units: 1 -> 1.  source: Yang et al. 2022 (arXiv:2203.03466), Adam's rate of hidden weights.  validity: VALIDITY.
        """
        return Settings(settings.learning_rate / self.width_ratio, settings.batch_sequences)

    @property
    def rule(self) -> str:
        """The rule in words."""
        return RULE.format(k=self.width_ratio)


def narrow(plan: TrainingPlan, phase: Phase, space: Space) -> tuple[TrainingPlan, Space, Scale]:
    """The plan with a narrower model of the same depth and head size, and the space moved by the rule.

    Raises:
        BadInput: the rule does not hold for this phase or model, or the model cannot be made narrower.
    """
    model = plan.model
    if not isinstance(model, Architecture) or phase != "pretrain":
        raise BadInput(
            "--scale small: the rule that carries a learning rate over holds for training from random weights alone; "
            "it needs model.kind architecture and --phase pretrain. Use --budget-fraction to make trials shorter"
        )
    ratio = next((k for k in DIVISORS if _fits(model, k)), None)
    if ratio is None:
        raise BadInput(
            f"--scale small: model.num_heads {model.num_heads} and hidden_size {model.hidden_size} cannot be divided "
            f"by 2 and stay at {SMALLEST_HIDDEN_SIZE} or more; search at full scale"
        )
    heads = model.num_heads // ratio
    small = model.model_copy(
        update={
            "name": f"{model.name}-narrow",
            "hidden_size": model.hidden_size // ratio,
            "num_heads": heads,
            "num_kv_heads": math.gcd(heads, model.num_kv_heads),
            "ffn_size": max(1, model.ffn_size // ratio),
        }
    )
    moved = Space(
        phase,
        space.rate_low * ratio,
        space.rate_high * ratio,
        (space.start.batch_sequences,),
        f"{space.source}; rates times {ratio} for the narrow model, batch as planned",
        Settings(space.start.learning_rate * ratio, space.start.batch_sequences),
    )
    scale = Scale(ratio, model.hidden_size // ratio, model.hidden_size)
    return plan.model_copy(update={"model": small}), moved, scale


def _fits(model: Architecture, ratio: int) -> bool:
    return model.num_heads % ratio == 0 and model.hidden_size // ratio >= SMALLEST_HIDDEN_SIZE
