"""What a RunReport measured: utilisation, speed, time of a step, power, effort.

Enter at `figures_of_run`.
"""

from advisor.calibrate.ceiling import check_share
from advisor.calibrate.figures import (
    EFFORT_SPREAD_LN,
    OVERHEAD_SPREAD_LN,
    POWER_SPREAD_LN,
    SCALE_SPREAD_LN_PER_E_FOLD,
    Figure,
    Found,
    hash_of,
    machine_words,
    measured_devices,
    own_run_spread_ln,
)
from advisor.catalog import lookup
from advisor.contracts.assessment import OptionKind
from advisor.contracts.calibration import CalibratedHardware, Workload
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import UnknownName
from advisor.contracts.plan import DataPlan
from advisor.contracts.runs import Environment, PhaseReport, RunReport
from advisor.core.calibration import scale_spread_ln
from advisor.core.project import HIGHEST_MFU
from advisor.options.pace import REFERENCE_PARAMS_B, REFERENCE_PARTS, ratio_of_plan
from advisor.options.scratch import GIGA_PARAMS

GRADIENT = ("pretrain", "sft")
TRAINING = ("pretrain", "sft", "reward", "rl")
LEAST_AROUND_S = 0.01
EFFORT_INPUTS = {"ml_engineer": "training_fte_months", "data_engineer": "data_fte_months"}
EFFORT_KINDS: tuple[OptionKind, ...] = (
    "proprietary_api_tuned",
    "fine_tune_lora",
    "fine_tune_full",
    "domain_adaptation",
    "from_scratch",
)


def figures_of_run(report: RunReport, catalog: Catalog) -> Found:
    """Everything but the quality.

    Raises:
        BadInput: the run claims more than its accelerator can do.
    """
    found = Found()
    hardware = hardware_of(report.environment, catalog, report.plan.accelerator)
    _utilisation(report, catalog, found)
    for phase in report.phases:
        if phase.name in TRAINING and phase.steps:
            found.figures += _speed(report, phase, hardware)
    _power(report, catalog, hardware, found)
    _effort(report, catalog, found)
    return found


def hardware_of(environment: Environment, catalog: Catalog, stated: str | None) -> CalibratedHardware:
    """Accelerators by catalogue id where it knows them; else the processor with its threads."""
    names = environment.accelerators
    if not names:
        return CalibratedHardware(processor=environment.processor, num_threads=environment.torch_threads)
    part = part_of(catalog, stated, names)
    return CalibratedHardware(accelerator=part.id if part else names[0], accelerator_count=len(names))


def part_of(catalog: Catalog, stated: str | None, names: tuple[str, ...]) -> AcceleratorRow | None:
    """The catalogue's row: the one that is stated, else by the driver's name; None where it knows neither."""
    for name in (stated, *names[:1]):
        if name is None:
            continue
        try:
            return lookup.accelerator(catalog, name)
        except UnknownName:
            continue
    return None


def _utilisation(report: RunReport, catalog: Catalog, found: Found) -> None:
    """Model FLOP utilisation of the longest training phase.

    The class's utilisation is that of its reference run, so what model, method and length of this run add is taken out.
    """
    phases = [phase for phase in report.phases if phase.name in GRADIENT and phase.flop_per_s]
    if report.plan.accelerator is None or not phases:
        if phases:
            found.leave_out(report.id, "utilisation", "the plan names no accelerator, so no peak is known")
        return
    part = lookup.accelerator(catalog, report.plan.accelerator)
    longest = max(phases, key=lambda phase: phase.duration_s)
    count = report.plan.accelerator_count
    reached = float(longest.flop_per_s or 0.0) / (part.peak_flop_per_s * count)
    check_share(reached, part, catalog, f"run {report.id}: {longest.name}")
    measured = min(HIGHEST_MFU, reached / ratio_of_plan(report.plan, longest.name, part, catalog))
    spread_ln = own_run_spread_ln(longest.duration_s, report.environment.load_ratio)
    if part.mfu_class in REFERENCE_PARTS:
        scale = report.model_card.parameters / (REFERENCE_PARAMS_B * 1e9)
        spread_ln = scale_spread_ln(spread_ln, scale, SCALE_SPREAD_LN_PER_E_FOLD)
    found.figures.append(
        Figure(
            quantity="mfu_fraction",
            input=f"mfu_fraction.{part.mfu_class}.full",
            unit="fraction",
            value=measured,
            spread_ln=spread_ln,
            group=machine_words(report.environment),
            hardware=CalibratedHardware(accelerator=part.mfu_class),
            detail=f"run {report.id}: {longest.name} reached {reached:.3g} of the peak of {count} x {part.id}, "
            f"{measured:.3g} for the class's reference run",
        )
    )


def _speed(report: RunReport, phase: PhaseReport, hardware: CalibratedHardware) -> list[Figure]:
    """Time of a step, rate of the products, and the time around the steps."""
    workload = workload_of(report, phase)
    rate = phase.tokens_per_s
    loop_s = phase.tokens / rate if rate and phase.tokens else phase.duration_s
    if loop_s <= 0:
        return []
    group, spread_ln = machine_words(report.environment), own_run_spread_ln(loop_s, report.environment.load_ratio)
    where = f"run {report.id}: {phase.name}"
    steps = Figure(
        quantity="step_s",
        unit="s",
        value=loop_s / phase.steps,
        spread_ln=spread_ln,
        group=group,
        hardware=hardware,
        workload=workload,
        detail=f"{where}: {phase.steps} steps in {loop_s:.1f} s",
    )
    found = [steps]
    if phase.flop_per_s and phase.name in GRADIENT:
        found.append(
            Figure(
                quantity="training_flop_per_s",
                unit="FLOP/s",
                value=phase.flop_per_s,
                spread_ln=spread_ln,
                group=group,
                hardware=hardware,
                workload=workload,
                detail=f"{where}: {phase.flop_per_s:.4g} FLOP/s at {rate:,.0f} tokens/s",
            )
        )
    around_s = phase.duration_s - loop_s
    if around_s > LEAST_AROUND_S and not report.resumed:
        found.append(
            Figure(
                quantity="overhead_s",
                unit="s",
                value=around_s,
                spread_ln=OVERHEAD_SPREAD_LN,
                group=report.id,
                hardware=hardware,
                workload=workload,
                detail=f"{where}: {around_s:.1f} s of {phase.duration_s:.1f} s outside the steps",
            )
        )
    return found


def workload_of(report: RunReport, phase: PhaseReport) -> Workload:
    """With what a phase of a run was measured."""
    phases, lora = report.plan.phases, False
    batch = length = None
    examples: float | None = None
    kept = 1.0 - report.plan.data.holdout_fraction
    if phase.name == "pretrain" and phases.pretrain is not None:
        batch, length = phases.pretrain.batch_sequences, phases.pretrain.sequence_tokens
    elif phase.name == "sft" and phases.sft is not None:
        batch, lora = phases.sft.batch_sequences, phases.sft.lora is not None
        examples = phase.metrics.get("conversations", phase.steps * batch / phases.sft.epochs)
    elif phase.name == "reward" and phases.reward is not None:
        batch = phases.reward.batch_pairs
        examples = phase.steps * batch / phases.reward.epochs
    elif phase.name == "rl" and phases.rl is not None:
        batch, length = phases.rl.batch_completions, phases.rl.max_completion_tokens
    per_token = (4.0 if lora else 6.0) * phase.tokens
    matmul = round(phase.training_flop / per_token) if phase.training_flop and phase.tokens else None
    return Workload(
        phase=phase.name,
        method="lora" if lora else "full",
        parameters=report.model_card.parameters,
        matmul_parameters=matmul or None,
        batch_sequences=batch,
        sequence_tokens=length,
        data_sha256=None if phase.name == "pretrain" else data_hash(report.plan.data),
        examples=round(examples / kept) or None if examples is not None and kept > 0 else None,
    )


def data_hash(data: DataPlan) -> str:
    """Of a plan's choice of texts; how much of them is held out is no part of it."""
    return hash_of(data.model_dump_json(exclude={"holdout_fraction"}))


def _power(report: RunReport, catalog: Catalog, hardware: CalibratedHardware, found: Found) -> None:
    """Mean power of the longest training phase whose energy was measured, and its share of the power limit."""
    phases = [phase for phase in report.phases if phase.name in GRADIENT and measured_devices(phase.energy)]
    if not phases:
        reason = report.energy.reason or f"the meter says {report.energy.quality}"
        found.leave_out(report.id, "power", f"not measured: {reason}")
        return
    longest = max(phases, key=lambda phase: phase.duration_s)
    energy, devices = longest.energy, measured_devices(longest.energy)
    if "shared_device" in energy.flags:
        found.leave_out(report.id, "power", "another program used the accelerator too (shared_device)")
        return
    watts = float(energy.mean_power_w or 0.0)
    spread_ln = (POWER_SPREAD_LN**2 + (energy.uncertainty_fraction or 0.0) ** 2) ** 0.5
    where = f"run {report.id}: {longest.name} drew {watts:.0f} W on {devices} devices ({energy.quality})"
    group = machine_words(report.environment)
    found.figures.append(
        Figure(
            quantity="training_power_w",
            unit="W",
            value=watts,
            spread_ln=spread_ln,
            group=group,
            hardware=hardware,
            detail=where,
        )
    )
    part = part_of(catalog, report.plan.accelerator, report.environment.accelerators)
    if part is None or part.tdp_w is None:
        found.leave_out(report.id, "share of the power limit", "the catalogue knows no power limit of the accelerator")
        return
    share = watts / devices / part.tdp_w
    found.figures.append(
        Figure(
            quantity="training_power_fraction",
            input="training_power_fraction",
            unit="fraction",
            value=min(1.0, share),
            spread_ln=spread_ln,
            group=part.id,
            detail=f"{where}, {share:.2f} of {part.tdp_w:g} W each",
        )
    )


def _effort(report: RunReport, catalog: Catalog, found: Found) -> None:
    """Hours that people logged, as months of the project: its runs add up."""
    hours: dict[str, float] = {}
    for row in report.effort:
        hours[row.role] = hours.get(row.role, 0.0) + row.hours
    if not hours:
        return
    origin = report.origin
    if origin is None or origin.option_kind not in EFFORT_KINDS:
        found.leave_out(
            report.id, "hours logged", "the plan belongs to no option that trains, so to no kind of project"
        )
        return
    kind = str(origin.option_kind)
    if kind == "from_scratch" and report.model_card.parameters < GIGA_PARAMS:
        kind = "from_scratch_small"
    month_h = lookup.parameter(catalog, "productive_hours_per_fte_month").central
    for role, amount in sorted(hours.items()):
        if role not in EFFORT_INPUTS:
            found.leave_out(
                report.id, f"hours of {role}", "no input of an assessment is this role's effort in training"
            )
            continue
        found.figures.append(
            Figure(
                quantity="effort_fte_months",
                input=f"{EFFORT_INPUTS[role]}.{kind}",
                unit="fte_months",
                value=amount / month_h,
                spread_ln=EFFORT_SPREAD_LN,
                group=f"{origin.assessment_id} {origin.option_id}",
                detail=f"run {report.id}: {amount:g} h of {role}, {month_h:g} h a month",
            )
        )
