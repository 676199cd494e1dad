"""A run never fails or waits because of its meter; baselines, estimates and what CUDA tells."""

import sys
import tempfile
import threading
import time
import types

import pynvml
import pytest

from advisor.contracts.errors import BadInput
from trainer.energy.cuda import cuda_uuids, wait_for_cuda
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.opening import open_meter
from trainer.energy.report import estimate_from_tdp
from trainer.energy.source import Device
from trainer.energy.words import joules


class HangingSource:
    """A driver that answers until it is told to hang, then never returns."""

    reason = ""

    def __init__(self):
        self.hang, self.hung, self.let_go = threading.Event(), threading.Event(), threading.Event()

    def devices(self):
        return (Device("GPU-1", "stuck"),)

    def read_counter_mj(self, device):
        return None

    def read_power_mw(self, device):
        if self.hang.is_set():
            self.hung.set()
            self.let_go.wait()
        return 100_000

    def close(self):
        raise AssertionError("closing waits for the same driver")


def test_a_driver_that_no_longer_answers_holds_up_no_window():
    source = HangingSource()
    meter = Meter(source, poll_s=0.05, patience_s=0.05)
    begun_s = time.monotonic()
    with meter.window("first") as first:
        source.hang.set()
        assert source.hung.wait(10)
    with meter.window("second") as second:
        pass
    meter.close()
    assert time.monotonic() - begun_s < 5
    assert "meter_stalled" in first.report.flags and "meter_stalled" in second.report.flags
    assert second.report.energy_j is None
    source.let_go.set()


def test_a_synchronisation_that_fails_is_flagged_and_left_to_the_run(library, device, clock):
    def broken():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0, synchronize=broken)
    with meter.window("load") as window:
        clock.now_s = 20
    assert window.report.energy_j == pytest.approx(5000)
    assert window.report.flags == ("not_synchronized_RuntimeError",)


@pytest.mark.parametrize("error", [OSError("no such device"), AttributeError("symbol"), ValueError("odd")])
def test_a_driver_that_breaks_in_any_way_while_it_is_opened_gives_a_reason(error, monkeypatch, tmp_path):
    def broken():
        raise error

    monkeypatch.setattr(pynvml, "nvmlInit", broken)
    with open_meter(powercap=tmp_path, environ={}) as meter, meter.window("load") as window:
        pass
    assert window.report.energy_j is None and "no NVIDIA driver answers" in window.report.reason


class OddSource:
    """A driver whose answers are no numbers, and which cannot be closed."""

    reason = ""

    def devices(self):
        return (Device("GPU-1", "odd"),)

    def read_counter_mj(self, device):
        return None

    def read_power_mw(self, device):
        return "much"

    def close(self):
        raise OSError("no such device")


def test_readings_that_are_no_numbers_end_no_run(clock):
    with Meter(OddSource(), clock=clock, poll_s=0) as meter, meter.window("load") as window:
        clock.now_s = 20
    assert window.report.energy_j is None
    assert "meter_fault_TypeError" in window.report.flags


def test_a_machine_without_a_folder_for_locks_ends_no_run(library, device, monkeypatch, tmp_path):
    def none():
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    library(device)
    environ = {"LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}
    with open_meter(environ=environ, powercap=tmp_path) as meter:
        assert "no usable temporary directory" in meter.reason


def test_a_clock_that_is_set_during_a_window_changes_nothing(library, device, monkeypatch):
    """Wall time jumps by a day each time it is asked; the meter asks the monotonic clock alone."""
    days = iter(range(1_000_000))
    monkeypatch.setattr(time, "time", lambda: 86_400.0 * next(days))
    library(device)
    begun_s = time.monotonic()
    with open_meter(uuids=[device.uuid], environ={}) as meter, meter.window("load") as window:
        device.clock.now_s = 20
    assert 0 <= window.report.duration_s <= time.monotonic() - begun_s


def test_a_baseline_gives_net_energy_beside_the_gross_one(library, device, clock):
    """Idle at 60 W; the load is 100 W above it for 20 s: 3200 J gross, 2000 J net."""
    device.power_mw = lambda time_s: 60_000 if time_s < 12 else 160_000
    device.counter_mj = lambda time_s: 60e3 * min(time_s, 12) + 160e3 * max(0, time_s - 12)
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)

    def wait(seconds):
        clock.now_s += seconds

    idle = meter.measure_idle(12, wait=wait).report
    assert idle.mean_power_w == pytest.approx(60)
    with meter.window("load") as window:
        clock.now_s += 20
    assert window.report.energy_j == pytest.approx(3200)
    assert window.report.idle_power_w == pytest.approx(60)
    assert window.report.net_energy_j == pytest.approx(2000)


def test_without_a_baseline_net_energy_is_not_known(library, device, clock):
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        clock.now_s = 20
    assert window.report.net_energy_j is None and window.report.idle_power_w is None


def test_a_baseline_that_could_not_be_read_is_none(library, device, clock):
    device.counter_code = device.power_code = lambda time_s: 999
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    idle = meter.measure_idle(10, wait=lambda seconds: setattr(clock, "now_s", seconds)).report
    assert idle.energy_j is None and idle.reason
    with pytest.raises(BadInput, match="at least 10"):
        meter.measure_idle(9.9)


def test_both_numbers_and_every_fault_are_kept(library, device, clock):
    device.power_mw = lambda time_s: 200_000
    device.power_code = lambda time_s: 999 if 3 < time_s < 3.55 else 0
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for tick in range(1, 201):
            clock.now_s = tick / 10
            meter.sample()
    (row,) = window.report.devices
    assert row.counter_energy_j == pytest.approx(5000) and row.power_energy_j == pytest.approx(4000)
    assert row.errors == {"unknown": 5} and row.coverage_fraction == pytest.approx(1)
    assert row.samples == (200 + 2 - 5) + (20 + 2)  # polls and two edges, less the failed; counter each second
    assert "counter_and_power_disagree" in window.report.flags


def test_an_estimate_from_the_power_limit_is_labelled_and_wide():
    """0.4 to 1.0 of 8 x 700 W for an hour: 0.7 of it in the middle, and 3/7 to either side."""
    report = estimate_from_tdp(3600, tdp_w=700, num_devices=8)
    assert report.energy_j == pytest.approx(0.7 * 8 * 700 * 3600)
    assert report.uncertainty_fraction == pytest.approx(3 / 7)
    assert report.quality == "estimated_tdp" and report.flags == ("estimated",) and "not measured" in report.reason
    with pytest.raises(BadInput, match="tdp_w"):
        estimate_from_tdp(3600, tdp_w=0)


def fake_torch(uuids, *, available=True, initialised=True):
    waited = []
    cuda = types.SimpleNamespace(
        is_available=lambda: available,
        is_initialized=lambda: initialised,
        device_count=lambda: len(uuids),
        get_device_properties=lambda number: types.SimpleNamespace(uuid=uuids[number]),
        synchronize=waited.append,
    )
    return types.SimpleNamespace(cuda=cuda, waited=waited)


def test_devices_are_named_by_the_uuid_that_cuda_tells_in_its_own_order(library, device, clock, monkeypatch):
    torch = fake_torch(["22", "11"])
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert cuda_uuids() == ["GPU-22", "GPU-11"]
    wait_for_cuda()
    assert torch.waited == [0, 1]


def test_what_torch_cannot_tell_is_left_to_the_environment(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", fake_torch([], available=False, initialised=False))
    assert cuda_uuids() is None
    broken = fake_torch(["11"])
    broken.cuda.get_device_properties = lambda number: types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "torch", broken)
    assert cuda_uuids() is None
    monkeypatch.delitem(sys.modules, "torch")
    assert cuda_uuids() is None
    wait_for_cuda()


def test_a_uuid_that_the_driver_does_not_list_is_not_believed(library, device):
    """CUDA states the UUID of a MIG slice, NVML lists the parent."""
    library(device)
    assert [found.uuid for found in open_nvml({}, uuids=["GPU-of-a-slice"]).devices()] == [device.uuid]


@pytest.mark.parametrize(
    ("energy_j", "words"),
    [(6073.2, "6,070 J"), (12_345_678.0, "12,300,000 J"), (52.36, "52.4 J"), (0.0, "0 J"), (999.9, "1,000 J")],
)
def test_energy_is_told_to_three_digits(energy_j, words):
    assert joules(energy_j) == words
