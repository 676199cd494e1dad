"""Statistics of a comparison, against arithmetic by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.intervals import MIN_PAIRS, bootstrap_mean, compare_pairs, mcnemar_exact, wilson


def test_wilson_interval_by_hand():
    """8 of 10, z = 1.96: centre (8 + 1.9207) / 13.8415 = 0.71674, half 1.96 / 13.8415 * sqrt(2.5604) = 0.22658."""
    estimate = wilson(8, 10)
    assert estimate.value == 0.8
    assert estimate.low == pytest.approx(0.71674 - 0.22658, abs=2e-5)
    assert estimate.high == pytest.approx(0.71674 + 0.22658, abs=2e-5)


def test_wilson_has_width_where_all_or_none_are_right():
    """0 of n: the upper end is z^2 / (n + z^2); for n = 10, 3.8415 / 13.8415 = 0.27753."""
    assert wilson(0, 10).low == 0.0
    assert wilson(0, 10).high == pytest.approx(0.27753, abs=1e-5)
    assert wilson(10, 10).high == 1.0
    assert wilson(10, 10).low == pytest.approx(1 - 0.27753, abs=1e-5)


@pytest.mark.parametrize(("right", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(right, n):
    with pytest.raises(ValueError, match="required"):
        wilson(right, n)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_its_value_and_mirrors(counts):
    right, n = counts
    one, other = wilson(right, n), wilson(n - right, n)
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert one.low == pytest.approx(1 - other.high, abs=1e-12)


@pytest.mark.parametrize(
    ("first_only", "second_only", "p"),
    [
        (6, 0, 2 / 64),
        (5, 0, 2 / 32),
        (8, 2, 2 * (1 + 10 + 45) / 1024),
        (2, 8, 2 * (1 + 10 + 45) / 1024),
        (3, 3, 1.0),
        (0, 0, 1.0),
        (1, 0, 1.0),
    ],
)
def test_mcnemar_by_hand(first_only, second_only, p):
    assert mcnemar_exact(first_only, second_only) == pytest.approx(p)


def test_mcnemar_survives_counts_beyond_floating_point():
    """600 against 700: a normal approximation with continuity gives z = 99 / sqrt(1300) = 2.746, p = 0.0060."""
    assert mcnemar_exact(600, 700) == pytest.approx(0.0060, abs=2e-4)
    assert mcnemar_exact(0, 5000) == 0.0 or mcnemar_exact(0, 5000) < 1e-300


def test_bootstrap_interval_agrees_with_the_standard_error():
    """Mean of n values: half width 1.96 s / sqrt(n)."""
    values = np.random.default_rng(3).normal(0.5, 0.2, 400)
    estimate = bootstrap_mean(values.tolist())
    half = 1.96 * values.std() / math.sqrt(400)
    assert estimate.high - estimate.low == pytest.approx(2 * half, rel=0.05)


def test_bootstrap_is_the_same_for_the_same_seed():
    values = [0.1, 0.9, 0.4, 0.7, 0.2]
    assert bootstrap_mean(values) == bootstrap_mean(values)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_bootstrap_interval_holds_its_mean(values):
    estimate = bootstrap_mean(values)
    assert estimate.low <= estimate.value <= estimate.high


def test_bootstrap_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        bootstrap_mean([])


def test_pairing_finds_a_difference_that_unpaired_intervals_hide():
    """60 against 50 of 100, 10 discordant items all one way: Wilson intervals overlap, McNemar's p is 2/1024."""
    first = [1.0] * 60 + [0.0] * 40
    second = [1.0] * 50 + [0.0] * 50
    assert wilson(60, 100).low < wilson(50, 100).high
    compared = compare_pairs(first, second, right_or_wrong=True)
    assert compared.p_value == pytest.approx(2 / 1024)
    assert compared.verdict == "first_better"
    assert compare_pairs(second, first, right_or_wrong=True).verdict == "second_better"


def test_equal_targets_are_undecided():
    compared = compare_pairs([1.0, 0.0] * 20, [0.0, 1.0] * 20, right_or_wrong=True)
    assert compared.verdict == "undecided" and compared.p_value == 1.0
    assert compared.difference.low < 0 < compared.difference.high


@pytest.mark.parametrize(("n", "verdict"), [(MIN_PAIRS - 1, "undecided"), (MIN_PAIRS, "first_better")])
@pytest.mark.parametrize("right_or_wrong", [True, False])
def test_a_verdict_needs_enough_pairs(n, verdict, right_or_wrong):
    assert compare_pairs([1.0] * n, [0.0] * n, right_or_wrong=right_or_wrong).verdict == verdict


def test_an_interval_without_zero_is_not_enough_when_the_exact_test_disagrees():
    """Five discordant items of 30, all one way: bootstrap leaves 0 out, but p = 2/32 = 0.0625."""
    first, second = [1.0] * 30, [1.0] * 25 + [0.0] * 5
    compared = compare_pairs(first, second, right_or_wrong=True)
    assert compared.difference.low > 0
    assert compared.p_value == pytest.approx(0.0625)
    assert compared.verdict == "undecided"


def test_scores_without_partner_are_refused():
    with pytest.raises(ValueError, match="pairs"):
        compare_pairs([1.0], [1.0, 0.0], right_or_wrong=True)
