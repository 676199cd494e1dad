"""Memory, saturation, design, fleet and power of serving: boundary pairs and arithmetic by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_examples import BF16, FIT, H100, LATENT, LLAMA_8B, ONE

from advisor.core import fleet, serving
from advisor.core.decode import Layout, decode_step_s
from advisor.core.prefill import prefill_s
from advisor.core.serving_power import PowerFit, accelerator_power_w, node_power_w

POWER = PowerFit(0.15, 0.55, 0.95, 16.0)


def limit(tokens, model=LLAMA_8B, layout=ONE, device=H100):
    return serving.batch_limit(model, device, BF16, layout, tokens_in_flight=tokens, usable_fraction=0.9)


def test_the_batch_that_just_fits_and_the_one_that_does_not():
    """72e9 - 16.06e9 = 55.94e9 bytes; at 131,072 bytes a token 100 sequences hold 4,267 tokens each, not 4,269."""
    room = 0.9 * 80e9 - 8.03e9 * 2
    exact = room / 131_072 / 100
    assert limit(np.floor(exact)) == 100
    assert limit(np.ceil(exact) + 1) == 99


def test_a_model_that_does_not_fit_has_no_batch():
    big = replace(LLAMA_8B, params=405e9, active_params=405e9, num_layers=126)
    assert limit(1000.0, big, Layout(8)) == 0
    assert serving.fewest_devices(big, H100, BF16, tokens_in_flight=1000, usable_fraction=0.9) == 16


def test_weights_of_just_the_usable_memory_leave_no_sequence():
    """0.9 x 80e9 / 2 bytes = 36e9 parameters fill the memory; a little less leaves room for some."""
    full = replace(LLAMA_8B, params=36e9, active_params=36e9)
    less = replace(LLAMA_8B, params=35.9e9, active_params=35.9e9)
    assert limit(1000.0, full) == 0
    assert limit(1000.0, less) == 1


def test_latent_attention_holds_more_sequences_when_each_device_keeps_its_own():
    roomy = replace(H100, memory_bytes=280e9)
    together, apart = (limit(2000.0, LATENT, Layout(8, attention_is_split=split), roomy) for split in (True, False))
    assert apart > 4 * together > 0


def test_saturation_is_littles_law_over_the_life_of_a_batch():
    """q = B / (B t_pre + o t_step), context i + o/2."""
    speed = serving.steady(LLAMA_8B, H100, BF16, ONE, FIT, batch=32.0, input_tokens=500.0, output_tokens=200.0)
    step = decode_step_s(LLAMA_8B, H100, BF16, ONE, FIT, batch=32.0, context=600.0)
    fill = prefill_s(LLAMA_8B, H100, BF16, ONE, FIT, input_tokens=500.0)
    assert speed.requests_per_s == pytest.approx(32 / (32 * fill + 200 * step))
    assert speed.prefill_share == pytest.approx(32 * fill / (32 * fill + 200 * step))


def test_prompts_read_elsewhere_cost_nothing_here():
    here, elsewhere = (
        serving.steady(
            LLAMA_8B,
            H100,
            BF16,
            ONE,
            FIT,
            batch=32.0,
            input_tokens=5000.0,
            output_tokens=200.0,
            prefills_elsewhere=away,
        )
        for away in (False, True)
    )
    assert elsewhere.prefill_share == 0
    assert elsewhere.requests_per_s > here.requests_per_s


def test_three_drafted_tokens_at_0_7_yield_2_53_tokens_a_step():
    """1 + 0.7 + 0.49 + 0.343."""
    assert serving.accepted_tokens(3, 0.7) == pytest.approx(2.533)
    assert serving.accepted_tokens(0, 0.7) == pytest.approx(1.0)


def test_without_speculation_one_stream_is_slower():
    rates = [
        serving.steady(
            LLAMA_8B,
            H100,
            BF16,
            ONE,
            FIT,
            batch=1.0,
            input_tokens=500.0,
            output_tokens=200.0,
            drafted=drafted,
            acceptance_fraction=0.7,
        ).requests_per_s
        for drafted in (0, 3)
    ]
    assert rates[1] > 1.8 * rates[0]


def design(**changes):
    asked = {"input_tokens": 500, "output_tokens": 300, "ttft_s": 5, "tpot_s": 0.06, "usable_memory_fraction": 0.9}
    return serving.replica_design(LLAMA_8B, H100, BF16, FIT, **{**asked, **changes})


def test_a_latency_nobody_can_meet_is_said_and_not_hidden():
    found = design(tpot_s=1e-4)
    assert found is not None
    assert not found.meets_latency


def test_a_looser_latency_never_lowers_the_batch():
    sizes = [design(tpot_s=t).batch for t in (0.012, 0.02, 0.05, 0.1)]
    assert sizes == sorted(sizes)


def test_a_fuller_service_keeps_the_first_token_waiting_longer():
    """At 90 % of the capacity a request waits for a place; M/M/c by Sakasegawa over the batch as places."""
    idle, full = (design(load_fraction=load) for load in (0.0, 0.9))
    assert full.batch == idle.batch
    speed = serving.steady(LLAMA_8B, H100, BF16, ONE, FIT, batch=full.batch, input_tokens=500, output_tokens=300)
    wait = fleet.queue_wait_s(0.9, full.batch / speed.requests_per_s, full.batch)
    assert full.ttft_s - idle.ttft_s == pytest.approx(float(wait))


def test_a_design_without_room_is_none():
    big = replace(LLAMA_8B, params=700e9, active_params=700e9)
    assert (
        serving.replica_design(
            big, H100, BF16, FIT, input_tokens=5, output_tokens=5, ttft_s=9, tpot_s=9, usable_memory_fraction=0.9
        )
        is None
    )


def test_replicas_are_whole_with_one_spare_and_none_without_demand():
    """8.9 requests/s at 1 per replica and 0.9 headroom: ceil(9.89) = 10, plus one; at 9.0: ceil(10.0) + 1 = 11."""
    needed = fleet.replicas_needed([0.0, 0.1, 8.9, 9.0, 9.1], 1.0, headroom_fraction=0.9, spare=1)
    assert needed.tolist() == [0, 2, 11, 11, 12]


def test_whole_servers_at_and_after_an_exact_multiple():
    """Four replicas of two devices fill a server of eight; a fifth opens the next."""
    assert fleet.servers_needed([0, 1, 4, 5, 8], devices_per_replica=2, devices_per_server=8).tolist() == [
        0,
        1,
        1,
        2,
        2,
    ]


def test_a_replica_that_leaves_a_remainder_is_not_torn_over_two_servers():
    """Three devices each: two in a server of eight, so three replicas need two servers; sixteen devices span two."""
    assert fleet.servers_needed(3, devices_per_replica=3, devices_per_server=8) == 2
    assert fleet.servers_needed(3, devices_per_replica=16, devices_per_server=8) == 6


def test_owned_parts_are_used_before_a_server_is_bought():
    """Four owned parts hold two replicas of two; the third opens a server of eight, and fills up to the sixth."""

    def held(replicas, owned, per_server=8):
        return fleet.devices_held(replicas, devices_per_replica=2, devices_per_server=per_server, owned=owned).tolist()

    assert held([0, 1, 2, 3, 6, 7], owned=4) == [0, 2, 4, 12, 12, 20]
    assert held([0, 1, 4, 5], owned=0) == [0, 8, 8, 16]
    assert held([0, 1, 5], owned=0, per_server=1) == [0, 2, 10]


def test_one_server_at_half_load_waits_as_long_as_it_serves():
    """M/M/1: rho / (1 - rho) s = 0.5 / 0.5 x 2 s; constant service halves it; at full load it never ends."""
    assert fleet.queue_wait_s(0.5, 2.0, 1) == pytest.approx(2.0)
    assert fleet.queue_wait_s(0.5, 2.0, 1, variation=0.0) == pytest.approx(1.0)
    assert np.isinf(fleet.queue_wait_s(1.0, 2.0, 1))


def test_the_draw_is_half_way_at_the_half_batch():
    """700 W x (0.55 + 0.4 x 16/32) = 525 W; idle 105 W; half the time busy 315 W; a node adds 35 %."""
    assert accelerator_power_w(700, POWER, batch_per_device=16) == pytest.approx(525)
    assert accelerator_power_w(700, POWER, batch_per_device=16, busy=0.0) == pytest.approx(105)
    assert accelerator_power_w(700, POWER, batch_per_device=16, busy=0.5) == pytest.approx(315)
    assert node_power_w(8 * 525.0, 1.35) == pytest.approx(5670)


@given(st.floats(1, 512), st.floats(1, 4))
def test_a_larger_batch_never_draws_less_and_never_more_joules_per_token(batch, factor):
    small, large = (float(accelerator_power_w(700, POWER, batch_per_device=b)) for b in (batch, batch * factor))
    assert small <= large * (1 + 1e-9) <= 700
    rates = [
        b / float(decode_step_s(LLAMA_8B, H100, BF16, ONE, FIT, batch=b, context=500.0))
        for b in (batch, batch * factor)
    ]
    assert large / rates[1] <= small / rates[0] * (1 + 1e-9)


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(0.01, 1e3), st.sampled_from([1, 2, 4, 8]))
def test_more_load_never_needs_fewer_servers(load, more, capacity, devices):
    replicas = fleet.replicas_needed([load, load + more], capacity, headroom_fraction=0.9, spare=1)
    few, many = fleet.servers_needed(replicas, devices_per_replica=devices, devices_per_server=8)
    assert many >= few


@given(st.floats(0, 0.98), st.floats(0, 0.01), st.integers(1, 500))
def test_a_fuller_system_never_waits_less(load, more, places):
    short, long = fleet.queue_wait_s([load, load + more], 1.0, places)
    assert long >= short >= 0
