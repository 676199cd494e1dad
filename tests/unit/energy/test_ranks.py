"""Several ranks on one machine: each physical device is measured once, and no sum counts it twice."""

import subprocess
import sys
from pathlib import Path

import pytest
from fake_nvml import FakeDevice

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import EnergyReport
from trainer.energy.join import join_ranks
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.ranks import ELSEWHERE, claim_devices

A = "GPU-aaaa1111-0000-0000-0000-000000000001"
B = "GPU-bbbb2222-0000-0000-0000-000000000002"

RANK = """
import os, sys
import pynvml
sys.path.insert(0, sys.argv[1])
from fake_nvml import Clock, FakeDevice, FakeNvml
from pathlib import Path
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.ranks import claim_devices

clock = Clock()
pynvml.nvmlLib = FakeNvml([FakeDevice(clock)])
meter = Meter(claim_devices(open_nvml(os.environ), os.environ, locks=Path(sys.argv[2])), clock=clock, poll_s=0)
with meter.window("train") as window:
    print("open", flush=True)
    sys.stdin.readline()
    clock.now_s = 20
print(window.report.model_dump_json(), flush=True)
"""


def launched(rank, size=2, **more):
    return {"LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": str(size), "MASTER_PORT": "29500", **more}


def measure(source, clock):
    clock.now_s = 0
    with Meter(source, clock=clock, poll_s=0) as meter, meter.window("train") as window:
        clock.now_s = 20
    return window.report


@pytest.fixture
def two(library, clock):
    return library(FakeDevice(clock, uuid=A), FakeDevice(clock, uuid=B))


def test_the_first_rank_measures_what_ranks_share_and_the_sum_is_right(two, clock, tmp_path):
    reports = []
    for rank in (0, 1):
        environ = launched(rank, TORCHELASTIC_RUN_ID="none", CUDA_VISIBLE_DEVICES="0,1")
        reports.append(measure(claim_devices(open_nvml(environ), environ, locks=tmp_path), clock))
    assert [report.energy_j for report in reports] == [pytest.approx(10_000), None]
    assert reports[1].flags == (ELSEWHERE,) and "first rank" in reports[1].reason
    total = join_ranks(reports)
    assert total.energy_j == pytest.approx(10_000) and total.quality == "measured_counter"
    assert total.reason == "" and total.duration_s == 20


def test_ranks_with_a_device_each_measure_their_own(two, clock, tmp_path):
    sources = [
        claim_devices(open_nvml(environ), environ, locks=tmp_path)
        for environ in (launched(rank, CUDA_VISIBLE_DEVICES=str(rank)) for rank in (0, 1))
    ]
    reports = [measure(source, clock) for source in sources]  # both hold their device before either measures
    assert [[device.uuid for device in report.devices] for report in reports] == [[A], [B]]
    total = join_ranks(reports)
    assert total.energy_j == pytest.approx(10_000) and total.mean_power_w == pytest.approx(500)


def test_two_ranks_on_one_gpu_are_two_processes_of_which_one_measures(tmp_path):
    """Both are bound to device 0 by a launcher that is not torchrun, so the lock decides."""
    ranks = []
    for rank in (0, 1):
        command = [sys.executable, "-c", RANK, str(Path(__file__).parent), str(tmp_path)]
        environ = {**launched(rank, CUDA_VISIBLE_DEVICES="0"), "PYTHONPATH": ":".join(sys.path)}
        pipe = subprocess.PIPE
        ranks.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ))
    for process in ranks:
        assert process.stdout.readline() == "open\n"
    reports = [EnergyReport.model_validate_json(process.communicate("\n")[0]) for process in ranks]
    assert sorted(report.energy_j is None for report in reports) == [False, True]
    assert join_ranks(reports).energy_j == pytest.approx(5000)


def test_a_lock_is_free_again_once_its_meter_is_closed(two, tmp_path):
    environ = launched(0, CUDA_VISIBLE_DEVICES="0")
    first = claim_devices(open_nvml(environ), environ, locks=tmp_path)
    assert claim_devices(open_nvml(environ), environ, locks=tmp_path).devices() == ()
    first.close()
    again = claim_devices(open_nvml(environ), environ, locks=tmp_path)
    assert len(again.devices()) == 1
    again.close()


def test_another_launch_on_the_same_device_measures_for_itself(two, tmp_path):
    environs = [launched(0, CUDA_VISIBLE_DEVICES="0"), {**launched(0, CUDA_VISIBLE_DEVICES="0"), "MASTER_PORT": "1"}]
    sources = [claim_devices(open_nvml(environ), environ, locks=tmp_path) for environ in environs]
    assert [len(source.devices()) for source in sources] == [1, 1]
    for source in sources:
        source.close()


def test_without_a_launcher_nothing_is_locked(two, tmp_path):
    for _ in (0, 1):
        assert len(claim_devices(open_nvml({}), {}, locks=tmp_path).devices()) == 2
    assert list(tmp_path.iterdir()) == []


def test_where_no_lock_can_be_made_the_sum_refuses_the_repeat(two, clock, tmp_path):
    environ = launched(0, CUDA_VISIBLE_DEVICES="0")
    missing = tmp_path / "no folder"
    reports = [measure(claim_devices(open_nvml(environ), environ, locks=missing), clock) for _ in (0, 1)]
    assert [report.energy_j for report in reports] == [pytest.approx(5000)] * 2
    with pytest.raises(BadInput, match=f"{A} is in the reports of several ranks"):
        join_ranks(reports)


def test_a_rank_that_measured_nothing_of_its_own_makes_the_sum_partial(two, clock):
    good = measure(open_nvml({"CUDA_VISIBLE_DEVICES": "0"}), clock)
    two.devices[1].counter_code = two.devices[1].power_code = lambda time_s: 999
    dark = measure(open_nvml({"CUDA_VISIBLE_DEVICES": "1"}), clock)
    total = join_ranks([good, dark])
    assert total.quality == "partial" and total.energy_j == pytest.approx(5000)
    assert total.coverage_fraction == pytest.approx(0.5) and "no device gave a reading" in total.reason
