"""Tables of facts: what the loader refuses in each, and which grid row a look-up takes."""

import re
from datetime import date

import pytest
from test_catalog_load import refusal, spoil

from advisor.catalog import lookup
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import UnknownName

MISSPELT = {
    "grids.yml": ("market_year: 2025", "market_yaer: 2025", "market_year"),
    "embodied.yml": ("lifetime_years:", "life_time_years:", "lifetime_years"),
    "water.yml": ("water_litres_per_kwh:", "water_liters_per_kwh:", "water_litres_per_kwh"),
    "pue.yml": ("pue_ratio:", "pue_ratoi:", "pue_ratio"),
    "electricity.yml": ("tax_level:", "tax_levle:", "tax_level"),
    "on_costs.yml": ("on_cost_fraction:", "on_cost_fractoin:", "on_cost_fraction"),
    "annotation/wages.yml": ("wage_eur_per_hour:", "wage_eur_per_huor:", "wage_eur_per_hour"),
    "annotation/speeds.yml": ("seconds_per_item_s:", "seconds_per_itm_s:", "seconds_per_item_s"),
    "annotation/volumes.yml": ("num_items:", "num_itmes:", "num_items"),
    "prices/rentals.yml": ("usd_per_hour:", "usd_per_huor:", "usd_per_hour"),
    "prices/purchases.yml": ("price_usd:", "price_uds:", "price_usd"),
    "prices/tuning.yml": ("training_usd_per_mtok:", "traning_usd_per_mtok:", "training_usd_per_mtok"),
    "prices/storage.yml": ("usd_per_gb_month:", "usd_per_gb_mnoth:", "usd_per_gb_month"),
    "prices/second_source.yml": ("output_usd_per_mtok:", "outputs_usd_per_mtok:", "output_usd_per_mtok"),
    "shelf_lives.yml": ("max_age_months:", "max_age_month:", "max_age_months"),
}


@pytest.mark.parametrize(("file", "slip"), MISSPELT.items())
def test_a_misspelt_key_is_refused_in_every_table_with_the_right_name(data, file, slip):
    old, new, name = slip
    spoil(data / file, old, new)
    assert re.search(rf"{file}: row \d+ .*did you mean '{name}'\?", refusal(data))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("grids.yml", "market_gco2e_per_kwh: 701.47", "market_gco2e_per_kwh: -701.47"),
        ("embodied.yml", "low: 128", "low: -128"),
        ("water.yml", "low: 0.15", "low: -0.15"),
        ("electricity.yml", "low: 0.14", "low: -0.14"),
        ("annotation/wages.yml", "low: 12.82", "low: -12.82"),
        ("annotation/speeds.yml", "low: 5,", "low: -5,"),
        ("annotation/volumes.yml", "num_items: 13000", "num_items: 0"),
        ("prices/rentals.yml", "usd_per_hour: 2.95", "usd_per_hour: -2.95"),
        ("prices/purchases.yml", "low: 25000", "low: -25000"),
        ("prices/tuning.yml", "training_usd_per_mtok: 8", "training_usd_per_mtok: -8"),
        ("prices/storage.yml", "usd_per_gb_month: 0.023", "usd_per_gb_month: -0.023"),
        ("prices/second_source.yml", "input_usd_per_mtok: 2", "input_usd_per_mtok: 0"),
        ("on_costs.yml", "on_cost_fraction: 0.21", "on_cost_fraction: 21"),
        ("pue.yml", "low: 1.55", "low: 0.55"),
        ("shelf_lives.yml", "max_age_months: 6", "max_age_months: 0"),
    ],
)
def test_a_value_out_of_its_bounds_is_refused_with_file_and_row(data, file, old, new):
    spoil(data / file, old, new)
    assert re.search(rf"{file}: row \d+", refusal(data))


@pytest.mark.parametrize("file", MISSPELT)
def test_a_row_that_stands_twice_is_refused_in_every_table(data, file):
    text = (data / file).read_text(encoding="utf-8").rstrip("\n")
    last = text[text.rindex("\n- ") :]
    (data / file).write_text(text + last + "\n", encoding="utf-8")
    assert re.search(rf"{file}: row \d+ .*the same row stands in", refusal(data))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("grids.yml", ", market_source: aib-2025", "", "market_gco2e_per_kwh needs market_year, market_basis"),
        ("grids.yml", "market_source: aib-2025", "market_source: aib-2052", "did you mean 'aib-2025'"),
        ("salaries.yml", "on_cost_fraction: 0.21", "on_cost_fraction: 0.25", "0.25 here, 0.21 in on_costs.yml"),
        ("on_costs.yml", "country: NL", "country: LU", "no row in on_costs.yml"),
        (
            "prices/rentals.yml",
            "accelerator: h100-sxm-80gb",
            "accelerator: h100-smx-80gb",
            "did you mean 'h100-sxm-80gb'",
        ),
        ("prices/rentals.yml", "usd_per_hour: 2.95", "eur_per_hour: 1, usd_per_hour: 2.95", "exactly one of"),
        ("prices/rentals.yml", "term: on_demand", "term: reserved", "commitment_months belongs to reserved"),
        (
            "prices/second_source.yml",
            "api_model: openai/gpt-5,",
            "api_model: openai/gpt-55,",
            "is not in api_models.yml",
        ),
        ("prices/tuning.yml", "training_usd_per_mtok: 8, ", "", "give training_usd_per_mtok or training_usd_per_hour"),
        ("shelf_lives.yml", "table: rentals", "table: rental", "did you mean 'rentals'"),
        ("pue.yml", "low: 1.55", "low: 0.55", "pue_ratio >= 1"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(data, file, old, new, said):
    spoil(data / file, old, new)
    assert said in refusal(data)


def test_two_standard_electricity_rows_of_one_day_are_refused(data):
    spoil(
        data / "electricity.yml",
        "is_standard: false, source: eurostat-nrg-pc-205, as_of: 2024-06",
        "source: eurostat-nrg-pc-205, as_of: 2024-06",
    )
    assert "electricity.yml" in refusal(data) and "the same row stands in" in refusal(data)


def test_the_newest_grid_row_of_the_asked_basis_counts():
    """Life cycle 2024 beside the residual mix of 2025; direct factors only when asked for."""
    catalog = load_catalog()
    germany = lookup.grid(catalog, "DE")
    assert (germany.location_gco2e_per_kwh, germany.year, germany.basis) == (344, 2024, "life_cycle")
    assert (germany.market_gco2e_per_kwh, germany.market_year, germany.market_basis) == (701.47, 2025, "direct")
    assert lookup.grid(catalog, "DE", on=date(2024, 6, 1)).market_gco2e_per_kwh == 724.56
    assert lookup.grid(catalog, "DE", basis="direct").location_gco2e_per_kwh == 363
    with pytest.raises(UnknownName, match=r"grid zone \(direct\) 'SE'"):
        lookup.grid(catalog, "SE", basis="direct")


@pytest.mark.parametrize("zone", ["AT", "NL"])
def test_full_disclosure_is_no_residual_mix_and_never_zero(zone):
    row = lookup.grid(load_catalog(), zone)
    assert row.market_gco2e_per_kwh is None and "no residual mix" in row.note


def test_a_residual_mix_is_dirtier_where_certificates_leave_the_country():
    """Hydropower of the north is sold with its certificates; French nuclear power is not."""
    catalog = load_catalog()
    for zone in ("SE", "FI", "DK", "DE"):
        row = lookup.grid(catalog, zone)
        assert row.market_gco2e_per_kwh > 2 * row.location_gco2e_per_kwh, zone
    assert lookup.grid(catalog, "FR").market_gco2e_per_kwh < lookup.grid(catalog, "FR").location_gco2e_per_kwh


@pytest.mark.parametrize(
    ("find", "near"),
    [
        (lambda c: lookup.pue(c, "hyperscal"), "hyperscale"),
        (lambda c: lookup.embodied(c, "accelerator.h10"), "accelerator.h100"),
        (lambda c: lookup.water(c, "site.amazn"), "site.amazon"),
        (lambda c: lookup.annotation_speed(c, "spann"), "span"),
        (lambda c: lookup.annotation_volume(c, "alpacca"), "alpaca"),
        (lambda c: lookup.annotation_wage(c, "DE", "flor"), "floor"),
        (lambda c: lookup.rentals(c, "h100-smx-80gb"), "h100-sxm-80gb"),
        (lambda c: lookup.purchases(c, "h100-smx-80gb"), "h100-sxm-80gb"),
        (lambda c: lookup.tuning_price(c, "opena", "gpt-4o"), "openai"),
        (lambda c: lookup.tuning_price(c, "openai", "gpt-4.1-mni"), "gpt-4.1-mini"),
        (lambda c: lookup.storage_price(c, "awss", "S3 Standard"), "aws"),
        (lambda c: lookup.storage_price(c, "aws", "S3 Standrd"), "S3 Standard"),
        (lambda c: lookup.second_source(c, "openai/gpt-55"), "openai/gpt-5"),
        (lambda c: lookup.shelf_life(c, "rental"), "rentals"),
        (lambda c: lookup.on_cost(c, "DK"), ""),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(find, near):
    with pytest.raises(
        UnknownName, match=f"did you mean '{re.escape(near)}" if near else "unknown country of on-costs"
    ):
        find(load_catalog())
