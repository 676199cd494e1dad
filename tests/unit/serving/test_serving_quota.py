"""What a tenant may use up: reserved, settled, and remembered over a restart."""

from datetime import UTC, datetime

import pytest

from serving.access import Access, KeyFile, Quota, _write
from serving.errors import ApiError
from serving.quota import Budgets, Prices
from serving.records import UsageRecord

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()


class Clock:
    def __init__(self):
        self.now_s = NOON

    def __call__(self):
        return self.now_s


def used(prompt, made, *, at_s=NOON, tenant="shop", cost=None):
    return UsageRecord(
        id="r",
        created_at=datetime.fromtimestamp(at_s, UTC).isoformat(),
        endpoint="chat.completions",
        model="m",
        status="completed",
        prompt_tokens=prompt,
        completion_tokens=made,
        duration_s=1,
        ttft_s=None,
        tenant=tenant,
        cost=cost,
    )


@pytest.fixture
def budgets(tmp_path):
    """Build budgets of a tenant `shop` with a quota."""

    def made(earlier=(), **limits):
        path = tmp_path / "keys.yaml"
        _write(path, KeyFile(quotas={"shop": Quota(**limits)}))
        clock = Clock()
        prices = Prices(input_per_mtok=1.0, output_per_mtok=2.0)
        return Budgets(Access(path), prices, earlier, clock=clock), clock

    return made


def refusal(budgets, *, prompt=1, most=1, tenant="shop"):
    with pytest.raises(ApiError) as caught:
        budgets.reserve(tenant, prompt_tokens=prompt, most_tokens=most)
    return caught.value


def test_what_is_set_aside_counts_until_it_is_settled(budgets):
    """100 a day: 90 set aside leave 10; 30 used of them leave 70."""
    accounts, _ = budgets(tokens_per_day=100)
    reservation = accounts.reserve("shop", prompt_tokens=20, most_tokens=70)
    error = refusal(accounts, prompt=5, most=6)
    assert (error.status, error.code) == (429, "insufficient_quota")
    assert "10 left, 11 asked for" in str(error)
    accounts.settle(reservation, used(20, 10))
    accounts.reserve("shop", prompt_tokens=10, most_tokens=60)
    refusal(accounts)


def test_a_day_ends_at_midnight_and_the_refusal_says_when(budgets):
    accounts, clock = budgets([used(60, 40)], tokens_per_day=100)
    error = refusal(accounts)
    assert error.retry_after_s == pytest.approx(12 * 3600)
    clock.now_s += 12 * 3600
    accounts.reserve("shop", prompt_tokens=1, most_tokens=1)


def test_a_restart_frees_nobody_and_yesterday_does_not_count(budgets):
    accounts, _ = budgets([used(50, 40), used(1000, 1000, at_s=NOON - 86400)], tokens_per_day=100)
    assert "10 left" in str(refusal(accounts, prompt=11))


def test_requests_per_minute_slide(budgets):
    accounts, clock = budgets(requests_per_minute=2)
    accounts.reserve("shop", prompt_tokens=1, most_tokens=1)
    clock.now_s += 20
    accounts.reserve("shop", prompt_tokens=1, most_tokens=1)
    error = refusal(accounts)
    assert (error.code, error.retry_after_s) == ("rate_limit_exceeded", pytest.approx(40))
    clock.now_s += 40
    accounts.reserve("shop", prompt_tokens=1, most_tokens=1)


def test_money_is_kept_by_the_month_at_the_house_prices(budgets):
    """A million prompt tokens cost 1, a million generated ones 2: 0.5 + 1 of 2 are spent."""
    accounts, _ = budgets([used(0, 0, cost=1.5)], cost_per_month=2.0)
    assert accounts.prices.cost(500_000, 500_000) == pytest.approx(1.5)
    accounts.reserve("shop", prompt_tokens=500_000, most_tokens=0)
    error = refusal(accounts, prompt=1)
    assert "2 EUR per month" in str(error)
    assert error.retry_after_s == pytest.approx((5 * 24 + 12) * 3600)


def test_a_request_that_was_not_begun_costs_nothing(budgets):
    accounts, _ = budgets(tokens_per_day=10, requests_per_minute=1)
    accounts.release(accounts.reserve("shop", prompt_tokens=5, most_tokens=5))
    accounts.reserve("shop", prompt_tokens=5, most_tokens=5)


def test_tenants_have_accounts_of_their_own_and_need_no_quota(budgets):
    accounts, _ = budgets([used(100, 0)], tokens_per_day=100)
    accounts.reserve("law", prompt_tokens=10_000, most_tokens=1)
    refusal(accounts)


def test_an_answer_of_no_stated_length_takes_what_is_left_at_most(budgets):
    accounts, _ = budgets([used(40, 0)], tokens_per_day=100)
    assert accounts.most_unstated("shop", prompt_tokens=10, sequences=2) == 25
    assert accounts.most_unstated("law", prompt_tokens=10, sequences=2) is None
    accounts, _ = budgets(cost_per_month=5.0)
    assert accounts.most_unstated("shop", prompt_tokens=10, sequences=1) == 1024


def test_without_prices_costs_are_not_known():
    assert Prices().cost(10, 10) is None
