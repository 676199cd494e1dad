"""Peak memory of training, term by term, against arithmetic by hand and the table of the ZeRO paper."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.memory import MemoryFit, MemoryPlan, activation_bytes, lightest_plan, training_memory_bytes
from advisor.core.shapes import ModelShape

SHAPE = ModelShape(
    params=1000.0,
    active_params=1000.0,
    num_layers=5,
    hidden_size=10,
    num_heads=2,
    num_kv_heads=2,
    head_dim=5,
    ffn_size=30,
    vocab_size=20,
)
FIT = MemoryFit(
    hidden_bytes_per_token=10.0,
    logit_bytes=8.0,
    quantised_activation_ratio=1.5,
    fragmentation_ratio=1.0,
    fixed_bytes=0.0,
    quantised_bytes_per_param=0.5,
)
PLAN = MemoryPlan("full", "adamw", "none", "none", 1, 0.0)
LAYER = 10 * 10 + 2 * 2 * 10 + 2 * 4 * 30
"""Bytes that a token leaves in one layer: 100, keys and values of 10 in 16 bit, and four tensors of width 30 in the
feed-forward block."""


def peak(plan=PLAN, fit=FIT, shape=SHAPE, **changes):
    return float(training_memory_bytes(shape, replace(plan, **changes), fit))


@pytest.mark.parametrize(("sharding", "gigabytes"), [("none", 120.0), ("zero1", 31.4), ("zero2", 16.6), ("zero3", 1.9)])
def test_states_of_7_5_billion_parameters_on_64_devices_are_those_of_the_zero_paper(sharding, gigabytes):
    """arXiv:1910.02054, figure 1: 16 N; 4 N + 12 N / 64; 2 N + 14 N / 64; 16 N / 64. Gathered layers left out."""
    shape = replace(SHAPE, params=7.5e9, active_params=7.5e9)
    fit = replace(FIT, fragmentation_ratio=0.0)
    got = peak(fit=fit, shape=shape, sharding=sharding, devices=64) / 1e9
    assert got == pytest.approx(gigabytes, abs=0.05)


@pytest.mark.parametrize(
    ("optimizer", "bytes_per_param"),
    [("adamw", 16), ("adamw_bf16", 8), ("adamw_8bit", 6), ("adamw_paged", 4), ("adamw_fused", 2), ("sgd", 4)],
)
def test_bytes_per_parameter_of_each_optimiser(optimizer, bytes_per_param):
    """2 for weights, 2 for gradients (none where layers are updated at once), and the states."""
    assert peak(optimizer=optimizer) == pytest.approx(1000 * bytes_per_param)


def test_weights_loaded_in_32_bit_take_two_bytes_more():
    assert peak(weight_bytes_per_param=4.0) - peak() == pytest.approx(2000)


def test_adapters_pay_states_for_themselves_alone():
    """2 * 1000 for the frozen weights, 16 * 7 for the adapters."""
    assert peak(method="lora", adapter_params=7.0) == pytest.approx(2000 + 112)


def test_four_bit_weights_keep_their_embeddings_in_16_bit():
    """Embedding and head: 2 * 20 * 10 = 400 parameters in 2 bytes, 600 in half a byte, adapters 112."""
    assert peak(method="qlora", adapter_params=7.0) == pytest.approx(800 + 300 + 112)
    tied = replace(SHAPE, tied_embeddings=True)
    assert peak(shape=tied, method="qlora") == pytest.approx(400 + 400)


def test_activations_are_tokens_times_layers_times_what_a_layer_keeps():
    """3 tokens * 5 layers * 380 bytes, and logits 3 * 20 * 8."""
    assert peak(micro_tokens=3.0) - peak() == pytest.approx(3 * 5 * LAYER + 480)


def test_plain_feed_forward_blocks_keep_two_tensors_and_experts_those_of_the_chosen_ones():
    plain = replace(SHAPE, gated_ffn=False)
    assert activation_bytes(plain, replace(PLAN, micro_tokens=1.0), FIT) == pytest.approx(5 * (140 + 2 * 2 * 30))
    experts = replace(SHAPE, num_experts=8, experts_per_token=2)
    assert activation_bytes(experts, replace(PLAN, micro_tokens=1.0), FIT) == pytest.approx(5 * (140 + 2 * 4 * 60))


def test_recomputation_keeps_the_inputs_and_one_layer_or_half_of_everything():
    """Full: 2 bytes * 3 tokens * 5 layers * 10 + one layer of 3 * 380; selective: half of 5,700."""
    whole = peak(micro_tokens=3.0)
    assert whole - peak(micro_tokens=3.0, recompute="full") == pytest.approx(5700 - (300 + 1140))
    assert whole - peak(micro_tokens=3.0, recompute="selective") == pytest.approx(2850)


def test_tensor_parallel_divides_weights_activations_and_logits():
    assert peak(micro_tokens=3.0, tensor_parallel=4, devices=4) == pytest.approx(peak(micro_tokens=3.0) / 4)


def test_the_loss_in_chunks_divides_the_logits_alone():
    """480 bytes of logits become 60."""
    assert peak(micro_tokens=3.0) - peak(micro_tokens=3.0, logit_chunks=8) == pytest.approx(420)


def test_activations_over_quantised_weights_are_larger_by_their_ratio():
    adapters = peak(method="lora", micro_tokens=3.0) - peak(method="lora")
    quantised = peak(method="qlora", micro_tokens=3.0) - peak(method="qlora")
    assert quantised - adapters == pytest.approx(0.5 * 5700)


def test_sharded_weights_gather_one_layer_and_its_gradient():
    """4 bytes * 1000 / 5 layers = 800 on top of 16,000 / 4; nothing is gathered on one device."""
    assert peak(sharding="zero3", devices=4) == pytest.approx(4000 + 800)
    assert peak(sharding="zero3", devices=1) == pytest.approx(16_000)


def test_fragmentation_stretches_what_comes_and_goes_and_the_driver_is_fixed():
    loose = replace(FIT, fragmentation_ratio=1.25, fixed_bytes=77.0)
    assert peak(fit=loose, micro_tokens=3.0) == pytest.approx(16_000 + 1.25 * (5700 + 480) + 77)


def test_an_encoder_keeps_activations_too():
    pair = replace(SHAPE, encoder_layers=5)
    assert activation_bytes(pair, replace(PLAN, micro_tokens=1.0), FIT) == pytest.approx(10 * LAYER)


def test_one_value_and_a_hundred_thousand_draws_go_through_one_function():
    draws = np.random.default_rng(5).uniform(10, 20, 100_000)
    plan = replace(PLAN, micro_tokens=3.0)
    many = training_memory_bytes(SHAPE, plan, replace(FIT, hidden_bytes_per_token=draws))
    assert many.shape == (100_000,)
    for at in (0, 99_999):
        assert many[at] == pytest.approx(peak(plan, replace(FIT, hidden_bytes_per_token=float(draws[at]))), rel=1e-12)


def lightest(memory_bytes, **options):
    wanted = replace(PLAN, micro_tokens=3.0)
    choices = {"optimizers": ("adamw", "adamw_8bit"), "recomputes": ("none", "full")} | options
    return lightest_plan(SHAPE, wanted, FIT, memory_bytes=memory_bytes, **choices)


def test_a_run_that_just_fits_is_left_in_comfort_and_one_byte_less_takes_the_next_layout():
    """16,000 + 5,700 + 480 = 22,180 bytes fill 95 % of 23,347.4."""
    assert lightest(23_348.0).optimizer == "adamw"
    assert lightest(23_347.0).optimizer == "adamw_8bit"


def test_smaller_states_come_before_recomputation_and_that_before_chunks():
    """6 N + 6,180 = 12,180 bytes; with recomputation 6,000 + 1,440 + 480 = 7,920; with chunks 7,500."""
    assert lightest(12_180 / 0.95 + 1).recompute == "none"
    again = lightest(12_180 / 0.95 - 1)
    assert (again.optimizer, again.recompute) == ("adamw_8bit", "full")
    chunked = lightest(7_920 / 0.95 - 1, logit_chunks=(1, 8))
    assert (chunked.recompute, chunked.logit_chunks, chunked.tensor_parallel) == ("full", 8, 1)


def test_a_model_is_split_last_and_the_lightest_layout_stands_where_none_fits():
    split = lightest(6_000.0, most_parallel=4)
    assert split.tensor_parallel == 2
    none = lightest(1.0, most_parallel=4)
    assert (none.optimizer, none.recompute, none.tensor_parallel) == ("adamw_8bit", "full", 4)


def test_without_a_known_memory_the_most_comfortable_layout_stands():
    assert lightest(None) == replace(PLAN, micro_tokens=3.0)
