"""What a MachineMeasurement tells: speed of training steps, power in training and at rest.

Enter at `figures_of_machine`.
"""

from math import sqrt
from typing import Any

from advisor.calibrate.ceiling import check_share
from advisor.calibrate.figures import (
    IDLE_POWER_SPREAD_LN,
    POWER_SPREAD_LN,
    PROBE_SPREAD_LN,
    SCALE_SPREAD_LN_PER_E_FOLD,
    Figure,
    Found,
    busy_spread_ln,
    machine_words,
    measured_devices,
)
from advisor.calibrate.runs import hardware_of, part_of
from advisor.contracts.calibration import CalibratedHardware, Workload
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.measurements import MachineMeasurement, TrainingProbe
from advisor.core.calibration import scale_spread_ln
from advisor.core.project import HIGHEST_MFU
from advisor.options.pace import REFERENCE_PARAMS_B, REFERENCE_PARTS, ratio_of_probe

QUARTILES_APART = 1.35
SIXTEEN_BIT = ("bf16", "fp16")
SURE_TO_BE_WRONG = 1.2
"""Training that is faster by this than the machine's own largest products was not counted in the same units."""


def figures_of_machine(report: MachineMeasurement, catalog: Catalog) -> Found:
    """Figures of the training probes, of their power, and of the machine at rest.

    Raises:
        BadInput: a probe claims more than the accelerator, or its own matrix products, can do.
    """
    found = Found()
    environment = report.machine.environment
    hardware = hardware_of(environment, catalog, report.machine.accelerator)
    part = part_of(catalog, report.machine.accelerator, environment.accelerators)
    for probe in report.training:
        _training(report, probe, catalog, hardware, part, found)
    _idle(report, part, found)
    for decode in report.decode:
        found.leave_out(
            report.id,
            f"decode of {decode.model.name}",
            "a plain loop stands for no serving engine; `serving bench` measures one",
        )
    return found


def _training(
    report: MachineMeasurement,
    probe: TrainingProbe,
    catalog: Catalog,
    hardware: CalibratedHardware,
    part: AcceleratorRow | None,
    found: Found,
) -> None:
    where = f"machine {report.id}: {probe.steps} training steps of {probe.model.name}"
    group = machine_words(report.machine.environment)
    _check_products(report, probe, where)
    workload = Workload(
        phase="pretrain",
        parameters=probe.model.parameters,
        matmul_parameters=probe.model.matmul_parameters,
        batch_sequences=probe.batch_sequences,
        sequence_tokens=probe.sequence_tokens,
    )
    speed = Figure(
        quantity="training_flop_per_s",
        unit="FLOP/s",
        value=probe.flop_per_s,
        spread_ln=_probe_spread_ln(probe, report.machine.environment.load_ratio),
        group=group,
        hardware=hardware,
        workload=workload,
        detail=f"{where}: {probe.flop_per_s:.4g} FLOP/s at {probe.tokens_per_s:,.0f} tokens/s",
    )
    found.figures.append(speed)
    if part is None:
        found.leave_out(report.id, "utilisation", "the catalogue knows no accelerator of this machine")
        return
    if part.mfu_class in REFERENCE_PARTS and probe.model.precision not in SIXTEEN_BIT:
        found.leave_out(report.id, "utilisation", f"steps in {probe.model.precision}; the class's is that of 16 bits")
        return
    # One process trains on one device, however many the machine holds.
    reached = probe.flop_per_s / part.peak_flop_per_s
    check_share(reached, part, catalog, where)
    measured = min(HIGHEST_MFU, reached / ratio_of_probe(probe, part, catalog))
    spread_ln = _probe_spread_ln(probe, report.machine.environment.load_ratio)
    if part.mfu_class in REFERENCE_PARTS:
        scale = probe.model.parameters / (REFERENCE_PARAMS_B * 1e9)
        spread_ln = scale_spread_ln(spread_ln, scale, SCALE_SPREAD_LN_PER_E_FOLD)
    found.figures.append(
        Figure(
            quantity="mfu_fraction",
            input=f"mfu_fraction.{part.mfu_class}.full",
            unit="fraction",
            value=measured,
            spread_ln=spread_ln,
            group=group,
            hardware=CalibratedHardware(accelerator=part.mfu_class),
            detail=f"{where} reached {reached:.3g} of the peak of {part.id}, "
            f"{measured:.3g} for the class's reference run",
        )
    )
    _power(report, probe, part, hardware, found)


def _probe_spread_ln(probe: TrainingProbe, load_ratio: float | None) -> float:
    """Of a few steps, more where they scattered: what made them scatter may last longer than they did.

    s^2 = 0.15^2 + (q / 1.35)^2 + s_busy^2, q the distance of the quartiles over the median
    units: spread of ln.   source: own assumption; quartiles of a normal lie 1.35 standard deviations apart.
    validity: scatter below about one half.
    """
    scatter = (probe.spread_fraction or 0.0) / QUARTILES_APART
    return sqrt(PROBE_SPREAD_LN**2 + scatter**2 + busy_spread_ln(load_ratio) ** 2)


def _check_products(report: MachineMeasurement, probe: TrainingProbe, where: str) -> None:
    rates = [item.flop_per_s for item in report.matmul if item.precision == probe.model.precision]
    if rates and probe.flop_per_s > SURE_TO_BE_WRONG * max(rates):
        raise BadInput(
            f"{where}: {probe.flop_per_s:.3g} FLOP/s is above the {max(rates):.3g} FLOP/s of the machine's own matrix "
            f"products in {probe.model.precision}; typical cause: a wrong number of parameters. Measure it again with "
            "`trainer measure`"
        )


def _power(
    report: MachineMeasurement, probe: TrainingProbe, part: AcceleratorRow, hardware: CalibratedHardware, found: Found
) -> None:
    energy, devices = probe.energy, measured_devices(probe.energy)
    if not devices:
        found.leave_out(report.id, "power", f"not measured: {energy.reason or energy.quality}")
        return
    watts = float(energy.mean_power_w or 0.0)
    spread_ln = (POWER_SPREAD_LN**2 + (energy.uncertainty_fraction or 0.0) ** 2) ** 0.5
    detail = f"machine {report.id}: training steps drew {watts:.0f} W on {devices} devices ({energy.quality})"
    common: dict[str, Any] = {"spread_ln": spread_ln, "detail": detail}
    group = machine_words(report.machine.environment)
    found.figures.append(
        Figure(quantity="training_power_w", unit="W", value=watts, group=group, hardware=hardware, **common)
    )
    if part.tdp_w is not None:
        share = min(1.0, watts / devices / part.tdp_w)
        own: dict[str, Any] = {"input": "training_power_fraction", "unit": "fraction", "value": share, "group": part.id}
        found.figures.append(Figure(quantity="training_power_fraction", **own, **common))


def _idle(report: MachineMeasurement, part: AcceleratorRow | None, found: Found) -> None:
    watts, count = report.idle.power_w, report.machine.accelerator_count
    if report.idle.boundary != "accelerators":
        found.leave_out(report.id, "idle power", f"it is that of {report.idle.boundary}, not of accelerators")
        return
    if not watts:
        found.leave_out(report.id, "idle power", f"not measured: {report.idle.reason or 'no reading'}")
        return
    if part is None or part.tdp_w is None or not count:
        found.leave_out(report.id, "idle power", "the catalogue knows no power limit of the accelerator")
        return
    found.figures.append(
        Figure(
            quantity="idle_power_fraction",
            input="idle_power_fraction",
            unit="fraction",
            value=min(1.0, watts / count / part.tdp_w),
            spread_ln=IDLE_POWER_SPREAD_LN,
            group=part.id,
            detail=f"machine {report.id}: {watts:.0f} W on {count} devices at rest",
        )
    )
