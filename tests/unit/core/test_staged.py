"""Staged paths: arithmetic of changing over by hand, and the rule that never loses against staying."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.core.cash import Payments, Stream
from advisor.core.staged import Both, Timing, both_ways, plan

MONTHS = 12


def payments(start: float, monthly: float, end: float = 0.0, draws: int = 1) -> Payments:
    one = np.ones(draws)
    stream = Stream(amount=monthly * one, profile=np.ones((1, MONTHS)), ratio=1.0)
    return Payments(start=start * one, end=end * one, streams=(stream,), start_mean=start, end_mean=end)


def test_changing_over_pays_the_pilot_its_exit_and_the_rest_of_the_target():
    """Pilot 10 + 5 a month, target 40 + 2 a month and 3 at the end; decided after 3, changed after 5 of 12 months.

    Staying costs 10 + 12 x 5 = 70. Changing: 10 + 5 x 5 = 35, leaving 4, target 40 less 6 that is kept = 34, then
    7 x 2 = 14 and 3 at the end: 90. Until the decision 10 + 3 x 5 = 25. Nothing is discounted.
    """
    found = both_ways(
        payments(10, 5),
        payments(40, 2, end=3),
        pilot_exit=np.array([4.0]),
        kept=np.array([6.0]),
        discount=np.ones((1, MONTHS)),
        timing=Timing(decision=3, change=5),
    )
    assert (found.stay[0], found.change[0], found.pilot[0], found.leaving[0]) == (70, 90, 25, 4)


def ways(gain: np.ndarray) -> Both:
    zero = np.zeros_like(gain)
    return Both(stay=100.0 + gain, change=zero + 100.0, pilot=zero, leaving=zero)


def rule(gain: np.ndarray, requests: np.ndarray, **other):
    yes = np.ones(len(gain), bool)
    known = {"pilot_meets": yes, "target_meets": yes, "fallback": np.zeros(len(gain))} | other
    return plan(ways(gain), requests=requests, **known)


def test_the_trigger_is_the_volume_from_which_changing_pays():
    """Volumes 1 to 1,000, changing gains what the volume exceeds 600 by."""
    requests = np.arange(1.0, 1001.0)
    found = rule(requests - 600.0, requests)
    assert found.trigger_requests_per_month == pytest.approx(600, abs=1)
    assert found.changes.mean() == pytest.approx(0.4, abs=0.002)


def test_where_no_drawn_volume_pays_the_break_even_beyond_them_is_the_trigger():
    requests = np.arange(1.0, 1001.0)
    losing = np.full(1000, -5.0)
    assert rule(losing, requests).trigger_requests_per_month is None
    assert rule(losing, requests, break_even_requests_per_month=5000.0).trigger_requests_per_month == 5000
    assert rule(losing, requests, break_even_requests_per_month=500.0).trigger_requests_per_month is None


def test_a_pilot_below_the_floor_is_left_only_where_the_target_helps():
    """Half of the pilots fail and their replacement costs 50: changing gains 40 where the target meets the floor."""
    requests, half = np.arange(1.0, 101.0), np.arange(100) % 2 == 0
    gain, fallback = np.full(100, -10.0), np.full(100, 50.0)
    helps = rule(gain, requests, pilot_meets=half, fallback=fallback)
    assert helps.on_quality
    np.testing.assert_array_equal(helps.changes, ~half)
    useless = rule(gain, requests, pilot_meets=half, target_meets=np.zeros(100, bool), fallback=fallback)
    assert not useless.on_quality


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_path_never_loses_more_than_going_on_with_the_pilot(seed):
    rng = np.random.default_rng(seed)
    gain, requests = rng.normal(-1, 5, 300), rng.lognormal(5, 1, 300)
    meets, target = rng.random(300) < 0.7, rng.random(300) < 0.8
    fallback = rng.uniform(0, 50, 300)
    found = rule(gain, requests, pilot_meets=meets, target_meets=target, fallback=fallback)
    assert found.loss.mean() <= (100 + gain + np.where(meets, 0, fallback)).mean() + 1e-9
