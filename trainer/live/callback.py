"""What the live view needs of a training loop beyond its steps: the FLOP that a token costs, and figures for trackers.

Enter at `LiveCallback`.
"""

from typing import Any

from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from trainer.live.view import Live
from trainer.phases.common import matmul_params

TRACKED = ("tokens_per_s", "flop_per_s", "mfu_fraction", "power_w", "energy_kwh", "cost")


class LiveCallback(TrainerCallback):
    """Tells the view how large the model is, and adds its figures to what the trackers are given."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: PreTrainedModel | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Count the parameters."""
        self._live.sized(flop_per_token(model) if model is not None else None)
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Put the known figures beside the logged ones, for the callbacks behind this one."""
        if logs is not None:
            status = self._live.status()
            known = {f"live/{name}": getattr(status, name) for name in TRACKED}
            logs.update({name: value for name, value in known.items() if value is not None})
        return control


def flop_per_token(model: PreTrainedModel) -> float | None:
    """Model FLOP of one token's forward and backward pass.

    F = 6 N, or 4 N where adapters alone are trained; N: parameters in matrix products, adapters left out.
    units: FLOP. source: Kaplan et al. 2020 (arXiv 2001.08361). Valid for decoders whose weights are stored one by one;
    None for an encoder-decoder, whose tokens meet one half each, and for weights packed in fewer numbers.
    """
    packed = any(not parameter.is_floating_point() for parameter in model.parameters())
    if packed or getattr(model.config, "is_encoder_decoder", False):
        return None
    adapters = sum(weight.numel() for name, weight in model.named_parameters() if "lora_" in name and weight.ndim >= 2)
    return (4.0 if adapters else 6.0) * (matmul_params(model) - adapters)
