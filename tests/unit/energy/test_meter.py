"""The meter's interface: windows, threads, null object, recording and playing back."""

import subprocess
import sys
import threading
import time

import pynvml
import pytest
from fake_nvml import FakeDevice

from advisor.contracts.errors import BadInput, Failed
from trainer.energy import open_meter
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.replay import RecordingSource, ReplaySource
from trainer.energy.source import NullSource


@pytest.fixture
def no_driver(monkeypatch):
    """A machine without the driver's library, whatever the test machine has."""

    def missing():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", missing)


def drive(meter, clock, until_s):
    while clock.now_s < until_s - 1e-9:
        clock.now_s += 0.1
        meter.sample()


def test_without_a_driver_the_report_is_none_with_the_reason(no_driver):
    meter = open_meter()
    with meter.window("train") as window:
        pass
    assert meter.accelerator_names == ()
    assert "library_not_found" in meter.reason
    assert window.report.quality == "unavailable"
    assert window.report.energy_j is None
    assert window.report.reason == meter.reason


def test_a_required_meter_fails_without_a_driver(no_driver):
    with pytest.raises(Failed, match="library_not_found"):
        open_meter(require=True)


def test_without_the_binding_the_reason_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "nvidia-ml-py" in open_meter().reason


def test_a_report_is_not_there_before_the_window_ends():
    with Meter(NullSource("none")).window("early") as window, pytest.raises(RuntimeError, match="early"):
        _ = window.report


def test_nested_windows_add_up_to_the_outer_one(library, device, clock):
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("run") as run:
        with meter.window("first") as first:
            drive(meter, clock, 7.3)
        with meter.window("second") as second:
            drive(meter, clock, 20)
    assert run.report.energy_j == pytest.approx(5000, abs=0.01)
    assert first.report.energy_j + second.report.energy_j == pytest.approx(run.report.energy_j, abs=0.01)
    assert first.report.energy_j == pytest.approx(500 + 2.3 * 400, abs=0.01)


def test_a_window_whose_body_raises_is_measured_and_lets_the_error_through(library, device, clock):
    library(device)
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    window = meter.window("run")

    def training():
        with window:
            clock.now_s = 20
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        training()
    assert window.report.energy_j == pytest.approx(5000)


def test_edges_wait_for_the_device(library, device, clock):
    library(device)
    calls = []
    meter = Meter(open_nvml({}), clock=clock, poll_s=0, synchronize=lambda: calls.append(clock.now_s))
    with meter.window("run"):
        clock.now_s = 3
    assert calls == [0, 3]


def test_the_polling_thread_lives_as_long_as_a_window_is_open(library, device):
    device.clock.now_s = 1.0
    reads = []
    device.power_mw = lambda time_s: reads.append(threading.current_thread().name) or 1e5
    library(device)
    with open_meter(uuids=[device.uuid]) as meter:
        with meter.window("outer"):
            with meter.window("inner"):
                time.sleep(0.25)
            assert "energy-meter" in {thread.name for thread in threading.enumerate()}
        assert "energy-meter" not in {thread.name for thread in threading.enumerate()}
    assert "energy-meter" in reads


def test_a_recorded_trace_plays_back_to_the_same_energy(library, device, clock, tmp_path):
    library(device)
    path = tmp_path / "trace.jsonl"
    meter = Meter(RecordingSource(open_nvml({}), path, clock), clock=clock, poll_s=0)
    with meter.window("run") as measured:
        drive(meter, clock, 20)
    meter.close()

    replayed_meter = Meter(ReplaySource(path, clock), clock=clock, poll_s=0)
    with replayed_meter.window("run") as replayed:
        drive(replayed_meter, clock, 40)
    assert replayed.report.energy_j == pytest.approx(measured.report.energy_j, rel=1e-6)
    assert replayed.report.devices[0].flags == ("replayed",)
    assert replayed_meter.accelerator_names == ("Fake H100",)


def test_a_broken_trace_is_bad_input_with_its_line(tmp_path, clock):
    path = tmp_path / "trace.jsonl"
    path.write_text('{"t_s": 0, "uuid": "GPU-1", "power_mw": 5}\nnonsense\n')
    with pytest.raises(BadInput, match=r"trace\.jsonl:2"):
        ReplaySource(path, clock)


def test_two_devices_of_a_module_are_summed_and_keep_their_scope(library, device, clock):
    device.linked = True
    library(device, FakeDevice(clock, uuid="GPU-2", linked=True))
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("run") as window:
        drive(meter, clock, 20)
    assert window.report.energy_j == pytest.approx(10000, abs=0.01)
    assert {item.scope for item in window.report.devices} == {"module"}


def test_importing_the_meter_loads_neither_torch_nor_the_binding():
    code = "import sys, trainer.energy; print([m for m in ('torch', 'pynvml', 'numpy') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
