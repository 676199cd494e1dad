"""Traces outlive their writer: a killed process, a cut-off line, a full disk; and read back to the same energy."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pynvml
import pytest

from advisor.contracts.errors import BadInput
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.replay import RecordingSource, ReplaySource
from trainer.energy.reread import last_report, reread_windows

CHILD = """
import sys
import pynvml
sys.path.insert(0, sys.argv[1])
from fake_nvml import Clock, FakeDevice, FakeNvml
from pathlib import Path
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.replay import RecordingSource

clock = Clock()
pynvml.nvmlLib = FakeNvml([FakeDevice(clock)])
meter = Meter(RecordingSource(open_nvml({}), Path(sys.argv[2]), clock), clock=clock, poll_s=0)
with meter.window("train"):
    for tick in range(1, 201):
        clock.now_s = tick / 10
        meter.sample()
    print("measured", flush=True)
    sys.stdin.read()
"""


def record(clock, path, *, seconds=20, readings=True):
    meter = Meter(RecordingSource(open_nvml({}), path, clock, readings=readings), clock=clock, poll_s=0)
    with meter.window("train") as window:
        for tick in range(1, seconds * 10 + 1):
            clock.now_s = tick / 10
            meter.sample()
    meter.close()
    return window.report


@pytest.fixture
def killed(tmp_path):
    """The trace of a process that was killed 20 s into its window."""
    path = tmp_path / "trace.jsonl"
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "measured\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    return path


def test_a_killed_process_leaves_a_trace_from_which_its_energy_is_known(killed):
    (window,) = reread_windows(killed)
    assert (window.name, window.closed) == ("train", False)
    assert window.report.energy_j == pytest.approx(5000)
    assert window.report.quality == "measured_counter"
    assert "replayed" in window.report.flags and "trace_cut_off" not in window.report.flags


def test_a_line_cut_off_by_the_kill_costs_that_line_and_a_flag(killed, clock):
    killed.write_bytes(killed.read_bytes()[:-9])
    (window,) = reread_windows(killed)
    assert window.report.energy_j == pytest.approx(5000, rel=0.01)
    assert "trace_cut_off" in window.report.flags
    (device,) = ReplaySource(killed, clock).devices()
    assert device.flags == ("replayed", "trace_cut_off")


def test_a_trace_says_what_was_measured_with_what(library, device, clock, tmp_path):
    library(device)
    report = record(clock, tmp_path / "trace.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert rows[0]["trace"] == 1 and rows[0]["started_at"].endswith("+00:00")
    assert rows[1]["device"] == {
        "uuid": device.uuid,
        "name": "Fake H100",
        "scope": "gpu",
        "power_limit_w": 700.0,
        "flags": [],
        "driver_version": "580.95.05",
    }
    closed = [row for row in rows if row.get("state") == "closed"]
    assert [row["report"]["energy_j"] for row in closed] == [report.energy_j]
    assert report.devices[0].driver_version == "580.95.05" and report.devices[0].power_limit_w == 700


def test_reread_windows_agree_with_the_reports_of_the_time(library, device, clock, tmp_path):
    device.counter_code = lambda time_s: pynvml.NVML_ERROR_GPU_IS_LOST if 7 <= time_s < 12 else 0
    device.pids = (1,)
    library(device)
    report = record(clock, tmp_path / "trace.jsonl")
    (window,) = reread_windows(tmp_path / "trace.jsonl")
    assert window.closed and window.report.energy_j == pytest.approx(report.energy_j)
    assert set(window.report.flags) == {*report.flags, "replayed"}
    assert window.report.devices[0].errors == report.devices[0].errors == {"gpu_is_lost": 5}


def test_without_readings_a_trace_holds_the_report_of_each_minute(library, device, clock, tmp_path):
    library(device)
    path = tmp_path / "trace.jsonl"
    meter = Meter(RecordingSource(open_nvml({}), path, clock, readings=False), clock=clock, poll_s=0)
    with meter.window("train"):
        for tick in range(1, 1500):
            clock.now_s = tick / 10
            meter.sample()
        so_far = last_report(path, "train")
        assert so_far.duration_s == pytest.approx(120, abs=0.2)
        assert so_far.energy_j == pytest.approx(5000 + 100 * 100, rel=0.001)
    assert last_report(path, "train").duration_s == pytest.approx(149.9)
    assert last_report(path, "other") is None
    meter.close()
    assert len(path.read_text().splitlines()) == 2 + 1 + 2 + 1


def test_a_fault_is_played_back_as_a_fault(library, device, clock, tmp_path):
    device.power_code = lambda time_s: pynvml.NVML_ERROR_NO_PERMISSION
    library(device)
    record(clock, tmp_path / "trace.jsonl")
    meter = Meter(ReplaySource(tmp_path / "trace.jsonl", clock), clock=clock, poll_s=0)
    with meter.window("again") as window:
        for tick in range(1, 201):
            clock.now_s = 20 + tick / 10
            meter.sample()
    assert window.report.energy_j == pytest.approx(5000)
    assert "no_permission" in window.report.flags


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_costs_the_trace_and_not_the_measurement(library, device, clock):
    library(device)
    report = record(clock, Path("/dev/full"))
    assert report.energy_j == pytest.approx(5000)
    assert report.quality == "measured_counter"
    assert report.flags == ("trace_incomplete",)


def test_a_trace_that_cannot_be_opened_costs_the_trace_and_not_the_measurement(library, device, clock, tmp_path):
    (tmp_path / "file").write_text("")
    library(device)
    report = record(clock, tmp_path / "file" / "trace.jsonl")
    assert report.energy_j == pytest.approx(5000) and report.flags == ("trace_incomplete",)


@pytest.mark.parametrize("line", ['{"t_s": 1}', '{"t_s": 1, "uuid": "A", "power_mw": []}', '{"device": {}}', "[]", "7"])
def test_what_is_not_a_line_of_a_trace_is_named_with_its_number(line, tmp_path):
    (tmp_path / "trace.jsonl").write_text(f"{line}\n")
    with pytest.raises(BadInput, match=r"trace\.jsonl:1: not a line"):
        reread_windows(tmp_path / "trace.jsonl")
