"""Energy, greenhouse gas, storage and annotation of whole assessments."""

from pathlib import Path

import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.files import read_contract
from advisor.footprint_text import footprint_columns, footprint_row
from advisor.report import markdown, table_text

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
CATALOG = load_catalog()


@pytest.fixture(scope="module")
def result():
    case = read_contract(EXAMPLES / "law_publisher.yaml", Case)
    return assess(case, catalog=CATALOG, draws=2000)


@pytest.fixture(scope="module")
def at_home():
    case = read_contract(EXAMPLES / "insurer_claims_letters.yaml", Case)
    return assess(case, catalog=CATALOG, draws=2000)


def own(result):
    return [option for option in result.options if option.energy.boundary == "facility"]


def bought_tokens(result):
    return [option for option in result.options if option.energy.boundary == "provider_modelled"]


def test_every_option_fills_the_same_lines_and_storage_is_one(result):
    names = [line.name for line in result.options[0].cost.lines]
    assert "storage" in names
    assert all([line.name for line in option.cost.lines] == names for option in result.options)


def test_options_that_hold_data_or_models_pay_for_room(result):
    storage = {o.kind: next(line.p50 for line in o.cost.lines if line.name == "storage") for o in result.options}
    assert storage.pop("status_quo") == 0
    assert min(storage.values()) > 0
    assert storage["fine_tune_full"] > storage["fine_tune_lora"] > storage["self_hosted_open"]


def test_energy_is_split_by_purpose_for_own_hardware(result):
    assert own(result)
    for option in own(result):
        energy = option.energy
        parts = (energy.training_it_kwh, energy.serving_busy_it_kwh, energy.serving_idle_it_kwh)
        assert sum(part.mean for part in parts) == pytest.approx(energy.it_kwh.mean, rel=1e-3)
        assert energy.it_kwh.mean + energy.cooling_kwh.mean == pytest.approx(energy.kwh.mean, rel=1e-3)
        trains = option.kind != "self_hosted_open"
        assert (energy.training_it_kwh.p50 > 0) is trains


def test_a_provider_s_energy_stays_modelled_and_its_hardware_unknown(result):
    assert bought_tokens(result)
    for option in bought_tokens(result):
        assert option.energy.it_kwh.p50 < option.energy.kwh.p50
        assert option.energy.training_it_kwh is None
        assert option.carbon.kg_co2e_embodied is None
        assert option.carbon.sci_g_per_request is None


def test_the_market_based_figure_is_there_where_the_zone_has_a_residual_mix(result):
    german = next(option for option in own(result))
    assert german.carbon.kg_co2e_market.mean > german.carbon.kg_co2e_location.mean
    american = [o for o in bought_tokens(result) if o.carbon.kg_co2e_market is None]
    warning = next(w for w in result.warnings if w.code == "market_factor_unknown")
    assert american
    assert "US" in warning.message


def test_embodied_is_a_range_and_per_request_adds_it(result):
    option = next(o for o in own(result) if o.carbon.kg_co2e_embodied is not None)
    carbon = option.carbon
    assert carbon.kg_co2e_embodied.p5 < carbon.kg_co2e_embodied.p50 < carbon.kg_co2e_embodied.p95
    assert carbon.sci_g_per_request.p50 > 0


def test_rooms_of_one_s_own_have_no_known_water(at_home):
    assert all(option.energy.water_l is None for option in own(at_home))
    assert any(warning.code == "water_of_own_rooms_unknown" for warning in at_home.warnings)


def test_bought_hardware_counts_its_whole_held_time(at_home):
    """8 devices held 48 months of 730.5 h: (120 + 5,700 / 8) kg spread over 3 to 5 years lie in the interval."""
    option = next(o for o in own(at_home) if o.accelerator == "a100-sxm-80gb" and o.accelerator_count == 8)
    share = 48 / 12 / 3
    by_hand = 8 * share * (127.6 + 5700 / 8)
    found = option.carbon.kg_co2e_embodied
    assert found.p5 < by_hand < found.p95


def test_every_new_input_is_listed_with_source_and_date(result):
    rows = {row.name: row for row in result.assumptions}
    wanted = (
        "storage_usd_per_gb_month",
        "annotation_rejection_fraction",
        "failure_reserve_ratio",
        "grid_market_gco2e_per_kwh.DE",
        "water_site_l_per_kwh",
        "embodied_kgco2e.a100-sxm-80gb",
    )
    for name in wanted:
        assert rows[name].source
        assert rows[name].as_of
    ratios = [row for row in result.assumptions if row.name.startswith("mfu_ratio.")]
    assert ratios
    assert all("step model" in row.source for row in ratios)
    assert len(rows) == len(result.assumptions)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_shows_energy_and_greenhouse_gas_in_both_languages(result, language):
    text, document = table_text(result, language), markdown(result, language)
    assert {"en": "Energy, greenhouse gas", "de": "Energie, Treibhausgas"}[language] in text
    assert {"en": "CO₂e making, kg", "de": "CO₂e Herstellung, kg"}[language] in document
    rows = [footprint_row(option, language) for option in result.options]
    assert {len(row) for row in rows} == {len(footprint_columns(language))}
    quo = next(row for row, option in zip(rows, result.options, strict=True) if option.kind == "status_quo")
    assert set(quo[1:]) == {"–"}
