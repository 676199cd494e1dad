"""The time of one trained token, term by term, against arithmetic by hand."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.core.compute import accelerator_hours, attention_flop_per_token, flop_per_token
from advisor.core.training import TrainingFit, TrainingLoad, sustained_flop_per_s, token_time_s

FIT = TrainingFit(
    matmul_efficiency_fraction=0.5,
    attention_efficiency_ratio=0.4,
    activation_traffic_factor=10.0,
    exposed_communication_fraction=0.25,
    layer_overhead_s=0.0,
    low_precision_gain_ratio=1.6,
    expert_width_half=1000.0,
    software_gain_per_year=0.05,
)
INF = float("inf")
ALONE = TrainingLoad(
    matmul_flop=6e9,
    attention_flop=0.0,
    shared_params=1e9,
    trained_params=1e9,
    streamed_bytes=0.0,
    num_layers=10,
    hidden_size=1000,
    vocab_size=5000,
    expert_width=INF,
    software_years=0.0,
    halvings=0.0,
    recomputed=0.0,
    tokens_per_micro_step=1000.0,
    tokens_per_step=4000.0,
    devices=1,
    sustained_flop_per_s=1e14,
    bandwidth_bytes_per_s=INF,
    tensor_parallel_devices=1,
    server_link_bytes_per_s=INF,
    network_bytes_per_s=INF,
)
"""One device whose memory and links are infinitely fast: only the products are left."""
COMPUTE_S = 1.2e-4
"""6e9 FLOP / (0.5 * 1e14 FLOP/s)."""


def seconds(fit=FIT, **changes):
    return float(token_time_s(replace(ALONE, **changes), fit))


def test_infinite_bandwidth_and_links_leave_only_the_products():
    assert seconds() == pytest.approx(COMPUTE_S)
    assert seconds(devices=8, tensor_parallel_devices=8) == pytest.approx(COMPUTE_S)


def test_attention_runs_at_its_own_efficiency():
    """1e9 FLOP / (0.5 * 0.4 * 1e14) = 5e-5 s on top."""
    assert seconds(attention_flop=1e9) == pytest.approx(COMPUTE_S + 5e-5)


def test_full_recomputation_costs_four_thirds_of_products_and_attention():
    assert seconds(recomputed=1.0) == pytest.approx(COMPUTE_S * 4 / 3)
    assert seconds(recomputed=1.0, attention_flop=1e9) == pytest.approx((COMPUTE_S + 5e-5) * 4 / 3)


def test_each_halving_of_the_bits_speeds_products_up_by_the_gain_and_leaves_attention():
    assert seconds(halvings=1.0) == pytest.approx(COMPUTE_S / 1.6)
    assert seconds(halvings=2.0) == pytest.approx(COMPUTE_S / 1.6**2)
    assert seconds(halvings=1.0, attention_flop=1e9) == pytest.approx(COMPUTE_S / 1.6 + 5e-5)


def test_experts_of_the_half_width_run_at_half_the_speed():
    """x = f / (f + 1000): 1/2 at 1000, 3/4 at 3000, 1 for dense models."""
    assert seconds(expert_width=1000.0) == pytest.approx(2 * COMPUTE_S)
    assert seconds(expert_width=3000.0) == pytest.approx(COMPUTE_S * 4 / 3)


def test_software_of_two_years_later_is_faster_by_the_gain_of_two_years():
    assert seconds(software_years=2.0) == pytest.approx(COMPUTE_S / np.exp(0.1))
    assert seconds(software_years=-2.0) == pytest.approx(COMPUTE_S * np.exp(0.1))


def test_activations_and_logits_move_over_the_memory_once_per_token():
    """(2 * 10 * 10 layers * 1000 + 20 * 5000) bytes = 300,000; at 1e10 bytes/s 3e-5 s; the optimiser's 32e9 bytes
    over 4000 tokens are 8e-4 s."""
    assert seconds(bandwidth_bytes_per_s=1e10) == pytest.approx(COMPUTE_S + 3e-5 + 8e-4)


def test_the_optimiser_is_shared_by_the_devices_and_paid_once_a_step():
    """Without layers' traffic: 32e9 bytes / (4 devices * 1e10 * 4000 tokens) = 2e-4 s; half with twice the step."""
    bare = {"bandwidth_bytes_per_s": 1e10, "hidden_size": 0, "vocab_size": 0, "devices": 4}
    assert seconds(**bare) == pytest.approx(COMPUTE_S + 2e-4)
    assert seconds(**bare, tokens_per_step=8000.0) == pytest.approx(COMPUTE_S + 1e-4)
    assert seconds(**bare, trained_params=0.0) == pytest.approx(COMPUTE_S)


def test_unpacking_quantised_weights_is_paid_once_a_pass():
    """4e9 bytes / (1e10 bytes/s * 1000 tokens) = 4e-4 s."""
    bare = {"bandwidth_bytes_per_s": 1e10, "hidden_size": 0, "vocab_size": 0, "trained_params": 0.0}
    assert seconds(**bare, streamed_bytes=4e9) == pytest.approx(COMPUTE_S + 4e-4)


def test_launching_kernels_costs_small_passes_more():
    """10 layers * 5 ms / 1000 tokens = 5e-5 s; ten times that with passes of 100 tokens."""
    fit = replace(FIT, layer_overhead_s=0.005)
    assert seconds(fit) == pytest.approx(COMPUTE_S + 5e-5)
    assert seconds(fit, tokens_per_micro_step=100.0) == pytest.approx(COMPUTE_S + 5e-4)


def test_one_device_talks_to_nobody_however_slow_its_links_are():
    slow = {"network_bytes_per_s": 1.0, "server_link_bytes_per_s": 1.0}
    assert seconds(**slow) == pytest.approx(COMPUTE_S)
    assert seconds(**slow, devices=2) > 100


def test_gathered_weights_show_the_exposed_share_until_they_outlast_the_compute():
    """3 * 2 * 1e9 bytes / (1e11 * 1000) = 6e-5 s, below the compute: a quarter shows, 1.5e-5.
    At 1e10 bytes/s 6e-4 s: a quarter plus three quarters of what is beyond the compute, 1.5e-4 + 0.75 * 4.8e-4."""
    assert seconds(devices=16, network_bytes_per_s=1e11, server_link_bytes_per_s=1.0) == pytest.approx(
        COMPUTE_S + 1.5e-5
    )
    assert seconds(devices=16, network_bytes_per_s=1e10, server_link_bytes_per_s=1.0) == pytest.approx(
        COMPUTE_S + 1.5e-4 + 3.6e-4
    )


def test_shared_products_win_where_gathering_weights_would_take_longer():
    """16 * 8 devices * 1000 * 10 layers bytes / 1e11 = 1.28e-5 s, a quarter of it shows."""
    got = seconds(devices=8, tensor_parallel_devices=8, server_link_bytes_per_s=1e11, network_bytes_per_s=1.0)
    assert got == pytest.approx(COMPUTE_S + 1.28e-5 / 4)


def test_one_value_and_a_hundred_thousand_draws_go_through_one_function():
    draws = np.random.default_rng(7).uniform(0.3, 0.8, 100_000)
    load = replace(ALONE, attention_flop=1e9, bandwidth_bytes_per_s=1e12, devices=8, network_bytes_per_s=1e10)
    many = token_time_s(load, replace(FIT, matmul_efficiency_fraction=draws))
    assert many.shape == (100_000,)
    for at in (0, 99_999):
        one = float(token_time_s(load, replace(FIT, matmul_efficiency_fraction=float(draws[at]))))
        assert many[at] == pytest.approx(one, rel=1e-12)


def test_loads_down_and_coefficients_across_give_a_table():
    loads = replace(ALONE, matmul_flop=np.array([[6e9], [12e9]]))
    table = token_time_s(loads, replace(FIT, matmul_efficiency_fraction=np.array([[0.5, 0.25, 1.0]])))
    np.testing.assert_allclose(table, [[1.2e-4, 2.4e-4, 0.6e-4], [2.4e-4, 4.8e-4, 1.2e-4]])


def test_a_part_at_a_quarter_of_the_power_holds_half_the_rate_and_more_power_gives_nothing():
    """1e15 * 0.8 * sqrt(1/4) = 4e14; the square root is of at most 1."""
    assert sustained_flop_per_s(1e15, achievable_fraction=0.8, power_limit_ratio=0.25) == pytest.approx(4e14)
    assert sustained_flop_per_s(1e15, achievable_fraction=0.8, power_limit_ratio=1.3) == pytest.approx(8e14)
    assert sustained_flop_per_s(1e15, achievable_fraction=0.8) == pytest.approx(8e14)


def test_work_of_each_phase_per_token():
    """N = 10, adapters 1, reference 4: 60; 4 * 10 + 6 = 46; a pair's reference reads 2 * 10 or 2 * 4 more."""
    assert flop_per_token(10, trained="all") == 60
    assert flop_per_token(10, trained="adapters", adapter_params=1) == 46
    assert flop_per_token(10, trained="all", phase="reward") == 60
    assert flop_per_token(10, trained="all", phase="preference") == 80
    assert flop_per_token(10, trained="all", phase="reinforcement", reference_params=4) == 68
    assert flop_per_token(10, trained="adapters", phase="preference") == 60


@pytest.mark.parametrize(
    ("params", "embedding", "seq_len", "tokens", "plain", "full", "causal"),
    [
        (6.738e9, 32_000 * 4096, 4096, 2e12, 8.09e22, 9.22e22, 8.57e22),
        (8.030e9, 128_256 * 4096, 8192, 15e12, 7.23e23, 8.69e23, 7.72e23),
    ],
    ids=["llama-2-7b", "llama-3.1-8b"],
)
def test_work_of_whole_runs_is_what_independent_calculators_count(
    params, embedding, seq_len, tokens, plain, full, causal
):
    """6 * 6.738e9 * 2e12 = 8.09e22. With attention the input embedding is left out, since it is looked up and not
    multiplied with: 6 * (6.738e9 - 0.131e9) + 6 * 32 * 4096 * 4096 per token is 8.57e22 causal."""
    assert flop_per_token(params, trained="all") * tokens == pytest.approx(plain, rel=2e-3)
    work = flop_per_token(params - embedding, trained="all")
    whole = attention_flop_per_token(32, 4096, seq_len, causal=False)
    past = attention_flop_per_token(32, 4096, seq_len)
    assert (work + whole) * tokens == pytest.approx(full, rel=2e-3)
    assert (work + past) * tokens == pytest.approx(causal, rel=2e-3)


def test_device_hours_are_work_over_peak_and_utilisation():
    """3.6e18 FLOP / (1e15 * 0.5 * 3600) = 2 h."""
    assert accelerator_hours(3.6e18, 1e15, 0.5) == pytest.approx(2.0)
