"""Parameter counts by formula agree with the real model, and with what its files say."""

import pytest

from advisor.contracts.plan import (
    Architecture,
    BaseModelSource,
    DataPlan,
    PhasesPlan,
    PretrainPhase,
    RlPhase,
    TrainingPlan,
)
from trainer.sizes import activation_bytes, architecture_parameters, outlook_of, stored_parameters

SIZES = [
    Architecture(
        vocab_size=512, hidden_size=16, num_layers=1, num_heads=2, num_kv_heads=1, ffn_size=32, context_tokens=64
    ),
    Architecture(
        vocab_size=300, hidden_size=24, num_layers=3, num_heads=4, num_kv_heads=4, ffn_size=40, context_tokens=32
    ),
    Architecture(
        vocab_size=999, hidden_size=32, num_layers=2, num_heads=8, num_kv_heads=2, ffn_size=96, context_tokens=16
    ),
]


def llama(size):
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=size.vocab_size,
            hidden_size=size.hidden_size,
            intermediate_size=size.ffn_size,
            num_hidden_layers=size.num_layers,
            num_attention_heads=size.num_heads,
            num_key_value_heads=size.num_kv_heads,
            max_position_embeddings=size.context_tokens,
            tie_word_embeddings=False,
        )
    )


@pytest.mark.parametrize("size", SIZES)
def test_the_formula_counts_what_the_real_model_has(size):
    assert architecture_parameters(size) == sum(weight.numel() for weight in llama(size).parameters())


def test_the_files_headers_tell_the_number_of_parameters(tmp_path):
    llama(SIZES[0]).save_pretrained(tmp_path)
    assert stored_parameters(tmp_path) == architecture_parameters(SIZES[0])


def test_the_output_head_counts_for_compute_and_the_look_up_table_does_not():
    """V h + L (2 h^2 + 2 h^2 kv/heads + 3 h f) = 512*16 + 2*256 + 2*128 + 3*16*32 = 10,496 without norms."""
    from transformers import LlamaForSequenceClassification

    from trainer.phases.common import matmul_params

    model = llama(SIZES[0])
    assert matmul_params(model) == 512 * 16 + 2 * 256 + 2 * 128 + 3 * 16 * 32 == 10_496
    model.config.num_labels = 1
    scorer = LlamaForSequenceClassification(model.config)
    assert matmul_params(scorer) == 16 * 1 + 2 * 256 + 2 * 128 + 3 * 16 * 32


def test_a_tied_head_counts_once_and_is_no_mere_look_up():
    from transformers import GPT2Config, GPT2LMHeadModel

    from trainer.phases.common import matmul_params

    model = GPT2LMHeadModel(GPT2Config(vocab_size=100, n_embd=8, n_layer=1, n_head=2, n_positions=16))
    blocks = sum(w.numel() for name, w in model.named_parameters() if ".h." in name and w.ndim == 2)
    assert matmul_params(model) == 100 * 8 + blocks, "positions are looked up, not multiplied"


def plan(**phases):
    return TrainingPlan(
        name="t",
        data=DataPlan.model_validate({"corpora": [{"kind": "python_reference"}]}),
        model=SIZES[0],
        phases=PhasesPlan.model_validate(phases),
    )


def test_the_outlook_counts_tokens_and_completions():
    own = plan(
        pretrain=PretrainPhase(max_steps=10, batch_sequences=4, sequence_tokens=32),
        sft={},
        reward={},
        rl=RlPhase(max_steps=5, batch_completions=8, num_generations=4),
    )
    outlook = outlook_of(own, None)
    assert (outlook.pretrain_tokens, outlook.rl_completions) == (1280, 40)
    assert outlook.memory_bytes > 24 * outlook.parameters


def test_without_its_files_the_size_of_a_base_model_is_not_known():
    own = plan(pretrain=None, sft={}).model_copy(update={"model": BaseModelSource(kind="base_model", model="a/b")})
    outlook = outlook_of(own, None)
    assert outlook.parameters is None and outlook.memory_bytes is None and outlook.pretrain_tokens is None


@pytest.mark.parametrize(("tokens", "more"), [(64, 128), (128, 1024)])
def test_more_tokens_need_more_memory(tokens, more):
    assert activation_bytes(SIZES[0], tokens, 64) < activation_bytes(SIZES[0], more, 64)
