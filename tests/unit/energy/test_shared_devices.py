"""Whose processes compute on a device: this run's, its ranks', or somebody else's."""

import os
import subprocess
import sys

import pynvml
import pytest

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.processes import others_among


@pytest.fixture
def table(tmp_path):
    """A process table; call with pid and parent."""

    def add(pid, parent, name="python"):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0 -1")
        return pid

    add.root = tmp_path
    add(1, 0, "init")
    add(os.getppid(), 1, "launcher")
    add(os.getpid(), os.getppid())
    return add


def test_this_process_and_its_workers_are_not_others(table):
    worker = table(9_000_001, os.getpid(), "odd) name (of a program")
    assert others_among([os.getpid(), worker], {}, proc=table.root) == 0


def test_a_process_of_somebody_else_is_one(table):
    stranger = table(9_000_001, 1)
    assert others_among([os.getpid(), stranger], {}, proc=table.root) == 1


def test_another_rank_is_of_this_run_under_a_launcher_and_another_program_without_one(table):
    sibling = table(9_000_001, os.getppid())
    assert others_among([os.getpid(), sibling], {"LOCAL_WORLD_SIZE": "2"}, proc=table.root) == 0
    assert others_among([os.getpid(), sibling], {}, proc=table.root) == 1


def test_one_process_by_an_unknown_number_may_be_this_one_but_two_are_not(table):
    """In a container the driver counts processes as the machine does."""
    assert others_among([9_000_001], {}, proc=table.root) == 0
    assert others_among([9_000_001, 9_000_002], {}, proc=table.root) == 1
    assert others_among([9_000_001, os.getpid()], {}, proc=table.root) == 1


def measure(clock):
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for tick in range(1, 201):
            clock.now_s = tick / 10
            meter.sample()
    return window.report


def test_a_foreign_process_on_the_device_is_flagged_and_the_whole_device_counted(library, device, clock):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as own:
        device.pids = (os.getpid(), own.pid)
        library(device)
        assert measure(clock).flags == ()
        device.pids = (os.getpid(), own.pid, 1)
        clock.now_s = 0
        report = measure(clock)
        own.communicate(b"\n")
    assert report.flags == ("shared_device",)
    assert report.energy_j == pytest.approx(5000)


@pytest.mark.parametrize("code", [pynvml.NVML_ERROR_NOT_SUPPORTED, pynvml.NVML_ERROR_FUNCTION_NOT_FOUND])
def test_a_driver_that_cannot_tell_flags_nothing(code, library, device, clock):
    device.pids_code = code
    library(device)
    assert measure(clock).flags == ()


def test_a_driver_without_the_call_flags_nothing(library, device, clock):
    library(device, missing=("nvmlDeviceGetComputeRunningProcesses_v3",))
    assert measure(clock).flags == ()


def test_a_refusal_to_tell_is_named_and_costs_no_energy(library, device, clock):
    device.pids_code = pynvml.NVML_ERROR_NO_PERMISSION
    library(device)
    report = measure(clock)
    assert report.flags == ("processes_no_permission",) and report.quality == "measured_counter"
