"""Total Sobol indices against analytic values, turning weights, crossings, held months."""

import numpy as np
import pytest

from advisor.core import fleet
from advisor.core.criteria import additive_value, log_score, turning_weight
from advisor.core.decide import first_crossings, information_values, perfect_information_value
from advisor.core.sampling import Input, order_of, random_design
from advisor.core.sobol import total_indices
from advisor.summaries import quantiles

A, B = 7.0, 0.1


def ishigami(design):
    """f = sin x1 + a sin^2 x2 + b x3^4 sin x1."""
    x1, x2, x3 = (design[name] for name in ("x1", "x2", "x3"))
    return np.sin(x1) + A * np.sin(x2) ** 2 + B * x3**4 * np.sin(x1)


def test_total_indices_meet_the_analytic_values_of_ishigami():
    """With a = 7, b = 0.1: V = a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2, T1 = 0.558, T2 = 0.442, T3 = 0.244."""
    stream = np.random.default_rng(0)
    one, two = ({f"x{i}": stream.uniform(-np.pi, np.pi, 60_000) for i in (1, 2, 3)} for _ in range(2))
    v13 = B**2 * np.pi**8 * 8 / 225
    v1, v2 = 0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8
    total = v1 + v2 + v13
    found = total_indices(ishigami, one, two, ["x1", "x2", "x3"])
    assert found == pytest.approx([(v1 + v13) / total, v2 / total, v13 / total], abs=0.015)


def test_an_input_that_does_nothing_and_a_constant_have_no_index():
    design = {"a": np.arange(10.0), "b": np.ones(10)}
    other = {"a": np.arange(10.0)[::-1], "b": np.zeros(10)}
    assert total_indices(lambda x: x["a"] * 2, design, other, ["b"]).tolist() == [0.0]
    assert total_indices(lambda x: x["a"] * 0, design, other, ["a"]).tolist() == [0.0]


def test_information_about_a_permuted_input_is_worth_nearly_nothing():
    stream = np.random.default_rng(1)
    x = stream.normal(size=10_000)
    cost = np.stack([10 + 5 * x, np.full(10_000, 10.0)], axis=1)
    ceiling = perfect_information_value(cost)
    design = {"x": x, "permuted": stream.permutation(x), "cut": np.round(x)}
    worth = information_values(design, cost, list(design), 0)
    assert 0.9 * ceiling < worth["x"] <= ceiling
    assert worth["permuted"] < 0.03 * ceiling
    assert worth["x"] > worth["cut"] > 0.8 * ceiling


def test_nothing_is_worth_knowing_when_one_option_always_wins_or_two_are_equal():
    stream = np.random.default_rng(2)
    x = stream.normal(size=2000)
    dominated = np.stack([x, x + 1], axis=1)
    assert perfect_information_value(dominated) == pytest.approx(0.0, abs=1e-12)
    assert information_values({"x": x}, dominated, ["x"], 0)["x"] == pytest.approx(0.0, abs=1e-12)
    assert perfect_information_value(np.stack([x, x], axis=1)) == pytest.approx(0.0, abs=1e-12)


def test_a_dominated_option_adds_no_information_value():
    stream = np.random.default_rng(3)
    x = stream.normal(size=2000)
    cost = np.stack([x, -x], axis=1)
    more = np.concatenate([cost, cost.max(axis=1, keepdims=True) + 1], axis=1)
    assert perfect_information_value(more) == perfect_information_value(cost)


def test_the_order_of_draws_is_that_of_the_values():
    inputs = [Input("a", 1, 2, 9, "", "assumed", ""), Input("b", 0.1, 0.3, 0.6, "", "assumed", "", None, True)]
    design = random_design(inputs, draws=3000, seed=4)
    for name in ("a", "b"):
        assert (np.diff(design[name][order_of(design, name)]) >= 0).all()
    assert "a" in design
    assert "c" not in design


def test_first_crossings_lie_on_the_root_of_a_straight_line_and_mark_none():
    grid = np.array([1.0, 2.0, 4.0, 8.0])
    difference = np.stack([grid - 3.0, grid + 1.0, np.array([-1.0, 1.0, -1.0, -1.0])], axis=1)
    place, count = first_crossings(grid, difference)
    assert place[0] == pytest.approx(3.0)
    assert np.isnan(place[1])
    assert place[2] == pytest.approx(1.5)
    assert count.tolist() == [1, 0, 2]


@pytest.mark.parametrize(("owned", "per_server", "spare"), [(0, 1, 1), (3, 1, 0), (2, 8, 1)])
def test_closed_sums_of_a_fleet_equal_the_walk_through_its_months(owned, per_server, spare):
    """Growing and shrinking demand, from none to many replicas, against month by month."""
    stream = np.random.default_rng(5)
    growth = stream.uniform(-0.05, 0.08, 3000)
    requests = stream.lognormal(3.0, 2.0, 3000)[:, None] * np.exp(growth[:, None] * np.arange(24))
    requests[:10] = 0.0
    discount = np.exp(-0.01 * np.arange(1, 25))[None, :].repeat(3000, axis=0)
    rate, capacity = np.full(3000, 0.01), stream.uniform(0.5, 2.0, 3000)
    held = fleet.held_months(
        requests, discount, discount.sum(axis=1), np.maximum(requests[:, 0], requests[:, -1]),
        peak_requests_per_s_per_request=rate, capacity_requests_per_s=capacity, headroom_fraction=0.7, spare=spare,
        devices_per_replica=2, devices_per_server=per_server, owned=owned,
    )  # fmt: skip
    n = fleet.replicas_needed(requests * 0.01, capacity[:, None], headroom_fraction=0.7, spare=spare)
    monthly = fleet.devices_held(n, devices_per_replica=2, devices_per_server=per_server, owned=owned)
    np.testing.assert_allclose(held.held_months, monthly.sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(held.discounted_months, (monthly * discount).sum(axis=1), rtol=1e-12)
    np.testing.assert_array_equal(held.peak_devices, monthly.max(axis=1))


@pytest.mark.parametrize("draws", [1, 2, 7, 400, 999, 10_000])
@pytest.mark.parametrize("kind", ["smooth", "zeros", "sorted", "two"])
def test_quantiles_are_those_of_numpy(draws, kind):
    stream = np.random.default_rng(draws)
    values = stream.lognormal(0.0, 2.0, draws)
    if kind == "zeros":
        values[stream.random(draws) < 0.6] = 0.0
    if kind == "sorted":
        values.sort()
    if kind == "two":
        values = np.where(stream.random(draws) < 0.5, 1.0, 2.0)
    found = quantiles(values, digits=12)
    expected = np.quantile(values, [0.05, 0.5, 0.95])
    assert [found["p5"], found["p50"], found["p95"]] == pytest.approx(expected.tolist(), rel=1e-11)


def test_an_additive_value_weighs_scores_and_survives_no_weights():
    assert additive_value([10, 0], [3, 1]) == pytest.approx(7.5)
    assert additive_value([10, 0], [0, 0]) == 0.0


def test_energy_is_scored_between_its_anchors_by_decades():
    assert log_score(0.1, worst=10, best=0.1) == 10.0
    assert log_score(1.0, worst=10, best=0.1) == pytest.approx(5.0)
    assert log_score(100.0, worst=10, best=0.1) == 0.0
    assert log_score(0.0, worst=10, best=0.1) == 10.0


def test_at_the_turning_weight_two_options_are_equal():
    mine, other, weights = [8.0, 2.0], [5.0, 6.0], [6.0, 4.0]
    turn = turning_weight(mine, other, weights, 1)
    assert turn == pytest.approx(4.5)
    assert additive_value(mine, [6.0, turn]) == pytest.approx(additive_value(other, [6.0, turn]))
    assert turning_weight([1.0, 2.0], [1.0, 1.0], weights, 0) is None
    assert turning_weight([9.0, 9.0], [1.0, 1.0], weights, 0) is None
