"""What a finished run took: figures by hand, boundaries, and what is not known."""

import pytest
from metered import H100, KWH_J, energy, machine, on_processors, run, served, unmeasured

from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput
from advisor.footprint.place import place_of
from advisor.footprint.reckon import footprint_report
from advisor.footprint.text import digits3, footprint_table
from advisor.footprint.work import work_of


@pytest.fixture(scope="module")
def catalog():
    return load_catalog()


def place(catalog, **changes):
    said = {
        "case": None,
        "zone": "DE",
        "location": None,
        "price_eur_per_kwh": 0.20,
        "pue_ratio": 1.2,
        "server_ratio": 1.5,
        "contract_gco2e_per_kwh": None,
    }
    return place_of(catalog, **{**said, **changes})


def reckoned(catalog, *reports, **changes):
    return footprint_report([work_of(report, catalog) for report in reports], place(catalog, **changes), catalog)


def factor(found, name):
    return next(row.value for row in found.assumptions if row.name == name)


def test_each_boundary_is_the_one_before_times_its_ratio_and_pue_counts_once(catalog):
    """1 kWh x 1.5 = 1.5 kWh of servers, x 1.2 = 1.8 kWh of the site, x 0.20 = 0.36 EUR, x grid factor = kg."""
    found = reckoned(catalog, run())
    only = found.footprints[0]
    assert (only.metered_kwh.p5, only.metered_kwh.p50, only.metered_kwh.p95) == (0.95, 1.0, 1.05)
    assert only.it_kwh.p50 == pytest.approx(1.5, rel=1e-3)
    assert only.facility_kwh.p50 == pytest.approx(1.8, rel=1e-3)
    assert only.electricity_eur.p50 == pytest.approx(0.36, rel=1e-3)
    grid, market = factor(found, "grid_gco2e_per_kwh.DE"), factor(found, "grid_market_gco2e_per_kwh.DE")
    assert only.operational_kgco2e_location.p50 == pytest.approx(1.8 * grid / 1000, rel=1e-3)
    assert only.operational_kgco2e_market.p50 == pytest.approx(1.8 * market / 1000, rel=1e-3)


def test_the_error_band_of_the_meter_is_carried_to_the_last_figure(catalog):
    """+/-5 % at the meter, all other factors fixed: +/-5 % at the site."""
    only = reckoned(catalog, run()).footprints[0]
    assert only.facility_kwh.p5 == pytest.approx(1.8 * 0.95, rel=2e-3)
    assert only.facility_kwh.p95 == pytest.approx(1.8 * 1.05, rel=2e-3)


def test_a_span_of_a_factor_widens_the_span_of_the_figure(catalog):
    fixed = reckoned(catalog, run()).footprints[0].facility_kwh
    wide = reckoned(catalog, run(), server_ratio=None).footprints[0].facility_kwh
    assert wide.p95 / wide.p5 > fixed.p95 / fixed.p5


def test_embodied_emissions_are_a_range_by_time_in_use_of_both_devices(catalog):
    """Two device-hours over three years and the share of the server: 2 / 26,298 x (164 + 5,700 / 8) = 0.067 kg."""
    work = reckoned(catalog, run()).footprints[0]
    assert work.work.accelerator == "h100-sxm-80gb" and work.work.accelerator_count == 2
    assert work.embodied_kgco2e.p5 < 2 / 26298 * (164 + 5700 / 8) < work.embodied_kgco2e.p95


def test_without_measured_energy_every_figure_of_energy_is_none_with_the_reason(catalog):
    only = reckoned(catalog, run(total=unmeasured("driver gone"))).footprints[0]
    for name in ("metered_kwh", "it_kwh", "facility_kwh", "electricity_eur", "operational_kgco2e_location"):
        assert getattr(only, name) is None
        assert "driver gone" in only.reasons[name]
    assert only.embodied_kgco2e is not None, "time in use is known"


def test_a_processor_has_neither_energy_nor_embodied_emissions_and_says_so(catalog):
    only = reckoned(catalog, machine()).footprints[0]
    assert only.metered_kwh is None and only.embodied_kgco2e is None
    assert "no NVML device" in only.reasons["metered_kwh"] and "processor" in only.reasons["embodied_kgco2e"]


def test_readings_of_whole_modules_are_not_scaled_by_the_ratio_of_accelerators(catalog):
    report = run(total=energy(KWH_J, scope="module"))
    only = reckoned(catalog, report, server_ratio=None).footprints[0]
    assert only.metered_kwh is not None and only.it_kwh is None and "--server-ratio" in only.reasons["it_kwh"]
    given = reckoned(catalog, report, server_ratio=1.1).footprints[0]
    assert given.it_kwh.p50 == pytest.approx(1.1, rel=1e-3)


def test_the_counters_of_a_processor_are_a_boundary_of_their_own(catalog):
    """Without accelerators the processor's 0.5 kWh is known; the rest of its server is not, unless given."""
    report = run(total=on_processors(0.5 * KWH_J))
    alone = report.environment.model_copy(update={"accelerators": ()})
    report = report.model_copy(update={"environment": alone})
    only = reckoned(catalog, report, server_ratio=None).footprints[0]
    assert only.work.boundary == "processors" and only.metered_kwh.p50 == 0.5
    assert only.it_kwh is None and "processors and memory" in only.reasons["it_kwh"]
    given = reckoned(catalog, report, server_ratio=1.6).footprints[0]
    assert given.it_kwh.p50 == pytest.approx(0.8)


def test_serving_adds_up_its_loads_and_divides_by_requests(catalog):
    """2 x 1 kWh, 1,000 requests: SCI = (3.6 kWh x factor + embodied) / 1,000."""
    found = reckoned(catalog, served(KWH_J, KWH_J))
    only = found.footprints[0]
    assert only.metered_kwh.p50 == pytest.approx(2.0)
    by_hand = only.operational_kgco2e_location.mean + only.embodied_kgco2e.mean
    assert only.sci_g_per_request.mean == pytest.approx(by_hand)
    assert any("error of its energy is not stated" in warning for warning in found.warnings)


def test_one_load_without_a_meter_leaves_the_energy_of_all_unknown(catalog):
    only = reckoned(catalog, served(KWH_J, None)).footprints[0]
    assert only.metered_kwh is None and "1 of 2 loads" in only.reasons["metered_kwh"]


def test_totals_add_up_and_are_none_where_a_part_is_not_known(catalog):
    found = reckoned(catalog, run(), served(KWH_J, KWH_J))
    assert found.total.facility_kwh.p50 == pytest.approx(3 * 1.8, rel=1e-3)
    assert reckoned(catalog, run(), machine()).total.facility_kwh is None
    assert reckoned(catalog, run()).total is None


def test_a_supply_contract_replaces_the_residual_mix_and_nothing_else(catalog):
    before, after = reckoned(catalog, run()), reckoned(catalog, run(), contract_gco2e_per_kwh=0.0)
    assert after.footprints[0].operational_kgco2e_market.p95 == 0.0
    assert after.footprints[0].operational_kgco2e_location == before.footprints[0].operational_kgco2e_location


def test_the_ratio_of_full_servers_is_doubted_for_a_workstation(catalog):
    report = run()
    card = report.environment.model_copy(update={"accelerators": ("NVIDIA GeForce RTX 4090",)})
    desk = report.model_copy(update={"environment": card})
    assert any("workstation" in warning for warning in reckoned(catalog, desk, server_ratio=None).warnings)
    assert not reckoned(catalog, desk, server_ratio=1.9).warnings


def test_water_is_known_in_a_providers_data_centre_and_not_in_a_room_of_ones_own(catalog):
    cloud = reckoned(catalog, run(), location="cloud").footprints[0]
    own = reckoned(catalog, run(), location="on_premises").footprints[0]
    assert cloud.water_l.p50 > 0
    assert own.water_l is None and "room of one's own" in own.reasons["water_l"]


def test_a_zone_that_is_missing_or_unknown_lists_the_zones(catalog):
    for zone in (None, "XX"):
        with pytest.raises(BadInput, match=r"--grid.*known: AT, AU.*SE"):
            place(catalog, zone=zone)


@pytest.mark.parametrize(("name", "value"), [("pue_ratio", 0.9), ("server_ratio", 0.5), ("price_eur_per_kwh", -1.0)])
def test_impossible_factors_are_refused(catalog, name, value):
    with pytest.raises(BadInput, match="must be at least"):
        place(catalog, **{name: value})


def test_a_case_gives_zone_price_and_pue_and_the_command_line_wins(catalog):
    case = Case.model_validate(
        {
            "name": "own room",
            "use_case": {"task": "chat", "requests_per_month": 1000},
            "energy": {"grid_zone": "FR", "electricity_price_eur_per_kwh": 0.11, "pue_ratio": 1.4},
        }
    )
    found = place_of(
        catalog,
        case=case,
        zone=None,
        location=None,
        price_eur_per_kwh=None,
        pue_ratio=1.3,
        server_ratio=None,
        contract_gco2e_per_kwh=None,
    )
    assert (found.zone, found.price_eur_per_kwh, found.pue_ratio) == ("FR", 0.11, 1.3)


def test_the_energy_of_a_run_is_split_into_stages_by_its_phases(catalog):
    scratch = work_of(run(), catalog)
    assert scratch.activity == "pre-training"
    assert scratch.stages_j == {"training": 0.5 * KWH_J, "finetuning": 0.25 * KWH_J}


def test_the_table_names_boundaries_reasons_and_sources(catalog):
    text = footprint_table(reckoned(catalog, run(), machine()))
    for words in (
        "IT times PUE",
        "mean of the grid in DE",
        "no NVML device",
        "all reports together",
        "pue_ratio",
        H100,
    ):
        assert words in text
    assert f"2 x {H100}" in text


def test_figures_have_three_digits():
    assert [digits3(value) for value in (0.0, 0.012345, 12.345, 12345.0, 1.2345e-7)] == [
        *("0", "0.0123", "12.3", "12,300", "1.23e-07")
    ]
