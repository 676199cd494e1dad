"""What the meter reports when devices misbehave; the truth is 5000 J in 20 s (`fake_nvml.load_w`).

How close each case comes stands in one table in `test_known_truth.py`; here is what a report says beside the figure.
"""

import pynvml
import pytest
from fake_nvml import load_j, load_w

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml

TRUTH_J = 5000


def measure(clock, seconds=20, step_s=0.1):
    """One window over the visible devices, sampled each 100 ms of virtual time."""
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for tick in range(1, round(seconds / step_s) + 1):
            clock.now_s = tick * step_s
            meter.sample()
    return window.report


def from_second(start_s, code):
    return lambda time_s: code if time_s >= start_s else 0


def test_a_healthy_device_reports_the_counter_exactly(library, device, clock):
    library(device)
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J)
    assert report.quality == "measured_counter"
    assert report.flags == ()
    assert report.coverage_fraction == pytest.approx(1)
    assert report.mean_power_w == pytest.approx(250)
    assert report.uncertainty_fraction == pytest.approx(0.05 + 0.01)
    assert report.devices[0].name == "Fake H100" and report.devices[0].scope == "gpu"


def test_a_driver_without_the_counter_symbol_falls_back_to_power(library, device, clock):
    library(device, missing=("nvmlDeviceGetTotalEnergyConsumption",))
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J)
    assert report.quality == "integrated_power"


def test_a_counter_that_stands_still_is_replaced_by_power(library, device, clock):
    device.counter_mj = lambda time_s: 123_456
    library(device)
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J)
    assert "counter_frozen" in report.flags


def test_a_counter_that_updates_each_two_seconds_is_not_taken_for_frozen(library, device, clock):
    device.counter_mj = lambda time_s: load_j((time_s + 1e-9) // 2 * 2) * 1000
    library(device)
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J)
    assert report.quality == "measured_counter" and report.flags == ()


def test_a_counter_that_stops_half_way_is_continued_from_power(library, device, clock):
    device.counter_mj = lambda time_s: load_j(min(time_s, 10)) * 1000
    library(device)
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J - 15)  # the trapezoid cuts one 300 W step in 100 ms
    assert report.quality == "measured_counter_repaired"
    assert "counter_frozen" in report.flags


def test_a_lost_device_makes_the_report_partial_and_the_run_goes_on(library, device, clock):
    device.power_code = device.counter_code = from_second(15, pynvml.NVML_ERROR_GPU_IS_LOST)
    library(device)
    report = measure(clock)
    assert report.quality == "partial"
    assert "gpu_is_lost" in report.flags
    # read until 14.9 s: 500 J + 9.9 s * 400 W, scaled up to 20 s
    assert report.energy_j == pytest.approx(4460 * 20 / 14.9)
    assert report.devices[0].energy_j == pytest.approx(4460)
    assert report.coverage_fraction == pytest.approx(14.9 / 20)
    assert report.uncertainty_fraction > 0.25
    assert abs(report.energy_j - TRUTH_J) < report.uncertainty_fraction * TRUTH_J
    assert "scaled up" in report.reason


def test_counter_and_power_far_apart_are_flagged(library, device, clock):
    device.power_mw = lambda time_s: load_w(time_s) * 1750
    device.limit_mw = 1_000_000
    library(device)
    report = measure(clock)
    assert report.energy_j == pytest.approx(TRUTH_J)
    assert "counter_and_power_disagree" in report.flags


def test_nothing_readable_is_none_and_not_zero(library, device, clock):
    device.power_code = device.counter_code = from_second(0, pynvml.NVML_ERROR_UNKNOWN)
    library(device)
    report = measure(clock)
    assert report.energy_j is None and report.mean_power_w is None and report.uncertainty_fraction is None
    assert report.devices[0].energy_j is None
    assert report.quality == "unavailable"
    assert "unknown" in report.reason


def test_zero_power_readings_are_dropped_not_integrated(library, device, clock):
    device.counter_code = from_second(0, pynvml.NVML_ERROR_NOT_SUPPORTED)
    device.power_mw = lambda time_s: 0 if abs(time_s - 10) < 0.01 else load_w(time_s) * 1000
    library(device)
    assert measure(clock).energy_j == pytest.approx(TRUTH_J)


def test_a_library_shut_down_by_someone_else_does_not_stop_the_run(library, device, clock):
    fake = library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    fake.nvmlDeviceGetPowerUsage = lambda handle, out: pynvml.NVML_ERROR_UNINITIALIZED
    fake.nvmlDeviceGetTotalEnergyConsumption = lambda handle, out: pynvml.NVML_ERROR_UNINITIALIZED
    with meter.window("load") as window:
        clock.now_s = 20
    assert window.report.energy_j is None
    assert "uninitialized" in window.report.flags


def test_a_binding_that_raises_anything_does_not_stop_the_run(library, device, clock):
    def broken(handle, out):
        raise OSError("segment of the driver is gone")

    fake = library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    fake.nvmlDeviceGetPowerUsage = broken
    with meter.window("load") as window:
        clock.now_s = 20
    assert "meter_fault_OSError" in window.report.flags
    assert window.report.energy_j == pytest.approx(TRUTH_J)


def test_one_unreadable_device_of_two_makes_the_sum_partial(library, device, clock):
    from fake_nvml import FakeDevice

    dark = FakeDevice(clock, uuid="GPU-2", power_code=from_second(0, 999), counter_code=from_second(0, 999))
    library(device, dark)
    report = measure(clock)
    assert report.quality == "partial"
    assert report.coverage_fraction == pytest.approx(0.5)
    assert [item.energy_j for item in report.devices] == [pytest.approx(TRUTH_J), None]
    assert report.energy_j == pytest.approx(2 * TRUTH_J)


def test_a_window_too_short_for_the_counter_gives_no_figure(library, device, clock):
    library(device)
    report = measure(clock, seconds=1.9)
    assert report.energy_j is None
    assert "shorter than 2 s" in report.reason
