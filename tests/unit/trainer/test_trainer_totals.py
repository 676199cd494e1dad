"""Sums of energy: what was measured counts, what was not stays unknown."""

import pytest

from advisor.contracts.runs import DeviceEnergy, EnergyReport
from trainer.totals import total_energy


def report(energy_j, duration_s=10.0, quality="measured_counter", reason=""):
    known = energy_j is not None
    return EnergyReport(
        quality=quality if known else "unavailable",
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=energy_j / duration_s if known else None,
        coverage_fraction=1.0 if known else 0.0,
        uncertainty_fraction=0.05 if known else None,
        devices=(DeviceEnergy(uuid="GPU-1", name="A", scope="gpu", energy_j=energy_j),) if known else (),
        reason=reason,
    )


def test_measured_windows_add_up_device_by_device():
    total = total_energy([report(100.0), report(50.0, quality="integrated_power")])
    assert (total.energy_j, total.duration_s, total.mean_power_w) == (150.0, 20.0, 7.5)
    assert total.quality == "integrated_power", "the sum is as good as its worst part"
    assert [device.energy_j for device in total.devices] == [150.0]
    assert (total.coverage_fraction, total.uncertainty_fraction) == (1.0, 0.05)


def test_a_window_without_a_figure_makes_the_sum_partial_not_smaller_in_silence():
    total = total_energy([report(100.0), report(None, reason="killed")])
    assert total.energy_j == 100.0
    assert total.quality == "partial"
    assert total.coverage_fraction == 0.5
    assert total.mean_power_w == 10.0, "over the measured time alone"
    assert total.reason == "killed"


def test_nothing_measured_is_none_and_never_zero():
    total = total_energy([report(None, reason="no driver"), report(None, reason="no driver")])
    assert total.energy_j is None and total.mean_power_w is None and total.uncertainty_fraction is None
    assert total.quality == "unavailable"
    assert total.reason == "no driver"
    assert total.duration_s == 20.0


@pytest.mark.parametrize("energies", [[], [0.0], [1.0, 2.0, 3.0]])
def test_the_sum_is_that_of_the_parts(energies):
    total = total_energy([report(value) for value in energies])
    assert total.energy_j == (sum(energies) if energies else None)
