"""Energy, carbon and embodied emissions of device-hours, boundary by boundary, against arithmetic by hand."""

import numpy as np
import pytest

from advisor.core import footprint


def test_bloom_used_433_196_kwh_at_400_w_per_device():
    """1,082,990 h * 0.400 kW = 433,196 kWh, the figure of its card."""
    assert footprint.accelerator_kwh(1_082_990, 400, 1.0) == pytest.approx(433_196)


def test_the_drawn_share_of_the_power_limit_counts_and_not_the_limit():
    """100 h * 700 W * 0.8 = 56 kWh."""
    assert footprint.accelerator_kwh(100, 700, 0.8) == pytest.approx(56)


def test_each_boundary_is_the_one_before_times_its_ratio():
    """56 kWh at the devices, * 1.5 = 84 kWh at the plug, * 1.2 = 100.8 kWh at the site."""
    server = footprint.server_kwh(56, 1.5)
    assert server == pytest.approx(84)
    assert footprint.facility_kwh(server, 1.2) == pytest.approx(100.8)


def test_hardware_is_charged_by_the_share_of_its_life():
    """Half a life of 20,000 h, 200 kg of its own and an eighth of 5,600 kg: 0.5 * (200 + 700) = 450 kg."""
    got = footprint.embodied_kgco2e(
        10_000, accelerator_kgco2e=200, server_kgco2e=5_600, devices_per_server=8, lifetime_hours=20_000
    )
    assert got == pytest.approx(450)


def test_carbon_intensity_counts_operation_and_making_per_unit_in_grams():
    """(3 kg + 1 kg) / 2,000 requests = 2 g."""
    assert footprint.software_carbon_intensity_g(3, 1, 2_000) == pytest.approx(2)


def test_one_value_and_a_hundred_thousand_draws_go_through_one_function():
    draws = np.random.default_rng(3).uniform(0.3, 1.0, 100_000)
    many = footprint.facility_kwh(footprint.server_kwh(footprint.accelerator_kwh(1000, 700, draws), 1.4), 1.2)
    assert many.shape == (100_000,)
    assert many[-1] == pytest.approx(1000 * 0.7 * draws[-1] * 1.4 * 1.2, rel=1e-12)
    made = footprint.embodied_kgco2e(
        draws, accelerator_kgco2e=200, server_kgco2e=800, devices_per_server=8, lifetime_hours=2.0
    )
    np.testing.assert_allclose(made, draws * 150)
