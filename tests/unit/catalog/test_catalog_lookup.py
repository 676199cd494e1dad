"""Looking rows up by name and date."""

from datetime import date

import pytest

from advisor.catalog import lookup
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput, UnknownName


@pytest.fixture
def history():
    """The catalogue with an older and a newer dollar rate and a re-dated price of a part."""
    catalog = load_catalog()
    rate = catalog.exchange[0]
    rates = tuple(
        rate.model_copy(update={"per_eur": value, "as_of": day})
        for value, day in ((1.25, "2026-12"), (1.0, "2024"), (1.125, "2025-06-30"))
    )
    return catalog.model_copy(update={"exchange": rates})


@pytest.mark.parametrize(
    ("on", "rate"),
    [
        (date(2024, 1, 1), 1.0),
        (date(2025, 6, 29), 1.0),
        (date(2025, 6, 30), 1.125),
        (date(2026, 11, 30), 1.125),
        (date(2026, 12, 1), 1.25),
        (None, 1.25),
    ],
)
def test_the_latest_row_not_after_the_day_counts(history, on, rate):
    assert lookup.exchange(history, "USD", on=on).per_eur == rate


def test_a_day_before_the_first_row_is_an_error(history):
    with pytest.raises(BadInput, match="no row as early as 2023-12-31; the first is of 2024"):
        lookup.exchange(history, "usd", on=date(2023, 12, 31))


@pytest.mark.parametrize("name", ["llama-3.1-8b-instruct", "META-LLAMA/Llama-3.1-8B-Instruct", "Llama 3.1 8B Instruct"])
def test_a_model_is_found_by_id_alias_and_name(name):
    assert lookup.base_model(load_catalog(), name).id == "llama-3.1-8b-instruct"


@pytest.mark.parametrize(
    ("find", "name", "near"),
    [
        (lookup.accelerator, "h100-smx-80gb", "h100-sxm-80gb"),
        (lookup.base_model, "qwen3-33b", "qwen3-32b"),
        (lookup.api_model, "openai/gpt-6-lunar", "openai/gpt-6-luna"),
        (lookup.architecture, "llama-2b", "llama-"),
        (lookup.parameter, "discount_rate", "discount_rate_fraction"),
        (lookup.task, "summarisation", "summarization"),
        (lookup.legal, "csrd_employes", "csrd_employees"),
        (lookup.source, "ecb-eurofx", "ecb-eurofxref"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(find, name, near):
    with pytest.raises(UnknownName, match=f"did you mean '{near}"):
        find(load_catalog(), name)


def test_a_country_without_a_row_is_an_error_not_a_neighbour():
    with pytest.raises(UnknownName, match="unknown country of salaries 'DK'"):
        lookup.salary(load_catalog(), "DK", "ml_engineer")
    with pytest.raises(UnknownName, match="give the value in the case"):
        lookup.electricity(load_catalog(), "IS")
    with pytest.raises(UnknownName, match=r"unknown grid zone \(life_cycle\) 'XX'"):
        lookup.grid(load_catalog(), "XX")


def test_an_unknown_role_is_an_error_with_the_nearest():
    with pytest.raises(UnknownName, match="did you mean 'ml_engineer'"):
        lookup.salary(load_catalog(), "DE", "ml_enginer")


def test_a_zone_inside_a_country_takes_the_row_of_the_country():
    assert lookup.electricity(load_catalog(), "US-WY").zone == "US"
    assert lookup.electricity(load_catalog(), "US-TX").zone == "US-TX"


def test_models_that_will_be_switched_off_are_not_on_sale():
    """gpt-5-mini ends on 2026-12-11, gpt-4.1-mini on 2027-01-14."""
    catalog = load_catalog()

    def on_sale(until):
        return {row.id for row in lookup.api_models_on_sale(catalog, until=until)}

    assert on_sale(date(2026, 12, 10)) == {row.id for row in catalog.api_models}
    assert "openai/gpt-5-mini" not in on_sale(date(2026, 12, 11))
    assert "openai/gpt-4.1-mini" in on_sale(date(2027, 1, 13))
    assert not {"openai/gpt-4.1-mini", "openai/gpt-4o-mini", "openai/gpt-5"} & on_sale(date(2027, 1, 14))
