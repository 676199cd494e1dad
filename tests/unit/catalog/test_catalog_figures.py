"""Do the figures of the wider catalogue make sense beside each other, and do look-ups pick the right row?"""

from datetime import date

import pytest

from advisor.catalog import lookup
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput, UnknownName


def test_the_standard_price_counts_unless_a_band_is_named():
    catalog = load_catalog()
    assert lookup.electricity(catalog, "FR").eur_per_kwh.central == 0.1785
    assert lookup.electricity(catalog, "FR", band="Eurostat ID, 2-20 GWh a year").eur_per_kwh.central == 0.1406
    assert lookup.electricity(catalog, "DE").source == "vea-2025"
    assert lookup.electricity(catalog, "DE", on=date(2024, 1, 1)).eur_per_kwh.central == 0.2175
    with pytest.raises(UnknownName, match="electricity band"):
        lookup.electricity(catalog, "FR", band="Eurostat IX")


def test_more_electricity_costs_less_per_kwh_in_every_country_with_bands():
    catalog = load_catalog()
    for zone in ("DE", "FR", "IE", "NL", "SE", "PL", "ES", "IT", "AT"):
        small, middle, large = (
            lookup.electricity(catalog, zone, band=f"Eurostat {band} a year").eur_per_kwh.central
            for band in ("IB, 20-500 MWh", "ID, 2-20 GWh", "IE, 20-70 GWh")
        )
        assert small > middle > large, zone


def test_the_footprint_of_a_base_board_is_eight_parts():
    """NVIDIA: 1,312 kg for eight; 164 kg each."""
    catalog = load_catalog()
    board = lookup.embodied(catalog, "board.hgx-h100")
    part = lookup.embodied(catalog, "accelerator.h100")
    assert board.embodied_kgco2e.central == board.num_accelerators * part.embodied_kgco2e.central == 1312
    server = lookup.embodied(catalog, "server.8-accelerators")
    assert (server.embodied_kgco2e.central, server.num_accelerators, server.lifetime_years.central) == (5700, 8, 3)


def test_an_operator_stays_below_the_mean_of_the_survey():
    catalog = load_catalog()
    survey = lookup.pue(catalog, "survey_mean")
    assert (survey.pue_ratio.central, lookup.pue(catalog, "survey_mean", on=date(2023, 7, 1)).pue_ratio.central) == (
        1.54,
        1.58,
    )
    assert all(row.pue_ratio.central < 1.2 for row in catalog.pue if row.name.startswith("operator."))
    parameter = lookup.parameter(catalog, "pue_ratio.on_premises")
    assert (parameter.low, parameter.central, parameter.high) == (
        survey.pue_ratio.low,
        survey.pue_ratio.central,
        survey.pue_ratio.high,
    )


def test_every_country_has_all_roles_a_price_of_electricity_and_a_grid():
    """A case may name any country of the salaries."""
    catalog = load_catalog()
    countries = {row.country for row in catalog.salaries}
    assert countries >= {"DE", "AT", "CH", "FR", "NL", "ES", "IT", "PL", "GB", "IE", "US", "SE"}
    for country in countries:
        for role in ("ml_engineer", "data_engineer", "operations", "annotator", "domain_expert"):
            pay = lookup.salary(catalog, country, role)
            assert pay.on_cost_fraction == lookup.on_cost(catalog, country).on_cost_fraction
        assert lookup.electricity(catalog, country).zone == lookup.grid(catalog, country).zone == country


def test_a_share_of_labour_cost_becomes_a_share_of_gross_wages():
    """France: 32.2 % of labour cost is 0.322 / 0.678 of gross wages."""
    catalog = load_catalog()
    assert lookup.on_cost(catalog, "FR").on_cost_fraction == pytest.approx(0.322 / 0.678, abs=5e-4)
    assert lookup.on_cost(catalog, "SE").on_cost_fraction == pytest.approx(0.316 / 0.684, abs=5e-4)


def test_specialists_earn_more_than_annotators_everywhere():
    catalog = load_catalog()
    for country in {row.country for row in catalog.salaries}:
        engineer, annotator = (lookup.salary(catalog, country, role) for role in ("ml_engineer", "annotator"))
        if engineer.currency == annotator.currency:
            assert engineer.gross_per_year.central > annotator.gross_per_year.central, country


def test_labelling_gets_slower_as_the_task_gets_harder():
    catalog = load_catalog()
    kinds = ("classification", "span", "preference_pair", "demonstration")
    seconds = [lookup.annotation_speed(catalog, kind).seconds_per_item_s.central for kind in kinds]
    assert seconds == sorted(seconds)
    assert lookup.annotation_wage(catalog, "DE", "floor").wage_eur_per_hour.central == 13.9
    assert lookup.annotation_volume(catalog, "instructgpt").num_items == 13000


def test_offers_are_found_by_any_spelling_of_the_part_and_by_term():
    catalog = load_catalog()
    offers = lookup.rentals(catalog, "H100")
    assert {row.term for row in offers} == {"on_demand", "spot", "reserved"}
    assert {row.provider for row in lookup.rentals(catalog, "h100-sxm-80gb", term="spot")} == {"nebius", "verda"}
    assert lookup.rentals(catalog, "tpu-v4") == ()
    assert any(row.what == "server" and row.num_accelerators == 8 for row in lookup.purchases(catalog, "H100"))


def test_the_spot_price_is_below_the_price_on_demand():
    catalog = load_catalog()
    spots = [row for row in catalog.rentals if row.term == "spot"]
    assert len(spots) >= 5
    for spot in spots:
        (steady,) = [
            row
            for row in lookup.rentals(catalog, spot.accelerator, term="on_demand")
            if (row.provider, row.as_of) == (spot.provider, spot.as_of)
        ]
        assert spot.usd_per_hour < steady.usd_per_hour


def test_tuning_prices_know_method_history_and_closing_day():
    catalog = load_catalog()
    sold = lookup.tuning_price(catalog, "openai", "gpt-4.1-mini")
    assert (sold.training_usd_per_mtok, sold.tuned_inference_multiplier, sold.closed) == (5.0, 2.0, "2026-05-07")
    first = lookup.tuning_price(catalog, "openai", "gpt-3.5-turbo", on=date(2024, 1, 1))
    assert (first.training_usd_per_mtok, first.closed) == (8.0, None)
    assert lookup.tuning_price(catalog, "openai", "o4-mini", method="reinforcement").training_usd_per_hour == 100
    assert lookup.tuning_price(catalog, "azure", "gpt-4.1").hosting_usd_per_hour == 1.7
    assert lookup.tuning_price(catalog, "google", "gemini-2.5-flash").training_usd_per_mtok == 5.0
    with pytest.raises(BadInput, match="no row as early as"):
        lookup.tuning_price(catalog, "openai", "gpt-3.5-turbo", on=date(2020, 1, 1))
