"""The model that training starts from: random weights of the planned architecture, or a base model.

Enter at `start_model`. Weights are read from safetensors alone, and no code that a model brings along is run.
"""

from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from advisor.contracts.errors import BadInput
from advisor.contracts.phases import ModelFamily
from advisor.contracts.plan import Architecture
from trainer.phases.architectures import build
from trainer.phases.common import PhaseContext
from trainer.plan import base_model_name

AUTO: dict[ModelFamily, Any] = {
    "decoder": AutoModelForCausalLM,
    "masked": AutoModelForMaskedLM,
    "seq2seq": AutoModelForSeq2SeqLM,
}
UNLIMITED = 1_000_000


def start_model(
    context: PhaseContext, tokenizer: PreTrainedTokenizerBase, *, four_bits: bool = False
) -> PreTrainedModel:
    """Random weights, or the base model; seed before calling."""
    source = context.plan.model
    if isinstance(source, Architecture):
        return build(source, tokenizer)
    name = str(base_model_name(context.plan, context.base))
    return load_model(name, family=source.family, four_bits=four_bits)


def load_model(name: str, *, family: ModelFamily = "decoder", four_bits: bool = False) -> PreTrainedModel:
    """A model from a directory or the hub, in float32.

    Raises:
        BadInput: its weights cannot be loaded, or four bits are asked of a machine without the means.
    """
    more: dict[str, Any] = {"dtype": torch.float32}
    if four_bits:
        more = {"dtype": torch.bfloat16, "quantization_config": _four_bits()}
    try:
        return AUTO[family].from_pretrained(name, use_safetensors=True, trust_remote_code=False, **more)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"model.model: the weights of {name!r} cannot be loaded ({str(error).strip().splitlines()[0]})"
        ) from error


def context_tokens(config: Any) -> int:
    """Longest sequence of a model; T5's positions are relative and end nowhere."""
    for name in ("max_position_embeddings", "n_positions"):
        found = getattr(config, name, None)
        if found:
            return int(found)
    return UNLIMITED


def _four_bits() -> BitsAndBytesConfig:
    """Four-bit weights as in QLoRA (Dettmers et al. 2023, arXiv 2305.14314): NF4, scales quantised once more."""
    if not torch.cuda.is_available():
        raise BadInput("phases.sft.lora.quantize_4bit: needs an NVIDIA GPU, and this machine has none; set it to false")
    try:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    except ImportError as error:
        raise BadInput(f"phases.sft.lora.quantize_4bit: {error}; pip install bitsandbytes") from error
