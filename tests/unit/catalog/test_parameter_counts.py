"""Parameter counts against the figures that model cards print."""

import pytest

from advisor.core.parameters import decoder_active_parameters, decoder_parameters

LLAMA_2_7B = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "num_layers": 32,
    "num_heads": 32,
    "num_kv_heads": 32,
    "head_dim": 128,
    "ffn_size": 11008,
    "tied_embeddings": False,
}
LLAMA_3_1_8B = LLAMA_2_7B | {"vocab_size": 128256, "num_kv_heads": 8, "ffn_size": 14336}
LLAMA_2_70B = LLAMA_2_7B | {
    "hidden_size": 8192,
    "num_layers": 80,
    "num_heads": 64,
    "num_kv_heads": 8,
    "ffn_size": 28672,
}
GPT_OSS_120B = {
    "vocab_size": 201088,
    "hidden_size": 2880,
    "num_layers": 36,
    "num_heads": 64,
    "num_kv_heads": 8,
    "head_dim": 64,
    "ffn_size": 2880,
    "num_experts": 128,
}


@pytest.mark.parametrize(
    ("configuration", "card"),
    [(LLAMA_2_7B, 6.738e9), (LLAMA_3_1_8B, 8.030e9), (LLAMA_2_70B, 68.977e9)],
    ids=["Llama-2-7B", "Llama-3.1-8B", "Llama-2-70B"],
)
def test_dense_decoders_agree_with_their_cards_to_four_digits(configuration, card):
    assert decoder_parameters(**configuration) == pytest.approx(card, rel=1e-4)


def test_a_small_decoder_counted_by_hand():
    """V=10, h=4, one layer, two heads of 2, one kv head, f=6.

    Embeddings 2 x 40; attention 2 x 4 x 2 x (2+1) = 48; feed-forward 3 x 4 x 6 = 72; norms 2 x 4 + 4 = 12: 212.
    """
    small = {
        "vocab_size": 10,
        "hidden_size": 4,
        "num_layers": 1,
        "num_heads": 2,
        "num_kv_heads": 1,
        "head_dim": 2,
        "ffn_size": 6,
    }
    assert decoder_parameters(**small, tied_embeddings=False) == 212
    assert decoder_parameters(**small, tied_embeddings=True) == 212 - 40
    assert decoder_parameters(**small, tied_embeddings=False, gated_ffn=False) == 212 - 24
    assert decoder_parameters(**small, tied_embeddings=False, num_experts=3) == 212 + 2 * 72 + 3 * 4


def test_a_mixture_of_experts_agrees_with_its_card_in_total_and_per_token():
    """gpt-oss-120b: 116.8 billion, 5.13 billion active (experts, attention, output head; not the input embedding)."""
    assert decoder_parameters(**GPT_OSS_120B, tied_embeddings=False) == pytest.approx(116.83e9, rel=1e-3)
    assert decoder_active_parameters(**GPT_OSS_120B, experts_per_token=4) == pytest.approx(5.13e9, rel=1e-3)


def test_all_experts_active_is_the_whole_model_without_the_input_embedding():
    everything = decoder_parameters(**GPT_OSS_120B, tied_embeddings=False)
    embedding = GPT_OSS_120B["vocab_size"] * GPT_OSS_120B["hidden_size"]
    assert decoder_active_parameters(**GPT_OSS_120B, experts_per_token=128) == everything - embedding


@pytest.mark.parametrize(
    "field", ["vocab_size", "hidden_size", "num_layers", "num_heads", "num_kv_heads", "head_dim", "ffn_size"]
)
def test_each_dimension_adds_parameters(field):
    assert decoder_parameters(**LLAMA_2_7B | {field: LLAMA_2_7B[field] * 2}) > decoder_parameters(**LLAMA_2_7B)
