"""Token prices: cross-checked with figures worked out from the providers' lists."""

from datetime import date

import pytest

from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import api_model
from advisor.catalog.prices import price_date, request_usd, token_prices
from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.errors import BadInput

DAY = date(2026, 11, 23)


def offer(provider: str, model: str, **changes) -> ApiModelRow:
    return ApiModelRow(
        id=f"{provider}/{model}",
        name=model,
        kind="proprietary",
        price_provider=provider,
        price_model=model,
        residency=("any",),
        batch_discounted=changes.pop("batch_discounted", True),
        context_tokens=None,
        capability="mid",
        source="genai-prices",
        as_of="2026-11-23",
        **changes,
    )


def prices(row, *, tokens=1000, out=200, on=DAY, eu=False):
    return token_prices(row, typical_input_tokens=tokens, typical_output_tokens=out, on=on, eu=eu)


@pytest.mark.parametrize(
    ("provider", "model", "listed", "batch"),
    [
        ("openai", "gpt-4o", 4.50, 2.25),
        ("openai", "gpt-5", 3.25, 1.625),
        ("anthropic", "claude-sonnet-4-5", 6.0, 3.0),
    ],
)
def test_a_million_in_and_a_fifth_out_cost_what_the_lists_say(provider, model, listed, batch):
    """1 M in + 0.2 M out: gpt-4o 2.50 + 2.00, gpt-5 1.25 + 2.00, claude-sonnet-4-5 3.00 + 3.00 in short requests."""
    found = prices(offer(provider, model))
    total = found.input_usd_per_mtok + 0.2 * found.output_usd_per_mtok
    assert total == pytest.approx(listed)
    assert total * found.batch_multiplier == pytest.approx(batch)


def test_one_call_of_a_million_tokens_pays_the_tier_above():
    """claude-sonnet-4-5: 6 + 0.2 x 22.50 = 10.50 in one call, half of it in a batch; short requests pay 3 and 15."""
    row = offer("anthropic", "claude-sonnet-4-5")
    long = prices(row, tokens=1_000_000, out=200_000)
    assert long.input_usd_per_mtok + 0.2 * long.output_usd_per_mtok == pytest.approx(10.5)
    assert long.batch_multiplier == pytest.approx(0.5)
    assert prices(row).input_usd_per_mtok == pytest.approx(3.0)


@pytest.mark.parametrize(("on", "total"), [(date(2025, 2, 1), 18.0), (date(2025, 12, 1), 3.6)])
def test_the_price_is_the_one_of_the_day(on, total):
    """o3 fell during 2025: 10 + 0.2 x 40, then 2 + 0.2 x 8."""
    found = prices(offer("openai", "o3"), on=on)
    assert found.input_usd_per_mtok + 0.2 * found.output_usd_per_mtok == pytest.approx(total)
    assert found.as_of == on.isoformat()


@pytest.mark.parametrize(
    ("model", "fresh", "cached", "out"),
    [
        ("openai/gpt-5", 1.25, 0.125, 10),
        ("openai/gpt-5-mini", 0.25, 0.025, 2),
        ("anthropic/claude-sonnet-5-5", 2, 0.1, 10),
        ("google/gemini-3.8-flash", 0.75, 0.075, 3.75),
        ("mistral/mistral-large-4", 0.70, 0.07, 2.10),
        ("ovhcloud/llama-3.3-70b", 0.74, 0.74, 0.74),
        ("together/gpt-oss-120b", 0.15, 0.15, 0.60),
    ],
)
def test_the_rows_of_the_catalogue_have_the_prices_that_were_read(model, fresh, cached, out):
    """Without a cache price, cached tokens cost as much as fresh ones."""
    found = prices(api_model(load_catalog(), model))
    assert found.input_usd_per_mtok == pytest.approx(fresh)
    assert found.cached_usd_per_mtok == pytest.approx(cached)
    assert found.output_usd_per_mtok == pytest.approx(out)


@pytest.mark.parametrize("row", load_catalog().api_models, ids=lambda row: row.id)
def test_every_row_has_a_price_and_the_batch_price_it_promises(row):
    found = prices(row, on=price_date(load_catalog()))
    assert found.input_usd_per_mtok > 0 and found.output_usd_per_mtok > 0
    assert found.cached_usd_per_mtok <= found.input_usd_per_mtok
    assert (found.batch_multiplier is not None) is row.batch_discounted


def test_a_batch_price_that_is_the_list_price_counts_as_none():
    """genai-prices answers a request for a variant it does not know with the list price, without a word."""
    assert prices(offer("together", "openai/gpt-oss-120b", batch_discounted=True)).batch_multiplier is None


def test_processing_in_the_eu_costs_the_uplift_and_keeps_the_discount():
    row = offer("mistral", "mistral-large-4", eu_price_multiplier=1.1)
    plain, inside = prices(row), prices(row, eu=True)
    assert inside.input_usd_per_mtok == pytest.approx(1.1 * plain.input_usd_per_mtok)
    assert inside.cached_usd_per_mtok == pytest.approx(1.1 * plain.cached_usd_per_mtok)
    assert inside.output_usd_per_mtok == pytest.approx(1.1 * plain.output_usd_per_mtok)
    assert inside.batch_multiplier == plain.batch_multiplier


def test_an_unknown_model_is_an_error_and_never_free():
    with pytest.raises(BadInput, match="api model openai/no-such-model: unknown to genai-prices"):
        prices(offer("openai", "no-such-model"))
    with pytest.raises(BadInput, match="unknown to genai-prices"):
        prices(offer("nobody", "gpt-5"))


def test_a_name_that_matches_only_loosely_is_an_error_that_names_the_id():
    with pytest.raises(BadInput, match="matches 'gpt-5-mini' only loosely; write that id"):
        prices(offer("openai", "gpt-5-mini-2025-08-07"))


def test_a_model_without_a_price_is_an_error():
    with pytest.raises(BadInput, match="no price per token"):
        prices(offer("mistral", "mistral-small-24b-instruct-2501:free"))


@pytest.mark.parametrize(("tokens", "out"), [(0, 10), (10, 0), (-5, 10)])
def test_a_request_without_tokens_is_an_error(tokens, out):
    with pytest.raises(BadInput, match="needs tokens in and out"):
        prices(offer("openai", "gpt-5"), tokens=tokens, out=out)


def test_the_source_names_package_and_model():
    assert prices(offer("openai", "gpt-5")).source.startswith("genai-prices 0.")
    assert prices(offer("openai", "gpt-5")).source.endswith("openai/gpt-5")


@pytest.mark.parametrize(
    ("provider", "model", "edge", "below", "above"),
    [
        ("openai", "gpt-6-luna", 272_000, (0.10, 0.01, 0.50), (0.20, 0.02, 0.75)),
        ("openai", "gpt-6.1-sol", 272_000, (2.0, 0.1, 10.0), (4.0, 0.2, 15.0)),
        ("anthropic", "claude-sonnet-4-5", 200_000, (3.0, 0.3, 15.0), (6.0, 0.6, 22.5)),
        ("google", "gemini-2.5-pro", 200_000, (1.25, 0.125, 10.0), (2.5, 0.25, 15.0)),
    ],
)
def test_one_token_over_the_edge_of_a_tier_reprices_the_whole_request(provider, model, edge, below, above):
    """Input, cached and output price all change at once, and batch stays half on both sides."""
    row = offer(provider, model)
    for tokens, expected in ((edge, below), (edge + 1, above)):
        found = prices(row, tokens=tokens)
        assert (found.input_usd_per_mtok, found.cached_usd_per_mtok, found.output_usd_per_mtok) == pytest.approx(
            expected
        )
        assert found.batch_multiplier == pytest.approx(0.5)


def test_a_month_is_priced_as_many_requests_and_not_as_one_long_one():
    """300 requests of 1,000 tokens cost 300 x 1,000 x 0.10 USD/M; one request of 300,000 would cost twice as much."""
    row = offer("openai", "gpt-6-luna")
    one = request_usd(row, input_tokens=1000, output_tokens=0, on=DAY)
    month = request_usd(row, input_tokens=300_000, output_tokens=0, on=DAY)
    assert float(300 * one) == pytest.approx(0.03)
    assert month == 2 * 300 * one


@pytest.mark.parametrize("tokens", [272_000, 272_001])
def test_the_uplift_of_the_eu_holds_on_both_sides_of_a_tier(tokens):
    row = offer("openai", "gpt-6-luna", eu_price_multiplier=1.1)
    plain, inside = prices(row, tokens=tokens), prices(row, tokens=tokens, eu=True)
    assert inside.input_usd_per_mtok == pytest.approx(1.1 * plain.input_usd_per_mtok)
    assert inside.output_usd_per_mtok == pytest.approx(1.1 * plain.output_usd_per_mtok)


@pytest.mark.parametrize(
    "context",
    [
        {"service_tier": "batch"},
        {"inference_geo": "eu"},
        {"processing": "overnight"},
        {"processing": "batch", "x": "y"},
    ],
)
def test_an_unknown_context_is_an_error_and_never_the_list_price(context):
    with pytest.raises(BadInput, match=r"would answer with the list price; known: .*processing=batch"):
        request_usd(offer("openai", "gpt-5"), input_tokens=1000, output_tokens=100, on=DAY, context=context)


def test_a_context_of_another_provider_is_unknown_too():
    with pytest.raises(BadInput, match="known: the list price alone"):
        request_usd(
            offer("together", "openai/gpt-oss-120b"),
            input_tokens=1000,
            output_tokens=100,
            on=DAY,
            context={"processing": "batch"},
        )


def test_a_known_context_has_its_own_price():
    row = offer("openai", "gpt-5")
    listed = request_usd(row, input_tokens=1000, output_tokens=100, on=DAY)
    assert request_usd(row, input_tokens=1000, output_tokens=100, on=DAY, context={"processing": "batch"}) == listed / 2


def test_cached_tokens_cost_their_own_price_inside_one_request():
    """gpt-5: 400 fresh at 1.25, 600 cached at 0.125, 100 out at 10 USD per million: 0.0005 + 0.000075 + 0.001."""
    row = offer("openai", "gpt-5")
    found = request_usd(row, input_tokens=1000, cached_tokens=600, output_tokens=100, on=DAY)
    assert float(found) == pytest.approx(0.001575)
