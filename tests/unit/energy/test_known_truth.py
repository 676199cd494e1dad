"""Known energy against measured: every case of the meter in one table, over the real binding, within 1 %.

The load is 5 s at 100 W, 10 s at 400 W, 5 s at 100 W: 5000 J in 20 s (`fake_nvml.load_j`), sampled each 100 ms on a
clock that the test turns.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pynvml
import pytest
from fake_nvml import FakeDevice, load_j, load_w

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml

TRUTH_J = 5000.0
TOLERANCE = 0.01
A = "GPU-aaaa1111-0000-0000-0000-000000000001"


def always(code: int) -> Callable[[float], int]:
    return lambda time_s: code


def since(start_s: float, code: int) -> Callable[[float], int]:
    return lambda time_s: code if time_s >= start_s else 0


def one_second_mean_mw(time_s: float) -> float:
    return 1000 * (load_j(time_s) - load_j(max(time_s - 1, 0))) if time_s >= 1 else 1000 * load_w(0)


@dataclass(frozen=True)
class Case:
    name: str
    quality: str
    device: dict[str, Any] = field(default_factory=dict)
    """What differs from a healthy device."""
    truth_j: float | None = TRUTH_J
    flag: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    tolerance: float | None = TOLERANCE
    """None: seconds were not read, so nothing can know them; the truth lies in the band that the report states."""


NO_COUNTER = {"counter_code": always(pynvml.NVML_ERROR_NOT_SUPPORTED)}
NO_POWER = {"power_code": always(pynvml.NVML_ERROR_NO_PERMISSION)}
LOST = {name: since(15, pynvml.NVML_ERROR_GPU_IS_LOST) for name in ("counter_code", "power_code")}
DARK = {name: always(pynvml.NVML_ERROR_UNKNOWN) for name in ("counter_code", "power_code")}

CASES = [
    Case("counter", "measured_counter"),
    Case("counter that steps each 100 ms", "measured_counter", {"counter_mj": lambda t: 1e3 * load_j(round(t, 1))}),
    Case("no counter", "integrated_power", NO_COUNTER),
    Case(
        "constant power, no counter",
        "integrated_power",
        {**NO_COUNTER, "power_mw": lambda t: 250_000},
    ),
    Case("power as mean of one second", "integrated_power", {**NO_COUNTER, "power_mw": one_second_mean_mw}),
    Case(
        "counter reset",
        "measured_counter_repaired",
        {"counter_mj": lambda t: 1e3 * (load_j(t) - (load_j(9.5) if t >= 9.5 else 0))},
        flag="counter_reset",
    ),
    Case(
        "counter jump",
        "measured_counter_repaired",
        {"counter_mj": lambda t: 1e3 * load_j(t) + (1e12 if t >= 9.5 else 0)},
        flag="counter_jump",
    ),
    Case(
        "counter reset, power unreadable",
        "measured_counter_repaired",
        {"counter_mj": lambda t: 1e3 * (load_j(t) - (load_j(2.5) if t >= 2.5 else 0)), **NO_POWER},
        flag="counter_reset",
        tolerance=None,
    ),
    Case("lost GPU", "partial", LOST, flag="gpu_is_lost", tolerance=None),
    Case(
        "lost GPU at constant power",
        "partial",
        {**LOST, "counter_mj": lambda t: 250_000 * t, "power_mw": lambda t: 250_000},
        flag="gpu_is_lost",
    ),
    Case(
        "one sample of 100 kW",
        "integrated_power",
        {**NO_COUNTER, "power_mw": lambda t: 1e8 if abs(t - 10) < 0.01 else 1e3 * load_w(t)},
        flag="power_implausible",
    ),
    Case("power not permitted", "measured_counter", NO_POWER, flag="no_permission"),
    Case("nothing readable", "unavailable", DARK, truth_j=None, flag="unknown"),
    Case("whole device in MIG mode", "measured_counter", {"mig": True}, flag="shared_device"),
    Case(
        "two MIG slices, the parent once",
        "measured_counter",
        flag="shared_device",
        environ={"CUDA_VISIBLE_DEVICES": f"MIG-{A}/1/0,MIG-{A}/2/0"},
    ),
    Case("one device named twice", "measured_counter", environ={"CUDA_VISIBLE_DEVICES": f"0,{A}"}),
    Case(
        "Grace Hopper: a reset is repaired by the module's power, not by the GPU's",
        "measured_counter_repaired",
        {
            "linked": True,
            "counter_mj": lambda t: 1e3 * (load_j(t) - (load_j(9.5) if t >= 9.5 else 0)),
            "module_mw": lambda t: 1e3 * load_w(t),
            "power_mw": lambda t: 500 * load_w(t),
        },
        flag="counter_reset",
    ),
    Case(
        "Grace Hopper without a counter: the module's power",
        "integrated_power",
        {**NO_COUNTER, "linked": True, "module_mw": lambda t: 1e3 * load_w(t), "power_mw": lambda t: 500 * load_w(t)},
    ),
    Case(
        "Grace Hopper without counter and module power: not the GPU's alone",
        "unavailable",
        {**NO_COUNTER, "linked": True},
        truth_j=None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_known_energy_is_measured_within_one_percent(case, library, clock):
    library(replace(FakeDevice(clock, uuid=A), **case.device))
    meter = Meter(open_nvml(case.environ), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for tick in range(1, 201):
            clock.now_s = tick / 10
            meter.sample()
    report = window.report
    tolerance = report.uncertainty_fraction if case.tolerance is None else case.tolerance
    assert report.energy_j == (None if case.truth_j is None else pytest.approx(case.truth_j, rel=tolerance))
    assert report.quality == case.quality
    assert case.flag in report.flags if case.flag else report.flags == ()
    assert len(report.devices) == 1
    assert bool(report.reason) == (report.quality in ("partial", "unavailable"))


def test_the_lag_of_a_one_second_mean_is_inside_the_stated_band(library, clock):
    """A window that begins with a step of 400 W: the mean climbs for a second, so half a second's energy is missing."""
    library(replace(FakeDevice(clock), **NO_COUNTER, power_mw=lambda t: max(1, 1e3 * min(400.0, 400 * t))))
    meter = Meter(open_nvml({}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for tick in range(1, 51):
            clock.now_s = tick / 10
            meter.sample()
    assert window.report.energy_j == pytest.approx(2000 - 200)
    assert window.report.uncertainty_fraction == pytest.approx(0.05 + 2 * 0.5 / 5)
    assert abs(window.report.energy_j - 2000) < window.report.uncertainty_fraction * 2000
