"""Money: what an answer costs, and the cap that is not passed."""

import asyncio
import random
from datetime import date

import pytest

from advisor.baseline.pricing import Cap, ceiling_usd, cost_usd, reply_usd
from advisor.baseline.replies import Reply
from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import api_model
from advisor.contracts.baseline import SuiteItem

ON = date(2026, 11, 23)


@pytest.fixture
def row():
    return api_model(load_catalog(), "openai/gpt-4.1-mini")


def reply(**more) -> Reply:
    return Reply(item_id="1", target="x", text="yes", **more)


def test_an_answer_costs_more_with_more_tokens_and_less_when_cached(row):
    base = reply_usd(row, reply(input_tokens=1000, output_tokens=100), ON)
    assert base > 0
    assert reply_usd(row, reply(input_tokens=2000, output_tokens=100), ON) > base
    assert reply_usd(row, reply(input_tokens=1000, output_tokens=200), ON) > base
    assert reply_usd(row, reply(input_tokens=1000, output_tokens=100, cached_input_tokens=900), ON) < base


def test_an_answer_without_usage_has_no_known_price(row):
    assert reply_usd(row, reply(), ON) is None
    assert cost_usd(row, [reply(charge_uncertain=True)], ON).usd is None
    assert cost_usd(None, [reply(input_tokens=1, output_tokens=1)], ON).usd is None


def test_a_request_that_was_turned_away_costs_nothing(row):
    away = Reply(item_id="2", target="x", text=None, error="500")
    known = reply(input_tokens=1000, output_tokens=100)
    assert cost_usd(row, [known, away], ON).usd == reply_usd(row, known, ON)


def test_the_ceiling_is_above_what_an_answer_can_cost(row):
    item = SuiteItem(id="1", messages=({"role": "user", "content": "Größe? " * 50},), expected="x")
    tokens_at_most = len(item.messages[0]["content"].encode())
    dearest = reply(input_tokens=tokens_at_most, output_tokens=256)
    assert ceiling_usd(row, item, 256, ON) > reply_usd(row, dearest, ON)


def test_many_requests_at_once_never_pass_the_cap_and_never_wait_for_ever():
    """Reservations of 0.1, of which a random part is spent; floats that do not add up to 0 must not block."""

    async def spend() -> Cap:
        cap, draw = Cap(2.0), random.Random(5)

        async def worker() -> None:
            while await cap.reserve(0.1):
                await asyncio.sleep(0)
                await cap.settle(0.1, draw.uniform(0, 0.1))
                assert cap.spent_usd <= 2.0

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            for _ in range(7):
                group.create_task(worker())
        return cap

    cap = asyncio.run(spend())
    assert 1.9 < cap.spent_usd <= 2.0


def test_without_a_limit_everything_may_be_spent():
    cap = Cap(None)
    assert asyncio.run(cap.reserve(1e9))
