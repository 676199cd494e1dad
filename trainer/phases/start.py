"""The model that training starts from: random weights of the planned architecture, or a base model.

Enter at `start_model`.
"""

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture
from trainer.phases.common import PhaseContext
from trainer.plan import base_model_name


def start_model(context: PhaseContext, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """Random weights, or the base model; seed before calling."""
    source = context.plan.model
    if isinstance(source, Architecture):
        return LlamaForCausalLM(llama_config(source, tokenizer))
    return load_model(str(base_model_name(context.plan, context.base)))


def llama_config(source: Architecture, tokenizer: PreTrainedTokenizerBase) -> LlamaConfig:
    """The planned architecture with the tokenizer's vocabulary, which a small corpus may leave smaller."""
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=source.hidden_size,
        intermediate_size=source.ffn_size,
        num_hidden_layers=source.num_layers,
        num_attention_heads=source.num_heads,
        num_key_value_heads=source.num_kv_heads,
        max_position_embeddings=source.context_tokens,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False,
    )


def load_model(name: str) -> PreTrainedModel:
    """A causal model from a directory or the hub, in float32.

    Raises:
        BadInput: its weights cannot be loaded.
    """
    try:
        return AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"model.model: the weights of {name!r} cannot be loaded ({str(error).strip().splitlines()[0]})"
        ) from error
