"""A figure that a report measured, on its way into a calibration; and how much one such figure may err.

Enter at `Figure`. The spreads are own assumptions, kept here so that they stand side by side.
"""

import hashlib
from dataclasses import dataclass, field
from math import sqrt

from advisor.contracts.calibration import CalibratedHardware, Quantity, UnusedFigure, Workload
from advisor.contracts.runs import EnergyReport, Environment

SINGLE_RUN_SPREAD_LN = 0.1
"""Error of one run's speed as a measure of the next case's, as a spread of ln: of its machine and its own together."""
MACHINE_SPREAD_LN = 0.06
"""Part of it that all runs of one machine share."""
OWN_RUN_SPREAD_LN = sqrt(SINGLE_RUN_SPREAD_LN**2 - MACHINE_SPREAD_LN**2)
STEADY_S = 20.0
"""Loops shorter than this have not averaged out what else the machine does; their error grows as 1/sqrt(time)."""
BUSY_SPREAD_LN = 0.3
"""A machine with twice as many programs as cores: how long a program waits is chance."""
SCALE_SPREAD_LN_PER_E_FOLD = 0.05
"""What a run of another size says less about a class: each factor e of parameters."""
PROBE_SPREAD_LN = 0.15
"""A few steps on random tokens: no data loading, no saving."""
OVERHEAD_SPREAD_LN = 0.3
"""Loading, saving and starting: caches of the file system decide."""
POWER_SPREAD_LN = 0.08
IDLE_POWER_SPREAD_LN = 0.2
"""Idle without a model loaded, taken for idle with one."""
SERVING_SPREAD_LN = 0.1
EFFORT_SPREAD_LN = 0.4
"""One project's hours as a measure of the next project's."""
GROUP_SPREAD_LN: dict[Quantity, float] = {
    "mfu_fraction": MACHINE_SPREAD_LN,
    "training_flop_per_s": MACHINE_SPREAD_LN,
    "step_s": MACHINE_SPREAD_LN,
    "training_power_w": MACHINE_SPREAD_LN,
    "training_power_fraction": 0.1,
    "idle_power_fraction": 0.2,
    "serving_speed_ratio": 0.15,
    "serving_power_fraction": 0.1,
}
"""What all measurements of a group share: a machine, or a part and its engine where one input stands for all."""
MEASURED_ENERGY = ("measured_counter", "measured_counter_repaired", "integrated_power")
USED_FOR: dict[Quantity, str] = {
    "mfu_fraction": "utilisation in training",
    "training_power_fraction": "power of accelerators in training",
    "idle_power_fraction": "power of accelerators that wait",
    "serving_speed_ratio": "speed of serving over the fitted engine's",
    "serving_power_fraction": "power of accelerators that serve",
    "effort_fte_months": "working time of such projects",
    "quality_fraction": "quality of its option",
    "training_flop_per_s": "advisor forecast: training of any size",
    "step_s": "advisor forecast: steps",
    "overhead_s": "advisor forecast: around the steps",
    "training_power_w": "advisor forecast: energy",
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One quantity as one report measured it."""

    quantity: Quantity
    unit: str
    value: float
    group: str
    detail: str
    input: str | None = None
    """Name of the input of an assessment that it corrects."""
    spread_ln: float | None = None
    n: int | None = None
    hardware: CalibratedHardware | None = None
    workload: Workload | None = None

    @property
    def key(self) -> str:
        """Under which figures of several reports meet."""
        if self.input is not None:
            return self.input
        parts = [str(self.quantity), hardware_words(self.hardware), workload_words(self.workload)]
        return " | ".join(part for part in parts if part)


@dataclass
class Found:
    """What one report brings."""

    figures: list[Figure] = field(default_factory=list)
    unused: list[UnusedFigure] = field(default_factory=list)

    def leave_out(self, report_id: str, figure: str, reason: str) -> None:
        """Note a figure that the calibration cannot use."""
        self.unused.append(UnusedFigure(report_id=report_id, figure=figure, reason=reason))


def hardware_words(hardware: CalibratedHardware | None) -> str:
    """Hardware as one reads it."""
    if hardware is None:
        return ""
    if hardware.accelerator is not None:
        return f"{hardware.accelerator_count} x {hardware.accelerator}"
    threads = f", {hardware.num_threads} threads" if hardware.num_threads is not None else ""
    return f"{hardware.processor}{threads}"


def workload_words(workload: Workload | None) -> str:
    """A workload as one reads it; equal words are equal workloads."""
    if workload is None:
        return ""
    size = f"{workload.parameters / 1e6:.4g} M parameters"
    batch = "" if workload.batch_sequences is None else f", {workload.batch_sequences} sequences a step"
    length = "" if workload.sequence_tokens is None else f" of {workload.sequence_tokens} tokens"
    data = "" if workload.data_sha256 is None else f", data {workload.data_sha256[:8]}"
    return f"{workload.phase} {workload.method}, {size}{batch}{length}{data}"


def machine_words(environment: Environment) -> str:
    """What tells one machine from another: machines of one make count as one."""
    parts = ", ".join(environment.accelerators) or "no accelerator"
    return f"{environment.processor}, {environment.cpu_count} cores, {parts}"


def hash_of(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def own_run_spread_ln(loop_s: float, load_ratio: float | None = None) -> float:
    """Error of one run's own speed, wider for short loops and on a machine that others used too.

    s^2 = 0.08^2 max(1, 20 s / t) + (0.3 max(0, l - 1))^2
    units: s, and programs that want a core over cores -> spread of ln.   source: own assumption; the second term agrees
    with repeated runs at l of about 2, whose hours scatter by 0.3 to 0.4.
    validity: loops of a second to hours; a load that is not known counts as none.
    """
    own = OWN_RUN_SPREAD_LN**2 * max(1.0, STEADY_S / max(loop_s, 1e-3))
    return sqrt(own + busy_spread_ln(load_ratio) ** 2)


def busy_spread_ln(load_ratio: float | None) -> float:
    """Error of what was measured while more programs wanted a core than there are; a load not known counts as none."""
    return BUSY_SPREAD_LN * max(0.0, (load_ratio or 0.0) - 1.0)


def measured_devices(energy: EnergyReport) -> int:
    """Accelerators behind a measured power; 0 where power was not measured at accelerators alone."""
    if energy.quality not in MEASURED_ENERGY or energy.mean_power_w is None:
        return 0
    return len([device for device in energy.devices if device.scope in ("gpu", "module")])
