"""Sums of energy: what was measured counts, what was not stays unknown."""

import pytest

from advisor.contracts.runs import DeviceEnergy, EnergyReport, HostEnergy
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
    assert total.uncertainty_fraction == 1.0, "as much again may be missing"


def test_a_phase_too_short_to_measure_widens_the_error_and_spoils_nothing_else():
    total = total_energy([report(1000.0, duration_s=100.0), report(None, duration_s=1.0, reason="shorter than 2 s")])
    assert (total.energy_j, total.quality) == (1000.0, "measured_counter")
    assert total.uncertainty_fraction == pytest.approx(0.05 + 0.01)
    assert total.reason == "shorter than 2 s"


def test_errors_add_up_by_energy_so_a_short_phase_does_not_rule_the_sum():
    """5 % of 900 J and 15 % of 100 J are 60 J of 1000 J."""
    short = report(100.0).model_copy(update={"uncertainty_fraction": 0.15})
    assert total_energy([report(900.0), short]).uncertainty_fraction == pytest.approx(0.06)


def with_host(energy_j, watts, net_j=None):
    host = HostEnergy(
        quality="unavailable" if watts is None else "measured_counter",
        energy_j=None if watts is None else watts * 10,
        coverage_fraction=0.0 if watts is None else 1.0,
        devices=() if watts is None else (DeviceEnergy(uuid="C", name="P", scope="cpu", energy_j=watts * 10.0),),
        reason="root alone" if watts is None else "",
    )
    idle_w = None if net_j is None else (energy_j - net_j) / 10
    return report(energy_j).model_copy(update={"host": host, "net_energy_j": net_j, "idle_power_w": idle_w})


def test_host_and_net_energy_add_up_apart_from_the_accelerators():
    total = total_energy([with_host(100.0, 3, net_j=60.0), with_host(100.0, 4, net_j=40.0)])
    assert total.energy_j == 200.0 and total.host.energy_j == 70.0
    assert (total.net_energy_j, total.idle_power_w) == (100.0, 5.0)
    assert [device.energy_j for device in total.host.devices] == [70.0]


def test_a_host_that_was_not_read_throughout_is_partial_and_net_energy_needs_every_baseline():
    total = total_energy([with_host(100.0, 3, net_j=60.0), with_host(100.0, None)])
    assert total.host.energy_j == 30.0 and total.host.quality == "partial" and total.host.reason == "root alone"
    assert total.net_energy_j is None and total.idle_power_w is None


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
