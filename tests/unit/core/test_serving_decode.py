"""The decode step and the prompt against arithmetic by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_examples import BF16, FIT, FP8, H100, LATENT, LLAMA_8B, MIXTURE, ONE

from advisor.core import decode, prefill
from advisor.core.decode import Device, Layout, NumberFormat
from advisor.core.shapes import ModelShape


def step(model=LLAMA_8B, device=H100, form=BF16, layout=ONE, fit=FIT, batch=1.0, context=1000.0, drafted=0.0):
    return decode.decode_step_s(model, device, form, layout, fit, batch=batch, context=context, drafted=drafted)


@pytest.mark.parametrize(("layers", "kv_heads", "expected"), [(32, 32, 524_288), (32, 8, 131_072), (80, 8, 327_680)])
def test_keys_and_values_per_token_match_the_known_models(layers, kv_heads, expected):
    """Llama-2-7B, Llama-3.1-8B, Llama-2-70B in bf16, head dimension 128: 2 L n d 2 bytes."""
    model = ModelShape(1e9, 1e9, layers, 4096, 32, kv_heads, 128, 1, 1)
    assert decode.cache_bytes(model, BF16, 1.0) == expected


def test_a_latent_cache_keeps_576_numbers_a_layer():
    """61 layers x 576 numbers x 2 bytes = 70,272 bytes per token."""
    assert decode.cache_bytes(LATENT, BF16, 1.0) == 70_272


def test_layers_with_a_window_keep_the_window_alone():
    """Half of the layers keep 128 of 1,000 tokens: 131,072 x (0.5 x 1,000 + 0.5 x 128) bytes."""
    model = replace(LLAMA_8B, sliding_window_tokens=128, sliding_layer_fraction=0.5)
    assert decode.cache_bytes(model, BF16, 1000.0) == pytest.approx(131_072 * 564)
    assert decode.cache_bytes(model, BF16, 100.0) == pytest.approx(131_072 * 100)


def test_a_step_of_one_sequence_is_launches_weights_cache_and_work():
    """0.4 ms + 32 x 0.05 ms + 0.02 ms + (8.03e9 - 128256 x 4096) x 2 / 2.68e12 + cache + 2 x 7.505e9 / 494.5e12."""
    params = 8.03e9 - 128256 * 4096
    by_hand = (
        4e-4
        + 32 * 5e-5
        + 2e-5
        + params * 2 / (0.8 * 3.35e12)
        + 1000 * 131072 / (0.8 * 0.9 * 3.35e12)
        + 2 * params / (0.5 * 989e12)
    )
    assert step() == pytest.approx(by_hand)
    assert 7e-3 < step() < 8e-3


def test_reading_and_computing_side_by_side_take_less_than_one_after_the_other():
    assert step(batch=256.0, fit=replace(FIT, overlap_exponent=2.0)) < step(batch=256.0)


def test_two_sequences_of_eight_out_of_128_experts_touch_12_percent():
    """1 - (1 - 1/16)^2 = 0.1211; dense models touch everything."""
    assert decode.touched_fraction(MIXTURE, 2.0) == pytest.approx(1 - (15 / 16) ** 2)
    assert decode.touched_fraction(LLAMA_8B, 1.0) == 1.0


def test_parameters_in_experts_follow_from_total_and_active():
    """(30 - 3) / (1 - 8/128) = 28.8 billion."""
    assert decode.expert_params(MIXTURE) == pytest.approx(28.8e9)
    assert decode.expert_params(LLAMA_8B) == 0.0


def test_half_full_tiles_halve_the_efficiency_of_experts():
    """128 tokens over 128 experts of which all but 0.03 % are touched: about 8 tokens each, the tile constant."""
    assert decode.expert_share(MIXTURE, FIT, 128.0) == pytest.approx(0.25, rel=1e-2)
    assert decode.expert_share(MIXTURE, FIT, 1e6) == pytest.approx(0.5, rel=1e-2)


def test_a_narrow_peak_twice_as_high_is_worth_two_to_the_power_of_0_6():
    assert decode.usable_peak(H100, FP8, FIT) == pytest.approx(989e12 * (1979 / 989) ** 0.6)
    without = replace(H100, peak_fp8_flop_per_s=None)
    assert decode.usable_peak(without, FP8, FIT) == 989e12


def test_packed_weights_of_four_and_a_half_bits_take_0_5625_bytes():
    q4 = NumberFormat("q4_0", 0.5625)
    assert decode.weight_bytes(LLAMA_8B, q4) == pytest.approx(8.03e9 * 0.5625)
    kept = replace(q4, keeps_embeddings=True)
    tables = 2 * 128256 * 4096
    assert decode.weight_bytes(LLAMA_8B, kept) == pytest.approx((8.03e9 - tables) * 0.5625 + tables * 2)


def test_a_ceiling_as_high_as_the_rate_costs_a_factor_of_root_two():
    fit = replace(FIT, ceiling_flop_per_s=0.5 * 989e12)
    assert decode.product_rate(H100, BF16, fit, 0.5) == pytest.approx(0.5 * 989e12 / np.sqrt(2))


def test_an_exchange_between_two_devices_moves_each_activation_once_per_reduction():
    """2 x 32 reductions x 2 (g-1)/g 100 tokens x 4,096 x 2 bytes over 0.5 x 450 GB/s."""
    got = decode.exchange_s(LLAMA_8B, H100, Layout(2), FIT, 100.0)
    assert got == pytest.approx(2 * 32 * 100 * 4096 * 2 / (0.5 * 450e9))
    assert decode.exchange_s(LLAMA_8B, H100, ONE, FIT, 100.0) == 0.0


def test_a_latent_cache_is_copied_by_tensor_parallel_and_split_by_sequences():
    assert decode.cache_shards(LATENT, Layout(8)) == 1
    assert decode.cache_shards(LATENT, Layout(8, attention_is_split=False)) == 8
    assert decode.cache_shards(LLAMA_8B, Layout(16)) == 8


def test_layers_over_two_stages_take_as_long_as_on_one_device():
    """One sequence meets one stage after the other."""
    assert step(layout=Layout(2, stages=2)) == pytest.approx(step())
    assert step(layout=Layout(2, stages=2), batch=64.0) == pytest.approx(step(batch=32.0))


def test_a_prompt_of_1000_tokens_takes_its_products_and_its_attention():
    """2 x 7.505e9 x 1,000 + 2 x 32 x 4,096 x 1e6 = 1.527e13 FLOP, over half of 989e12."""
    flop = 2 * (8.03e9 - 128256 * 4096) * 1000 + 2 * 32 * 4096 * 1e6
    assert prefill.prefill_flop(LLAMA_8B, 1000.0) == pytest.approx(flop)
    got = prefill.prefill_s(LLAMA_8B, H100, BF16, ONE, FIT, input_tokens=1000.0)
    assert got == pytest.approx(flop / (0.5 * 989e12))


def test_a_cached_prefix_is_not_computed_again_but_still_attended_to():
    """Half cached: half of the products, three quarters of the pairs."""
    whole, half = (prefill.prefill_flop(LLAMA_8B, 1000.0, share) for share in (0.0, 0.5))
    products, pairs = 2 * (8.03e9 - 128256 * 4096) * 1000, 2 * 32 * 4096 * 1e6
    assert whole == pytest.approx(products + pairs)
    assert half == pytest.approx(products / 2 + pairs * 0.75)


def test_the_last_token_of_a_cached_prompt_is_computed_all_the_same():
    """One token against 1,000: its products, and 1,000^2 - 999^2 = 1,999 pairs."""
    flop = 2 * (8.03e9 - 128256 * 4096) + 2 * 32 * 4096 * 1999
    assert prefill.prefill_flop(LLAMA_8B, 1000.0, 1.0) == pytest.approx(flop)


batches, contexts = st.floats(1, 4096), st.floats(1, 1e5)


@given(batches, contexts, st.floats(1.0, 4.0))
def test_more_bandwidth_is_never_slower(batch, context, factor):
    wide = Device(989e12, 3.35e12 * factor, 80e9, 1979e12, None, 900e9)
    assert step(device=wide, batch=batch, context=context) <= step(batch=batch, context=context)


@given(batches, contexts, st.floats(1.0, 4.0), st.sampled_from([LLAMA_8B, MIXTURE, LATENT]))
def test_a_larger_batch_gives_more_tokens_a_second_and_a_longer_step(batch, context, factor, model):
    small, large = (step(model, batch=b, context=context) for b in (batch, batch * factor))
    assert large >= small
    assert batch * factor / large >= batch / small * (1 - 1e-9)


@given(batches, contexts, st.sampled_from([1, 2, 4, 8]), st.sampled_from([LLAMA_8B, MIXTURE, LATENT]))
def test_one_value_and_an_array_of_draws_agree(batch, context, devices, model):
    layout = Layout(devices)
    fit = replace(FIT, bandwidth_efficiency=np.array([0.7, 0.8, 0.9]))
    many = step(model, layout=layout, fit=fit, batch=np.full(3, batch), context=context)
    assert many.shape == (3,)
    assert many[1] == pytest.approx(float(step(model, layout=layout, batch=batch, context=context)))
    assert many[0] > many[1] > many[2]
