"""Draws, ranking, break-even and value of information on small problems with known answers."""

import numpy as np
import pytest

from advisor.core import decide, sampling
from advisor.core.sampling import Input


def _input(name: str, low: float, central: float, high: float, *, is_fraction: bool = False) -> Input:
    return Input(name, low, central, high, "EUR", "assumed", "test", None, is_fraction)


def test_draws_meet_the_three_quantiles():
    design = sampling.random_design(
        [_input("a", 1, 3, 20), _input("b", 0.1, 0.2, 0.9, is_fraction=True)], draws=200_000, seed=1
    )
    assert np.quantile(design["a"], [0.05, 0.5, 0.95]) == pytest.approx([1, 3, 20], rel=0.03)
    assert np.quantile(design["b"], [0.05, 0.5, 0.95]) == pytest.approx([0.1, 0.2, 0.9], rel=0.03)
    assert design["b"].min() >= 0
    assert design["b"].max() <= 1


def test_an_input_keeps_its_draws_when_another_is_added():
    alone = sampling.random_design([_input("a", 1, 2, 3)], draws=50, seed=7)
    together = sampling.random_design([_input("b", 1, 2, 3), _input("a", 1, 2, 3)], draws=50, seed=7)
    assert (alone["a"] == together["a"]).all()
    assert not (together["a"] == together["b"]).all()


def test_a_wrong_order_of_quantiles_is_refused():
    with pytest.raises(ValueError, match="low <= central <= high"):
        _input("a", 3, 2, 1)


def test_ranking_follows_the_mean_and_leaves_excluded_options_last():
    cost = np.array([[10.0, 12.0, 1.0], [10.0, 6.0, 1.0]])
    meets = np.ones_like(cost, bool)
    found = decide.rank(cost, meets, np.array([True, True, False]))
    assert found.order == (1, 0, 2)
    assert found.p_best.tolist() == [0.5, 0.5, 0.0]
    assert found.expected_regret[:2].tolist() == [2.0, 1.0]
    assert np.isnan(found.expected_regret[2])


def test_an_option_below_the_quality_floor_cannot_be_best_in_that_draw():
    cost = np.array([[1.0, 2.0], [1.0, 2.0]])
    found = decide.rank(cost, np.array([[False, True], [False, False]]), np.array([True, True]))
    assert found.p_best.tolist() == [0.0, 0.5]
    assert found.p_none == 0.5


def test_an_option_that_misses_the_floor_also_pays_for_its_replacement():
    """Draw 1: the first misses and the second (cost 3) replaces it: 1 + 3. Draw 2: nobody reaches the floor."""
    cost = np.array([[1.0, 3.0], [1.0, 3.0]])
    found = decide.loss(cost, np.array([[False, True], [False, False]]), np.array([True, True]))
    assert found.tolist() == [[4.0, 3.0], [1.0, 3.0]]


def test_adding_a_dominated_option_keeps_the_order_of_the_others():
    rng = np.random.default_rng(0)
    cost = rng.lognormal(3, 0.5, (500, 4))
    before = decide.rank(cost, np.ones_like(cost, bool), np.ones(4, bool)).order
    more = np.column_stack([cost, cost.max(axis=1) + 1])
    after = decide.rank(more, np.ones_like(more, bool), np.ones(5, bool)).order
    assert after == (*before, 4)


def test_a_line_and_a_constant_cross_once():
    """5 + 2 v = 105 at v = 50; below it the first is cheaper."""
    found = decide.crossings(lambda v: 5 + 2 * v - 105.0, 1, 1000)
    assert len(found) == 1
    assert found[0].value == pytest.approx(50, rel=1e-3)
    assert found[0].second_cheaper_above
    assert not found[0].is_step


def test_steps_of_capacity_can_cross_more_than_once_and_are_called_steps():
    """Steps of 100 per 80 units against 1.40 a unit: they cross at several volumes, some by a jump."""
    found = decide.crossings(lambda v: 100 * np.ceil(v / 80) - 1.40 * v, 1, 300, points=2000)
    assert len(found) >= 2
    assert any(crossing.is_step for crossing in found)


def test_options_that_never_cross_have_no_break_even():
    assert decide.crossings(lambda v: v + 1.0, 1, 1e6) == []


def test_information_about_the_deciding_input_is_worth_nearly_everything_and_about_noise_nothing():
    """Two options, cost difference = x: knowing x is perfect information; knowing y is worth nothing."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(0, 10, 20_000), rng.normal(0, 10, 20_000)
    cost = np.column_stack([100 + x, np.full_like(x, 100.0)])
    worth = decide.information_values({"x": x, "y": y}, cost, ["x", "y"], seed=0)
    ceiling = decide.perfect_information_value(cost)
    assert ceiling == pytest.approx(10 * 0.3989, rel=0.05)
    assert worth["x"] == pytest.approx(ceiling, rel=0.1)
    assert worth["y"] < 0.05 * ceiling


def test_information_is_worth_nothing_when_one_option_always_wins():
    cost = np.column_stack([np.full(1000, 1.0), np.full(1000, 2.0)])
    assert decide.perfect_information_value(cost) == 0
    assert decide.information_values({"x": np.arange(1000.0)}, cost, ["x"], seed=0) == {"x": 0.0}


def test_the_tornado_lists_the_largest_effect_first_and_leaves_out_what_has_none():
    inputs = [_input("a", 1, 2, 3), _input("b", 1, 2, 4), _input("c", 1, 2, 3)]
    design = sampling.one_at_a_time(inputs)
    effects = decide.tornado(inputs, design["a"] + 10 * design["b"])
    assert [effect.name for effect in effects] == ["b", "a"]
    assert (effects[0].low_effect, effects[0].high_effect) == (-10, 20)
