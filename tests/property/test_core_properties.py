"""What must hold for any input of the formulas."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from advisor.core import calibration, compute, decide, fleet, memory, money, sampling
from advisor.core.memory import MemoryFit, MemoryPlan
from advisor.core.sampling import Input
from advisor.core.shapes import typical_decoder

positive = st.floats(1e-3, 1e9)
fraction = st.floats(0.001, 0.999)
SHAPE = typical_decoder(7e9)
PLAN = MemoryPlan("full", "adamw", "zero3", "selective", 8, 4096.0)
MEMORY_FIT = MemoryFit(
    hidden_bytes_per_token=14.0,
    logit_bytes=8.0,
    quantised_activation_ratio=1.6,
    fragmentation_ratio=1.1,
    fixed_bytes=1e9,
    quantised_bytes_per_param=0.58,
)


@st.composite
def inputs(draw) -> Input:
    low, central, high = sorted(draw(st.tuples(positive, positive, positive)))
    return Input("x", low, central, high, "EUR", "assumed", "test")


@given(inputs(), st.floats(-3, 3), st.floats(0, 2))
def test_a_higher_score_never_gives_a_lower_value(item, z, step):
    assert sampling.quantile(item, z + step) >= sampling.quantile(item, z)


@given(inputs())
def test_the_median_is_the_central_value(item):
    np.testing.assert_allclose(sampling.quantile(item, 0.0), item.central, rtol=1e-9)


@given(fraction, fraction, fraction)
def test_draws_of_a_fraction_stay_inside_0_and_1(a, b, c):
    low, central, high = sorted((a, b, c))
    item = Input("x", low, central, high, "fraction", "assumed", "test", None, True)
    values = sampling.quantile(item, np.linspace(-8, 8, 33))
    assert values.min() >= 0
    assert values.max() <= 1


@given(st.floats(0, 0.5), st.floats(0.5, 40))
def test_an_annuity_is_never_below_the_rate_nor_below_an_even_share(rate, years):
    factor = float(money.annuity_factor(rate, years))
    assert factor >= max(rate, 1 / years) * (1 - 1e-9)


@given(positive, positive, st.floats(1.0, 10.0))
def test_more_tokens_never_take_fewer_hours(params, tokens, factor):
    hours = [
        float(compute.accelerator_hours(compute.flop_per_token(params, trained="all") * n, 1e14, 0.3))
        for n in (tokens, tokens * factor)
    ]
    assert hours[1] >= hours[0]


@given(st.floats(1e8, 1e11), st.floats(1.0, 10.0))
def test_more_parameters_never_need_less_memory(params, factor):
    small, large = (
        float(memory.training_memory_bytes(replace(SHAPE, params=n, active_params=n), PLAN, MEMORY_FIT))
        for n in (params, params * factor)
    )
    assert large >= small


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0.01, 1e3))
def test_a_higher_peak_never_needs_fewer_replicas(peak, more, capacity):
    few, many = fleet.replicas_needed([peak, peak + more], capacity, headroom_fraction=0.9, spare=1)
    assert many >= few


@given(st.integers(1, 500), st.data())
def test_a_measured_share_lies_inside_its_own_band(n, data):
    hits = data.draw(st.integers(0, n))
    band = calibration.share_spread(hits, n)
    assert 0 <= band.low <= band.central <= band.high <= 1


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_a_change_of_currency_keeps_the_ranking(seed, rate):
    rng = np.random.default_rng(seed)
    cost, meets = rng.lognormal(3, 1, (60, 5)), rng.random((60, 5)) < 0.8
    feasible = rng.random(5) < 0.8
    assert decide.rank(cost, meets, feasible).order == decide.rank(cost * rate, meets, feasible).order


@given(st.integers(0, 2**32 - 1))
def test_information_is_worth_between_nothing_and_perfection(seed):
    rng = np.random.default_rng(seed)
    cost, x = rng.lognormal(3, 1, (200, 3)), rng.normal(size=200)
    assert decide.perfect_information_value(cost) >= 0
    assert decide.information_values({"x": x}, cost, ["x"], seed=1)["x"] >= 0


@given(st.integers(0, 2**32 - 1))
def test_a_dominated_option_never_changes_the_order_of_the_others(seed):
    rng = np.random.default_rng(seed)
    cost, meets = rng.lognormal(3, 1, (80, 4)), rng.random((80, 4)) < 0.7
    more_cost = np.column_stack([cost, cost.max(axis=1) * 1.1])
    more_meets = np.column_stack([meets, meets.all(axis=1)])
    before = decide.rank(cost, meets, np.ones(4, bool)).order
    after = decide.rank(more_cost, more_meets, np.ones(5, bool)).order
    assert tuple(k for k in after if k != 4) == before
