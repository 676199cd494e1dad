"""The capacity arithmetic of another planner's published audit document, reproduced with our fleet and money functions.

Mix 80/20 of input and output, 4,000 + 1,000 tokens a request, 100 output tokens a second per deployment, 0.90 of the
capacity planned, 100 active hours a month, peak twice the mean: 100 x 5 x 0.90 x 100 x 3,600 / 2 = 81 million tokens.
"""

import math

import pytest

from advisor.core.fleet import billed_tokens_per_month, replicas_needed

CAPACITY = 81e6
HOSTED_USD_PER_MTOK = 0.8 * 1.0 + 0.2 * 3.0
SECONDS = 100 * 3600.0


def deployments(tokens: float) -> float:
    """Whole deployments for a month's tokens, by our own fleet function and without a spare."""
    per_deployment = 100.0 * 5.0
    peak = tokens / SECONDS * 2.0
    return float(replicas_needed(peak, per_deployment, headroom_fraction=0.90, spare=0))


def test_one_deployment_answers_81_million_billed_tokens_a_month():
    got = billed_tokens_per_month(100.0 * 5.0, hours_per_month=100, headroom_fraction=0.90, peak_to_mean=2)
    assert got == pytest.approx(CAPACITY)


@pytest.mark.parametrize(
    ("tokens", "hosted_usd", "rented_usd", "purchased_usd"),
    [(1e6, 1.40, 200, 400), (40.5e6, 56.70, 200, 400), (80.19e6, 112.266, 200, 400), (81_000_001, 113.4, 400, 800)],
)
def test_what_hosted_rented_and_purchased_cost_at_a_volume(tokens, hosted_usd, rented_usd, purchased_usd):
    """Rent 100 h x 2 USD, purchase 24,000 USD over 60 months, both per started deployment."""
    assert tokens / 1e6 * HOSTED_USD_PER_MTOK == pytest.approx(hosted_usd, rel=1e-6)
    assert deployments(tokens) * 100 * 2.0 == rented_usd
    assert deployments(tokens) * 24_000 / 60 == purchased_usd


def test_rented_crosses_hosted_on_the_third_step_at_235_714_286_tokens():
    """100 USD a step and 30 USD fixed: steps one and two end before they recover; ceil(330 / 1.40 x 1e6)."""

    def rented(tokens: int) -> float:
        return 30.0 + deployments(tokens) * 100.0

    def hosted(tokens: int) -> float:
        return tokens / 1e6 * HOSTED_USD_PER_MTOK

    crossover = math.ceil(330 / HOSTED_USD_PER_MTOK * 1e6)
    assert crossover == 235_714_286
    assert deployments(crossover) == 3
    assert hosted(crossover) >= rented(crossover)
    assert hosted(crossover - 1) < rented(crossover - 1)
    assert all(hosted(step * 81_000_000) < rented(step * 81_000_000) for step in (1, 2))
