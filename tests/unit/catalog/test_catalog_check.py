"""`advisor catalog check`: ages, offers against ranges, and a second list of token prices."""

import argparse
import json
from datetime import date

import pytest

from advisor.catalog import check, commands, crosscheck, lookup
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput, UnknownName
from advisor.exits import exit_code

TODAY = date(2026, 11, 24)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    commands.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["catalog", *words])
    return exit_code(lambda: arguments.handler(arguments))


def with_row(table: str, index: int, **changes):
    """The catalogue with one row of a table changed."""
    catalog = load_catalog()
    rows = list(getattr(catalog, table))
    rows[index] = rows[index].model_copy(update=changes)
    return catalog.model_copy(update={table: tuple(rows)})


def price_map(**changes) -> dict:
    """A price map in the shape of litellm's that says what the catalogue's own extract says."""
    made = {}
    for row in load_catalog().second_source:
        entry = {name: getattr(row, field) for field, name in crosscheck.LITELLM_FIELDS.items()}
        made[row.listed_as] = {name: value / 1e6 for name, value in entry.items() if value is not None}
    return {**made, **changes}


@pytest.fixture
def price_file(tmp_path):
    """Writes a price map and returns where it lies."""

    def write(content) -> object:
        file = tmp_path / "prices.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return file

    return write


def test_the_shipped_offers_fit_their_ranges():
    check.refuse_stray_offers(load_catalog(), today=TODAY)


def test_an_offer_outside_its_range_is_an_error_that_says_what_to_do():
    catalog = load_catalog()
    index = next(i for i, row in enumerate(catalog.rentals) if row.provider == "nebius" and row.term == "on_demand")
    spoilt = with_row("rentals", index, usd_per_hour=29.5)
    with pytest.raises(BadInput, match=r"h100-sxm-80gb at nebius \(2026\): 29.5 USD .* widen the range, or give"):
        check.refuse_stray_offers(spoilt, today=TODAY)
    check.refuse_stray_offers(with_row("rentals", index, usd_per_hour=29.5, outlier_reason="a test"), today=TODAY)
    check.refuse_stray_offers(with_row("rentals", index, usd_per_hour=29.5, term="spot"), today=TODAY)
    check.refuse_stray_offers(with_row("rentals", index, usd_per_hour=29.5, as_of="2025-04-30"), today=TODAY)
    with pytest.raises(BadInput):
        check.refuse_stray_offers(with_row("rentals", index, usd_per_hour=29.5, as_of="2025-05-24"), today=TODAY)


def test_a_reason_that_is_no_longer_needed_is_an_error():
    catalog = load_catalog()
    index = next(i for i, row in enumerate(catalog.rentals) if row.outlier_reason)
    part = lookup.accelerator(catalog, catalog.rentals[index].accelerator)
    with pytest.raises(BadInput, match="remove outlier_reason"):
        check.refuse_stray_offers(
            with_row("rentals", index, usd_per_hour=part.rental_usd_per_hour.central), today=TODAY
        )


def test_euros_are_converted_before_they_are_compared():
    """1.89 EUR an hour at 1.1172 USD per EUR: 2.11 USD."""
    catalog = load_catalog()
    (offer,) = [row for row in lookup.rentals(catalog, "H100") if row.provider == "seeweb"]
    assert check.usd_per_hour(catalog, offer) == pytest.approx(1.89 * 1.1172)


def test_every_table_has_a_shelf_life():
    catalog = load_catalog()
    for table in set(type(catalog).model_fields) - {"version", "sources", "shelf_lives"}:
        assert lookup.shelf_life(catalog, table).table == table
    with pytest.raises(UnknownName):
        lookup.shelf_life(catalog, "sources")


def test_a_row_is_old_only_past_the_shelf_life_of_its_own_table():
    """Exchange rates keep 3 months: one of 2026-10-30 is old from February 2027 on."""
    catalog = load_catalog()

    def old(table: str, today: date) -> list[str]:
        return [row.row for row in check.stale_rows(catalog, today=today) if row.table == table]

    assert old("exchange", date(2027, 1, 31)) == []
    assert old("exchange", date(2027, 2, 1)) == ["USD", "CHF", "GBP", "PLN", "SEK"]
    assert old("api_models", date(2027, 5, 31)) == []
    assert len(old("api_models", date(2027, 6, 1))) == len(catalog.api_models)
    assert old("base_models", date(2040, 1, 1)) == []


def test_history_is_not_old_only_its_newest_row_is_judged():
    """Germany's grid has rows of 2023 to 2025; in 2026 none of them is called old."""
    rows = [row for row in check.stale_rows(load_catalog(), today=TODAY) if row.table == "grids"]
    assert not [row for row in rows if row.row.startswith("DE")]


def test_two_lists_of_prices_disagree_where_a_sale_runs():
    """Mistral Large 4: 0.70 on sale against the list price of 1.36; gpt-5 is the same in both."""
    found = crosscheck.disagreements(load_catalog(), on=date(2026, 11, 23))
    (sale,) = [row for row in found if row.api_model == "mistral/mistral-large-4" and row.price.startswith("input")]
    assert (sale.first, sale.second) == pytest.approx((0.70, 1.36))
    assert sale.difference_fraction == pytest.approx(1.36 / 0.70 - 1)
    assert "genai-prices" in str(sale) and "litellm-prices" in str(sale) and "2026-11-23" in str(sale)
    assert not [row for row in found if row.api_model.startswith(("openai/", "anthropic/", "google/"))]


@pytest.mark.parametrize(("factor", "named"), [(1.009, False), (1.011, True), (0.991, False), (0.989, True)])
def test_one_per_cent_is_the_edge(factor, named):
    catalog = load_catalog()
    row = next(row for row in catalog.second_source if row.api_model == "openai/gpt-5")
    changed = row.model_copy(update={"output_usd_per_mtok": 10 * factor})
    rows = tuple(changed if other is row else other for other in catalog.second_source)
    found = crosscheck.disagreements(catalog, on=date(2026, 11, 23), rows=rows)
    assert ("openai/gpt-5" in {entry.api_model for entry in found}) is named


def test_a_model_without_a_second_price_is_an_error():
    catalog = load_catalog()
    rows = tuple(row for row in catalog.second_source if row.api_model != "openai/gpt-5")
    with pytest.raises(UnknownName, match="'openai/gpt-5'"):
        crosscheck.disagreements(catalog, on=date(2026, 11, 23), rows=rows)


def test_every_api_model_has_a_second_price():
    catalog = load_catalog()
    assert {row.api_model for row in catalog.second_source} == {row.id for row in catalog.api_models}


def test_a_newer_copy_of_the_price_map_is_read_instead(price_file):
    changed = {**price_map()["gpt-5"], "output_cost_per_token": 0.00002, "source": "https://example.org/prices"}
    rows = crosscheck.second_rows(load_catalog(), price_file(price_map(**{"gpt-5": changed})), read=TODAY)
    (row,) = [row for row in rows if row.api_model == "openai/gpt-5"]
    assert (row.output_usd_per_mtok, row.as_of, row.page) == (20.0, "2026-11-24", "https://example.org/prices")
    found = crosscheck.disagreements(load_catalog(), on=date(2026, 11, 23), rows=rows)
    assert [entry.second for entry in found if entry.api_model == "openai/gpt-5"] == [20.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not valid JSON"),
        ("[]", "expected litellm's map of model to prices, got list"),
        ({}, "no entry 'gpt-6.1-sol' for openai/gpt-6.1-sol"),
        (price_map(**{"gpt-5": {"input_cost_per_token": 1e-6, "output_cost_per_token": 0}}), "0 is no price"),
        (price_map(**{"gpt-5": {"input_cost_per_token": "1e-6"}}), "expected a number, got '1e-6'"),
    ],
)
def test_a_file_that_is_no_price_map_or_lacks_a_price_is_an_error(price_file, content, said):
    with pytest.raises(BadInput, match=said):
        crosscheck.second_rows(load_catalog(), price_file(content), read=TODAY)


def test_the_command_reads_the_file_and_fails_on_a_missing_price(price_file, capsys, tmp_path):
    assert run("check", "--second-source", str(price_file(price_map()))) == 0
    assert "two sources disagree: mistral/mistral-large-4: input_usd_per_mtok" in capsys.readouterr().out
    assert run("check", "--second-source", str(price_file({}))) == 1
    assert "no entry 'gpt-6.1-sol'" in capsys.readouterr().err
    assert run("check", "--second-source", str(tmp_path / "none.json")) == 1
    assert "none.json: cannot be read" in capsys.readouterr().err


def test_the_report_names_what_lacks_a_range_and_what_disagrees(capsys):
    assert run("check", "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    assert {entry["api_model"] for entry in report["disagreements"]} >= {"mistral/mistral-large-4"}
    catalog = load_catalog()
    assert all(lookup.accelerator(catalog, part).rental_usd_per_hour is None for part in report["unpriced"])
    assert {"table", "row", "as_of", "max_age_months"} == set(report["stale"][0])
