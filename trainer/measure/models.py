"""The models that are timed, built, and what a report says of them.

Enter at `built` and `described`.
"""

from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from advisor.contracts.measurements import Precision, ProbedModel
from trainer.measure.shapes import Source
from trainer.phases.common import matmul_params
from trainer.phases.start import load_model


def built(source: Source) -> PreTrainedModel:
    """The model: a directory's weights, or random ones.

    Raises:
        BadInput: the directory's weights cannot be loaded.
    """
    if isinstance(source, Path):
        return load_model(str(source))
    config = LlamaConfig(
        vocab_size=source.vocab_size,
        hidden_size=source.hidden_size,
        intermediate_size=source.ffn_size,
        num_hidden_layers=source.num_layers,
        num_attention_heads=source.num_heads,
        num_key_value_heads=source.num_kv_heads,
        max_position_embeddings=source.context_tokens,
        bos_token_id=None,
        eos_token_id=None,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config)


def described(model: PreTrainedModel, source: Source, precision: Precision) -> ProbedModel:
    """What a report says of the model."""
    config = model.config.get_text_config()
    return ProbedModel(
        name=str(source) if isinstance(source, Path) else source.name,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        matmul_parameters=matmul_params(model),
        num_layers=config.num_hidden_layers,
        hidden_size=config.hidden_size,
        vocab_size=config.vocab_size,
        precision=precision,
    )
