"""The count of weights against an independent program: transformers builds each model on the meta device."""

from dataclasses import fields

import pytest
import torch
import transformers

from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import base_model
from advisor.core.parameters import Sizes, total_parameters


def _common(row):
    return {
        "vocab_size": row.vocab_size,
        "hidden_size": row.hidden_size,
        "num_hidden_layers": row.num_layers,
        "num_attention_heads": row.num_heads,
    }


def _llama(row, config=transformers.LlamaConfig, **more):
    return config(
        **_common(row),
        num_key_value_heads=row.num_kv_heads,
        head_dim=row.head_dim,
        intermediate_size=more.pop("intermediate_size", row.ffn_size),
        tie_word_embeddings=row.tied_embeddings,
        **more,
    )


def _deepseek(row):
    return transformers.DeepseekV2Config(
        **_common(row),
        num_key_value_heads=row.num_kv_heads,
        intermediate_size=row.dense_ffn_size,
        moe_intermediate_size=row.ffn_size,
        n_routed_experts=row.num_experts,
        num_experts_per_tok=row.experts_per_token,
        n_shared_experts=row.shared_experts,
        first_k_dense_replace=row.dense_layers,
        q_lora_rank=row.query_latent_size,
        kv_lora_rank=row.kv_latent_size - row.rope_head_dim,
        qk_nope_head_dim=row.head_dim - row.rope_head_dim,
        qk_rope_head_dim=row.rope_head_dim,
        v_head_dim=row.value_head_dim,
    )


def _t5(row):
    return transformers.T5Config(
        vocab_size=row.vocab_size,
        d_model=row.hidden_size,
        d_kv=row.head_dim,
        d_ff=row.ffn_size,
        num_layers=row.num_layers,
        num_decoder_layers=row.num_decoder_layers,
        num_heads=row.num_heads,
    )


CONFIGURATIONS = {
    "llama-3.2-1b": _llama,
    "qwen2.5-0.5b": lambda row: _llama(row, transformers.Qwen2Config),
    "gemma-2-2b": lambda row: _llama(row, transformers.Gemma2Config),
    "mixtral-8x7b": lambda row: _llama(row, transformers.MixtralConfig, num_local_experts=row.num_experts),
    "gpt-2-124m": lambda row: transformers.GPT2Config(
        vocab_size=row.vocab_size, n_embd=row.hidden_size, n_layer=row.num_layers, n_head=row.num_heads
    ),
    "opt-125m": lambda row: transformers.OPTConfig(**_common(row), ffn_dim=row.ffn_size),
    "opt-350m": lambda row: transformers.OPTConfig(
        **_common(row), ffn_dim=row.ffn_size, word_embed_proj_dim=row.embedding_size, do_layer_norm_before=False
    ),
    "pythia-160m": lambda row: transformers.GPTNeoXConfig(**_common(row), intermediate_size=row.ffn_size),
    "phi-1.5": lambda row: transformers.PhiConfig(**_common(row), intermediate_size=row.ffn_size),
    "bloom-560m": lambda row: transformers.BloomConfig(
        vocab_size=row.vocab_size, hidden_size=row.hidden_size, n_layer=row.num_layers, n_head=row.num_heads
    ),
    "falcon-7b": lambda row: transformers.FalconConfig(**_common(row)),
    "deepseek-v2-lite": _deepseek,
    "bert-base-uncased": lambda row: transformers.BertConfig(**_common(row), intermediate_size=row.ffn_size),
    "modernbert-base": lambda row: transformers.ModernBertConfig(**_common(row), intermediate_size=row.ffn_size),
    "t5-base": _t5,
}
LEFT_OUT = {"encoder": 6e-3}
"""The pooler of an encoder; elsewhere a thousandth covers extra norms."""
AUTO = {
    "decoder": transformers.AutoModelForCausalLM,
    "encoder": transformers.AutoModel,
    "encoder_decoder": transformers.AutoModelForSeq2SeqLM,
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_count_agrees_with_the_model_that_transformers_builds(name):
    row = base_model(load_catalog(), name)
    with torch.device("meta"):
        model = AUTO[row.family].from_config(CONFIGURATIONS[name](row))
    built = sum(weights.numel() for weights in model.parameters())
    counted = total_parameters(Sizes(**{field.name: getattr(row, field.name) for field in fields(Sizes)}))
    assert counted == pytest.approx(built, rel=LEFT_OUT.get(row.family, 1e-3))
