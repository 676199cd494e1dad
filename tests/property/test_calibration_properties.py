"""What holds of updating whatever was measured, in whatever order."""

from itertools import permutations
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.core.calibration import (
    Datum,
    Spread,
    combine_lognormal,
    pooled_share,
    scale_spread_ln,
    share_spread,
    updated,
)

PRIOR = Spread(0.03, 0.12, 0.48)
VALUES = st.floats(0.01, 1.0)
DATA = st.lists(
    st.builds(Datum, value=VALUES, spread_ln=st.floats(0.05, 0.3), group=st.sampled_from(("a", "b", "c"))),
    min_size=1,
    max_size=4,
)


def width(spread):
    return log(spread.high / spread.low)


@given(DATA)
def test_the_order_of_reports_does_not_matter(data):
    wanted = updated(PRIOR, data, group_spread_ln=0.06).posterior
    for order in permutations(data):
        found = updated(PRIOR, order, group_spread_ln=0.06).posterior
        assert found.central == pytest.approx(wanted.central, rel=1e-12)
        assert found.high == pytest.approx(wanted.high, rel=1e-12)


@given(VALUES, st.integers(1, 5))
def test_more_measurements_that_agree_narrow_the_band(value, count):
    def after(number):
        machines = [Datum(value, 0.1, f"machine {place}") for place in range(number)]
        return updated(None, machines, group_spread_ln=0.06).posterior

    assert width(after(count + 1)) < width(after(count))


@given(st.floats(0.02, 0.4), st.floats(1.2, 5.0), st.floats(0.05, 0.5))
def test_a_measurement_that_equals_the_prior_keeps_the_centre_and_narrows_the_band(central, ratio, spread_ln):
    prior = Spread(central / ratio, central, central * ratio)
    after = updated(prior, [Datum(central, spread_ln, "a")]).posterior
    assert after.central == pytest.approx(central, rel=1e-9)
    assert width(after) < width(prior)


@given(st.floats(0.05, 0.3), st.floats(20, 1000), st.booleans())
def test_an_outlier_among_measurements_moves_nothing(value, factor, is_high):
    good = [Datum(value * exp(0.02 * place), 0.1, f"machine {place}") for place in range(4)]
    far = Datum(value * factor if is_high else value / factor, 0.1, "machine 9")
    found = updated(PRIOR, [*good, far], group_spread_ln=0.06)
    assert found.posterior == updated(PRIOR, good, group_spread_ln=0.06).posterior
    assert found.weights[-1] == 0.0
    assert (found.scores[-1] > 0) is is_high


def test_a_single_measurement_far_from_the_prior_moves_nothing():
    """ln(0.0001 / 0.12) = -7.1 is 8 standard deviations of the prior (0.84) away."""
    found = updated(PRIOR, [Datum(0.0001, 0.1, "a")])
    assert found.posterior == PRIOR
    assert found.scores[0] == pytest.approx(-8.35, abs=0.1)


def test_three_that_agree_outvote_the_prior():
    data = [Datum(value, 0.1, name) for value, name in ((0.00010, "a"), (0.00011, "b"), (0.00009, "c"))]
    found = updated(PRIOR, data, group_spread_ln=0.06)
    assert found.scores == (None, None, None)
    assert found.posterior.central < 0.0002


def test_a_hundred_runs_of_one_machine_do_not_settle_its_class():
    """The shared part of 0.06 stays: 2 x 1.645 x 0.06 = 0.197 is the narrowest band of ln."""
    runs = [Datum(0.2, 0.1, "one machine")] * 100
    assert width(updated(None, runs, group_spread_ln=0.06).posterior) > 0.197
    assert width(updated(None, runs, group_spread_ln=0.0).posterior) < 0.04


def test_measurements_that_disagree_say_so_in_the_width():
    """Two at half and double: chi^2 = 2 (ln 2 / 0.1)^2 = 96, so the band is 9.8 times as wide as of two that agree."""
    agree = updated(None, [Datum(0.2, 0.1, "a"), Datum(0.2, 0.1, "b")]).posterior
    differ = updated(None, [Datum(0.1, 0.1, "a"), Datum(0.4, 0.1, "b")]).posterior
    assert differ.central == pytest.approx(0.2)
    assert width(differ) / width(agree) == pytest.approx(9.8, rel=0.01)


@given(DATA)
def test_weights_and_the_priors_share_add_up_to_one(data):
    found = updated(PRIOR, data, group_spread_ln=0.06)
    assert -1e-12 <= sum(found.weights) <= 1.0
    alone = updated(None, data, group_spread_ln=0.06)
    assert sum(alone.weights) == pytest.approx(1.0)


def test_one_measurement_is_the_known_update():
    """ln m = (w0 ln 0.12 + w1 ln 0.30) / (w0 + w1), w1 of 0.06^2 + 0.08^2 = 0.1^2."""
    found = updated(PRIOR, [Datum(0.30, 0.08, "a")], group_spread_ln=0.06).posterior
    wanted = combine_lognormal(PRIOR, 0.30, 0.1)
    assert found.central == pytest.approx(wanted.central)
    assert found.low == pytest.approx(wanted.low)


def test_another_size_widens_and_the_same_size_does_not():
    assert scale_spread_ln(0.1, 1.0, 0.05) == pytest.approx(0.1)
    assert scale_spread_ln(0.1, exp(4), 0.05) == pytest.approx((0.1**2 + 0.2**2) ** 0.5)
    assert scale_spread_ln(0.1, exp(-4), 0.05) == pytest.approx(scale_spread_ln(0.1, exp(4), 0.05))


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 500)), min_size=1, max_size=4))
def test_pooled_shares_are_the_share_of_all_items(shares):
    n = sum(count for _, count in shares)
    found = pooled_share(shares)
    assert found.central == pytest.approx(sum(share * count for share, count in shares) / n)
    assert found == pooled_share(shares[::-1])
    assert 0 <= found.low <= found.central <= found.high <= 1


def test_one_set_of_items_pools_to_itself():
    assert pooled_share([(0.8, 200)]) == share_spread(160, 200)
