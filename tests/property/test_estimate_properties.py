"""What must hold for the estimate of any training request.

Layouts that follow from the memory of a device change in steps, so comparisons of memory give the device room to spare.
"""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from advisor.catalog.load import load_catalog
from advisor.contracts.estimates import TrainingRequest
from advisor.core.memory import weight_bytes
from advisor.core.training import token_time_s
from advisor.estimate.coefficients import memory_fit, training_fit
from advisor.estimate.draws import Draws, draws_of, interval
from advisor.estimate.loads import load_of
from advisor.estimate.setup import setup_of
from advisor.estimate.training import estimate_training

CATALOG = load_catalog()
ROOM = 1e15
"""Bytes of a device on which every layout fits."""
CLOSE = 1 + 1e-9
PARTS = ("A100-80GB-SXM", "H100-SXM-80GB", "L40S", "RTX 4090 24GB", "MI300X-192GB", "B200-180GB", "V100-32GB-SXM2")
RUNS = (
    *("pretrain", "continued_pretrain", "full_ft", "lora", "qlora"),
    *("reward_model", "dpo", "ppo", "grpo"),
)
QUANTITIES = (
    *("accelerator_hours", "project_hours", "wall_hours", "tokens_per_s_per_gpu", "mfu", "peak_mem_gib"),
    *("energy_mwh", "it_mwh", "facility_mwh", "tco2e", "cost_usd"),
)
DATASHEET = {
    "accelerator": "Chip X",
    "peak_flop_per_s": 3e14,
    "memory_bytes": 80e9,
    "bandwidth_bytes_per_s": 2e12,
    "link_bytes_per_s": 6e11,
    "tdp_w": 400.0,
}
requests = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(RUNS),
        "params_b": st.floats(0.2, 200),
        "accelerator": st.sampled_from(PARTS),
        "accelerator_count": st.sampled_from([1, 2, 8, 16, 64, 512]),
        "seq_len": st.sampled_from([512, 1024, 2048, 4096, 8192]),
        "batch": st.sampled_from([8, 64, 512, "micro 1", "4M tokens"]),
        "tokens_b": st.floats(0.01, 5000),
        "precision": st.just("bf16"),
        "year": st.integers(2020, 2026),
    }
)
factors = st.floats(1.05, 10)


def parsed(fields):
    return TrainingRequest.model_validate({"id": "r"} | {key: item for key, item in fields.items() if item is not None})


def estimate(fields, draws=100, seed=0):
    return estimate_training(parsed(fields), CATALOG, draws=draws, seed=seed)


def speed(fields):
    return estimate(fields).tokens_per_s_per_gpu.p50


def memory(fields):
    return estimate(fields).peak_mem_gib.p50


@given(requests)
@settings(max_examples=40, deadline=None)
def test_quantiles_of_every_figure_are_in_order_and_positive(fields):
    answer = estimate(fields)
    for name in QUANTITIES:
        found = getattr(answer, name)
        if found is not None:
            assert 0 < found.p5 <= found.p50 <= found.p95, name


@given(requests)
@settings(max_examples=30, deadline=None)
def test_the_median_is_the_value_at_central_coefficients(fields):
    assume(fields["kind"] not in ("ppo", "grpo"))
    pool = draws_of(CATALOG, draws=100, seed=0)
    setup = setup_of(parsed(fields), pool)
    plain = fields["kind"] not in ("pretrain", "continued_pretrain") and not setup.is_packed
    central = token_time_s(load_of(setup, pool), training_fit(pool.value, plain=plain))
    assert speed(fields) == pytest.approx(1 / float(central), rel=1e-9)


@given(requests, factors)
@settings(max_examples=40, deadline=None)
def test_more_tokens_never_take_fewer_hours(fields, factor):
    fewer, more = (estimate(fields | {"tokens_b": fields["tokens_b"] * by}).accelerator_hours for by in (1, factor))
    assert more.p50 == pytest.approx(fewer.p50 * factor)
    assert more.p5 > fewer.p5
    assert more.p95 > fewer.p95


@given(requests, st.floats(1.5, 10))
@settings(max_examples=40, deadline=None)
def test_more_parameters_never_train_faster(fields, factor):
    """A typical shape has whole layers, so sizes a few percent apart may have more and narrower ones."""
    assert speed(fields | {"params_b": fields["params_b"] * factor}) <= speed(fields) * CLOSE


@given(requests, st.floats(1.5, 10))
@settings(max_examples=40, deadline=None)
def test_more_parameters_never_need_less_memory(fields, factor):
    roomy = fields | {"memory_bytes": ROOM, "batch": "micro 1"}
    assert memory(roomy | {"params_b": fields["params_b"] * factor}) >= memory(roomy) / CLOSE


@given(requests, st.sampled_from([2, 4, 8]))
@settings(max_examples=40, deadline=None)
def test_longer_sequences_never_make_a_token_cheaper_where_a_pass_holds_as_many(fields, factor):
    """As many tokens a pass, in fewer and longer sequences: attention grows, nothing shrinks."""
    assume(fields["kind"] not in ("ppo", "grpo"))
    base = fields | {"seq_len": 2048, "memory_bytes": ROOM, "batch": "micro 8"}
    longer = base | {"seq_len": 2048 * factor, "batch": f"micro {8 // factor}"}
    assert speed(longer) < speed(base)


@given(requests, factors, st.sampled_from(["peak_flop_per_s", "bandwidth_bytes_per_s", "link_bytes_per_s"]))
@settings(max_examples=40, deadline=None)
def test_a_higher_peak_bandwidth_or_link_is_never_slower(fields, factor, name):
    unknown = fields | DATASHEET
    assert speed(unknown | {name: DATASHEET[name] * factor}) >= speed(unknown) / CLOSE
    listed = fields | {name: DATASHEET[name]}
    assert speed(listed | {name: DATASHEET[name] * factor}) >= speed(listed) / CLOSE


@given(requests, st.sampled_from([2, 8, 64]))
@settings(max_examples=40, deadline=None)
def test_more_devices_never_need_more_memory_each_where_states_are_sharded(fields, factor):
    layout = {"kind": "full_ft", "sharding": "zero3", "optimizer": "adamw", "recompute": False, "memory_bytes": ROOM}
    base = fields | layout | {"batch": "micro 1", "accelerator_count": max(2, fields["accelerator_count"])}
    more = base | {"accelerator_count": base["accelerator_count"] * factor}
    assert memory(more) < memory(base)


@given(requests)
@settings(max_examples=40, deadline=None)
def test_adapters_never_need_more_memory_than_all_weights_in_the_same_layout(fields):
    """All weights keep at least their gradients on top, 2 N; adapters of rank 16 stay far below 2 N."""
    layout = {"optimizer": "sgd", "recompute": False, "sharding": "none", "batch": "micro 1", "memory_bytes": ROOM}
    whole, adapters = (memory(fields | layout | {"kind": kind}) for kind in ("full_ft", "lora"))
    assert adapters < whole


@given(requests)
@settings(max_examples=40, deadline=None)
def test_quantised_weights_are_never_larger_than_16_bit_ones(fields):
    pool = draws_of(CATALOG, draws=100, seed=0)
    setups = [setup_of(parsed(fields | {"kind": kind}), pool) for kind in ("lora", "qlora")]
    fit = memory_fit(pool.value)
    whole, quantised = (float(weight_bytes(setup.shape, setup.plan, fit)) for setup in setups)
    assert quantised < whole


@given(requests)
@settings(max_examples=20, deadline=None)
def test_the_same_draws_and_seed_repeat_the_answer(fields):
    first = estimate_training(parsed(fields), CATALOG, draws=100, seed=3)
    fresh = CATALOG.model_copy()
    assert estimate_training(parsed(fields), fresh, draws=100, seed=3) == first


@given(requests)
@settings(max_examples=20, deadline=None)
def test_another_seed_moves_the_ends_and_keeps_the_median(fields):
    first, other = (estimate(fields, draws=1000, seed=seed).accelerator_hours for seed in (0, 1))
    assert other.p50 == pytest.approx(first.p50)
    assert other.p5 != first.p5
    assert other.p5 == pytest.approx(first.p5, rel=0.25)
    assert other.p95 == pytest.approx(first.p95, rel=0.25)


@given(st.floats(1e-3, 1e6), st.floats(0.05, 1.0), st.floats(1.01, 3.0))
def test_an_interval_keeps_its_centre_and_grows_with_the_spread(central, spread, factor):
    draws = np.exp(np.random.default_rng(1).normal(0.2, 1.0, 1000) * spread)
    narrow, wide = interval(central, draws), interval(central, draws**factor)
    assert narrow.p50 == wide.p50 == central
    assert wide.p95 / wide.p5 > narrow.p95 / narrow.p5


@given(requests)
@settings(max_examples=20, deadline=None)
def test_a_catalogue_of_its_own_gives_the_draws_of_its_own(fields):
    """Draws are kept per catalogue, so one whose parameter moved must not answer from another's."""
    slower = tuple(
        row.model_copy(update={"low": row.low / 2, "central": row.central / 2, "high": row.high / 2})
        if row.name == "training_matmul_efficiency_fraction"
        else row
        for row in CATALOG.parameters
    )
    moved = CATALOG.model_copy(update={"parameters": slower})
    assert isinstance(draws_of(moved, draws=100, seed=0), Draws)
    assert estimate_training(parsed(fields), moved, draws=100).tokens_per_s_per_gpu.p50 < speed(fields)
