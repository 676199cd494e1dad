"""The time of writing answers in reinforcement learning, against arithmetic by hand."""

import numpy as np
import pytest

from advisor.core.rollout import generation_time_s

CASE = {
    "params": 1e9,
    "active_params": 1e9,
    "num_layers": 10,
    "sequences_per_device": 4.0,
    "devices_per_replica": 1,
    "sustained_flop_per_s": 1e14,
    "bandwidth_bytes_per_s": 1e12,
    "bandwidth_efficiency_fraction": 0.5,
    "layer_overhead_s": 0.0,
}


def seconds(**changes):
    return float(generation_time_s(**(CASE | changes)))


def test_weights_stream_once_for_all_answers_of_a_device():
    """2e9 bytes / (0.5 * 1e12) = 4 ms a step, over 4 answers 1 ms; 2e9 FLOP / 1e14 = 20 us."""
    assert seconds() == pytest.approx(1e-3 + 2e-5)
    assert seconds(sequences_per_device=8.0) == pytest.approx(0.5e-3 + 2e-5)


def test_a_replica_of_four_devices_streams_a_quarter_of_the_weights_on_each():
    assert seconds(devices_per_replica=4) == pytest.approx(0.25e-3 + 2e-5)


def test_launching_the_layers_is_shared_by_the_answers_in_flight():
    """10 layers * 0.2 ms / 4 answers = 0.5 ms."""
    assert seconds(layer_overhead_s=2e-4) == pytest.approx(1.5e-3 + 2e-5)


def test_experts_stream_all_weights_and_multiply_with_the_active_ones():
    assert seconds(active_params=1e8) == pytest.approx(1e-3 + 2e-6)


def test_infinite_bandwidth_leaves_only_the_products():
    assert seconds(bandwidth_bytes_per_s=float("inf")) == pytest.approx(2e-5)


def test_one_value_and_a_hundred_thousand_draws_go_through_one_function():
    draws = np.random.default_rng(3).uniform(0.2, 0.9, 100_000)
    many = generation_time_s(**(CASE | {"bandwidth_efficiency_fraction": draws}))
    assert many.shape == (100_000,)
    for at in (0, 99_999):
        assert many[at] == pytest.approx(seconds(bandwidth_efficiency_fraction=float(draws[at])), rel=1e-12)
