"""Energy, greenhouse gas, water, annotation and storage against arithmetic done by hand."""

import numpy as np
import pytest

from advisor.core import data_work, energy, footprint
from advisor.core.impact import Place, Use, hosted_impact, provider_impact

POWER = {
    "load_fraction": 1,
    "idle_power_fraction": 0.1,
    "busy_power_fraction": 0.76,
    "server_power_ratio": 1.82,
}
PLACE = Place("DE", "pue_ratio", "water_site_l_per_kwh")
ONE_USE = Use(*(np.array([hours]) for hours in (100.0, 50.0, 250.0, 1000.0)))


def world(**changes: float) -> dict[str, np.ndarray]:
    """A design of one point."""
    values = {
        "pue_ratio": 1.5,
        "grid_gco2e_per_kwh.DE": 400.0,
        "grid_market_gco2e_per_kwh.DE": 700.0,
        "water_site_l_per_kwh": 0.5,
        "water_generation_l_per_kwh.DE": 2.0,
        "embodied_kgco2e.part": 200.0,
        "embodied_server_kgco2e.part": 5600.0,
        "devices_per_server.part": 8.0,
        "embodied_lifetime_years.part": 4.0,
        "api_energy_j_per_output_token": 3.6,
    }
    return {name: np.array([value]) for name, value in {**values, **changes}.items()}


def test_eight_busy_accelerators_draw_their_power_at_the_plug_and_more_at_the_meter():
    """8 * 700 W * 0.76 * 1.82 = 7.746 kW at the plugs; times 1.2 at the meter."""
    plugs = energy.it_power_kw(8, 700, **POWER)
    assert plugs == pytest.approx(7.746, abs=1e-3)
    assert energy.facility_power_kw(8, 700, **POWER, pue_ratio=1.2) == pytest.approx(1.2 * plugs)


def test_the_chain_of_boundaries_gives_the_same_as_the_power_of_a_fleet():
    """One device-hour: TDP * f -> * k -> * PUE."""
    by_steps = footprint.facility_kwh(footprint.server_kwh(footprint.accelerator_kwh(1, 700, 0.76), 1.82), 1.2)
    assert by_steps == pytest.approx(energy.facility_power_kw(1, 700, **POWER, pue_ratio=1.2))


def test_an_option_of_its_own_hardware_adds_up():
    """IT 400 kWh, facility 600; 240 kg by place, 420 kg by contract; made: 1,000 h of 35,064 h * 900 kg = 25.67 kg."""
    got = hosted_impact(ONE_USE, "part", PLACE, world(), np.array([1000.0]))
    assert got.it_kwh == pytest.approx(400)
    assert got.kwh == pytest.approx(600)
    assert got.cooling_kwh == pytest.approx(200)
    assert got.location_kgco2e == pytest.approx(240)
    assert got.market_kgco2e == pytest.approx(420)
    assert got.embodied == pytest.approx(25.667, abs=1e-3)
    assert got.sci_g_per_request == pytest.approx(265.667, abs=1e-3)
    assert got.water_l == pytest.approx(400 * 0.5 + 600 * 2.0)


def test_tokens_of_a_provider_are_modelled_and_nothing_is_known_of_its_hardware():
    """1e6 tokens * 3.6 J = 1 kWh at the servers, 1.5 at the meter."""
    got = provider_impact(np.array([1e6]), PLACE, world(), np.array([1000.0]))
    assert (got.boundary, got.it_kwh, got.kwh) == ("provider_modelled", 1.0, 1.5)
    assert got.embodied is None
    assert got.sci_g_per_request is None
    assert got.use is None


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        ("grid_market_gco2e_per_kwh.DE", "market_kgco2e"),
        ("grid_gco2e_per_kwh.DE", "location_kgco2e"),
        ("embodied_kgco2e.part", "embodied"),
        ("embodied_kgco2e.part", "sci_g_per_request"),
        ("water_generation_l_per_kwh.DE", "water_l"),
    ],
)
def test_what_the_catalogue_does_not_know_is_absent_and_not_zero(missing, field):
    design = world()
    del design[missing]
    assert getattr(hosted_impact(ONE_USE, "part", PLACE, design, np.array([1000.0])), field) is None


def test_without_requests_there_is_no_figure_per_request():
    assert hosted_impact(ONE_USE, "part", PLACE, world(), np.array([0.0])).sci_g_per_request is None


def test_annotation_pays_for_checks_repeats_and_what_is_thrown_away():
    """1,000 * 180 s = 50 h; * 1.3 / 0.8 = 81.25 h."""
    hours = data_work.annotation_hours(
        1000, 180, quality_assurance_fraction=0.2, rework_fraction=0.1, rejection_fraction=0.2
    )
    assert hours == pytest.approx(81.25)


def test_what_is_kept_is_text_models_and_checkpoints():
    """1e9 tokens * 4 B * 3 = 12 GB; 16e9 B * 3 = 48 GB; 112e9 B * 2 = 224 GB."""
    kept = data_work.stored_gb(
        text_tokens=1e9,
        bytes_per_token=4,
        copies=3,
        model_bytes=16e9,
        versions=3,
        checkpoint_bytes=112e9,
        checkpoints=2,
    )
    assert kept == pytest.approx(284)


def test_logs_grow_until_the_first_are_deleted():
    monthly = np.full((1, 5), 10.0)
    assert data_work.kept_per_month(monthly, 3).tolist() == [[10, 20, 30, 30, 30]]
    assert data_work.kept_per_month(monthly, 12).tolist() == [[10, 20, 30, 40, 50]]
