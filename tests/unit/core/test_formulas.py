"""Formulas against arithmetic done by hand."""

import numpy as np
import pytest

from advisor.core import calibration, compute, energy, money, quality, units
from advisor.core.calibration import Spread


def test_llama_2_7b_on_two_trillion_tokens_takes_8_09e22_flop():
    """6 * 6.738e9 * 2e12 = 8.0856e22."""
    assert compute.flop_per_token(6.738e9, trained="all") * 2e12 == pytest.approx(8.09e22, rel=1e-3)


def test_lora_takes_two_thirds_of_the_flop_of_full_training():
    assert compute.flop_per_token(7e9, trained="adapters") / compute.flop_per_token(
        7e9, trained="all"
    ) == pytest.approx(2 / 3)


def test_llama_2_7b_takes_its_published_hours_at_39_percent_utilisation():
    """8.0856e22 / (312e12 * 0.3905 * 3600) = 184,346 h against the published 184,320."""
    assert compute.accelerator_hours(8.0856e22, 312e12, 0.3905) == pytest.approx(184320, rel=1e-3)


def test_a_run_of_ten_hours_that_must_end_in_three_needs_four_accelerators():
    assert compute.accelerators_for(10.0, 3.0) == 4
    assert compute.accelerators_for(0.0, 3.0) == 1


def test_discounting_one_year_at_ten_percent():
    factors = money.monthly_discount_factors(0.10, 12)
    assert factors.shape == (1, 12)
    assert factors[0, -1] == pytest.approx(1 / 1.1)


def test_demand_grows_by_its_yearly_rate():
    demand = money.monthly_demand(100.0, 0.2, 13)
    assert demand[0, 0] == pytest.approx(100)
    assert demand[0, 12] == pytest.approx(120)


def test_an_accelerator_keeps_38_percent_after_three_years():
    """10^(-0.14 * 3) = 0.380."""
    assert money.residual_value_fraction(3, 0.14) == pytest.approx(0.380, abs=1e-3)


def test_instalments_of_an_annuity_have_the_price_as_present_value():
    factor = float(money.annuity_factor(0.05, 7))
    assert sum(factor / 1.05**k for k in range(1, 8)) == pytest.approx(1.0)
    assert money.annuity_factor(0.0, 4) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="must be positive"):
        money.annuity_factor(0.05, 0)


def test_eight_busy_accelerators_draw_the_power_worked_out_by_hand():
    """8 * 700 W * 0.76 * 1.82 * 1.2 = 9.29 kW."""
    power = energy.facility_power_kw(
        8,
        700,
        load_fraction=1,
        idle_power_fraction=0.1,
        busy_power_fraction=0.76,
        server_power_ratio=1.82,
        pue_ratio=1.2,
    )
    assert power == pytest.approx(9.295, abs=0.01)


def test_bloom_energy_arithmetic():
    """1,082,990 h at 0.400 kW are 433,196 kWh; at 57 g/kWh 24,692 kg."""
    kwh = 1_082_990 * energy.facility_power_kw(
        1, 400, load_fraction=1, idle_power_fraction=0, busy_power_fraction=1, server_power_ratio=1, pue_ratio=1
    )
    assert kwh == pytest.approx(433_196)
    assert energy.operational_kgco2e(kwh, 57) == pytest.approx(24_692, abs=1)


def test_a_kilowatt_hour_is_3_6_megajoules():
    assert units.kwh_from_j(3.6e6) == 1
    assert units.kg_from_g(250.0) == 0.25


def test_without_a_gap_and_without_tuning_quality_is_the_base():
    got = quality.expected_quality(
        0.8, domain_gap_fraction=0, gap_penalty_logit=2, gap_recovered_fraction=0, gain_logit=0
    )
    assert got == pytest.approx(0.8)


def test_a_tenfold_smaller_training_costs_one_slope_of_logit():
    assert quality.scale_effect_logit(1e22, 1e23, 0.5) == pytest.approx(-0.5)
    assert quality.saturation(500, 500) == 0.5


def test_a_sharp_measurement_beats_a_wide_prior():
    """Prior 0.12 with spread ln(0.45/0.03)/3.29 = 0.823, measurement 0.30 with 0.1: weights 1.476 and 100."""
    after = calibration.combine_lognormal(Spread(0.03, 0.12, 0.45), 0.30, 0.1)
    expected = np.exp((1.476 * np.log(0.12) + 100 * np.log(0.30)) / 101.476)
    assert after.central == pytest.approx(expected, rel=1e-3)
    assert after.low < after.central < after.high
    assert after.high / after.low < 0.45 / 0.03


def test_a_share_of_45_of_100_has_the_wilson_band():
    """z = 1.645: centre (0.45 + 0.01353) / 1.02706 = 0.4513, half width 0.0809."""
    band = calibration.share_spread(45, 100)
    assert (band.low, band.central, band.high) == pytest.approx((0.3704, 0.45, 0.5323), abs=2e-3)
    with pytest.raises(ValueError, match="n > 0"):
        calibration.share_spread(1, 0)
