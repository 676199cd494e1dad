"""From a report to what its footprint needs: how long, on what, with how much energy.

Enter at `work_of`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import UnknownName
from advisor.contracts.footprint import Activity, MeasuredWork, Stage
from advisor.contracts.measurements import MachineMeasurement, ServingMeasurement
from advisor.contracts.plan import Architecture
from advisor.contracts.runs import EnergyQuality, EnergyReport, Environment, RunReport

Counted = RunReport | MachineMeasurement | ServingMeasurement
TUNING = ("sft", "reward", "rl")


def work_of(report: Counted, catalog: Catalog) -> MeasuredWork:
    """What a report says of the work behind it."""
    match report:
        case RunReport():
            return _run(report, catalog)
        case MachineMeasurement():
            return _machine(report, catalog)
        case ServingMeasurement():
            return _serving(report, catalog)
        case _:
            assert_never(report)


@dataclass(frozen=True)
class Read:
    """The energy of some windows at one boundary."""

    boundary: Literal["accelerators", "modules", "processors"]
    energy_j: float | None
    quality: EnergyQuality | None
    uncertainty_fraction: float | None
    reason: str


def _run(report: RunReport, catalog: Catalog) -> MeasuredWork:
    environment, card = report.environment, report.model_card
    scratch = isinstance(report.plan.model, Architecture)
    activity: Activity = "pre-training" if scratch else "fine-tuning"
    count = max(_devices(report.energy), len(environment.accelerators))
    read = _read([report.energy], count)
    return MeasuredWork(
        report="run",
        id=report.id,
        name=card.name,
        created_at=report.created_at,
        activity=activity,
        duration_s=report.energy.duration_s,
        accelerator=_known(environment.accelerators, catalog),
        accelerator_names=environment.accelerators,
        accelerator_count=count,
        processor=environment.processor,
        cpu_count=environment.cpu_count,
        boundary=read.boundary,
        energy_j=read.energy_j,
        energy_reason=read.reason,
        quality=read.quality,
        uncertainty_fraction=read.uncertainty_fraction,
        stages_j=_stages(report, scratch, count),
        parameters=card.parameters,
        base_model=card.base_model,
        task=card.task,
        platform=environment.platform,
        packages={"python": environment.python, **environment.packages},
    )


def _machine(report: MachineMeasurement, catalog: Catalog) -> MeasuredWork:
    probes = [*report.training, *report.decode]
    energies = [probe.energy for probe in probes]
    environment: Environment = report.machine.environment
    read = _read(energies, report.machine.accelerator_count)
    return MeasuredWork(
        report="machine",
        id=report.id,
        name=report.machine.accelerator or environment.processor,
        created_at=report.created_at,
        activity="measurement",
        duration_s=sum(energy.duration_s for energy in energies),
        accelerator=report.machine.accelerator or _known(environment.accelerators, catalog),
        accelerator_names=environment.accelerators,
        accelerator_count=report.machine.accelerator_count,
        processor=environment.processor,
        cpu_count=environment.cpu_count,
        boundary=read.boundary,
        energy_j=read.energy_j,
        energy_reason=read.reason,
        quality=read.quality,
        uncertainty_fraction=read.uncertainty_fraction,
        platform=environment.platform,
        packages={"python": environment.python, **environment.packages},
    )


def _serving(report: ServingMeasurement, catalog: Catalog) -> MeasuredWork:
    known = [load.energy_j for load in report.loads if load.energy_j is not None]
    complete = len(known) == len(report.loads)
    notes = "; ".join(dict.fromkeys(load.energy_note for load in report.loads if load.energy_note))
    missing = f"{len(report.loads) - len(known)} of {len(report.loads)} loads have no measured energy"
    energy_j = sum(known) if complete else None
    return MeasuredWork(
        report="serving",
        id=report.id,
        name=report.model,
        created_at=report.created_at,
        activity="inference",
        duration_s=sum(load.duration_s for load in report.loads),
        accelerator=None if report.accelerator is None else _known((report.accelerator,), catalog),
        accelerator_names=() if report.accelerator is None else (report.accelerator,),
        accelerator_count=report.accelerator_count,
        processor=report.processor,
        energy_j=energy_j,
        energy_reason="" if complete else f"{missing}: {notes}" if notes else missing,
        stages_j={} if energy_j is None else {"inference": energy_j},
        requests=sum(load.requests - load.errors for load in report.loads),
        output_tokens=sum(load.output_tokens for load in report.loads),
        parameters=report.parameters,
        base_model=report.base_model,
    )


def _stages(report: RunReport, scratch: bool, accelerators: int) -> dict[Stage, float]:
    """Energy of pre-training and of tuning; preparing data and evaluating belong to neither."""
    groups: dict[Stage, tuple[str, ...]] = {
        "training": ("pretrain",) if scratch else (),
        "finetuning": TUNING if scratch else ("pretrain", *TUNING),
    }
    found: dict[Stage, float] = {}
    for stage, names in groups.items():
        energies = [phase.energy for phase in report.phases if phase.name in names]
        energy_j = _read(energies, accelerators).energy_j
        if energies and energy_j is not None:
            found[stage] = energy_j
    return found


def _known(names: Sequence[str], catalog: Catalog) -> str | None:
    """Catalogue id of the accelerator by the name that its driver gives; None where it is not listed."""
    if not names:
        return None
    try:
        return lookup.accelerator(catalog, names[0]).id
    except UnknownName:
        return None


def _devices(energy: EnergyReport) -> int:
    return sum(device.scope in ("gpu", "module") for device in energy.devices)


def _read(energies: Sequence[EnergyReport], accelerators: int) -> Read:
    """Energy of the accelerators; of processors and memory where the work ran without any; None with the reason."""
    hosts = [energy.host for energy in energies if energy.host is not None and energy.host.energy_j is not None]
    if accelerators == 0 and energies and len(hosts) == len(energies):
        joules = sum(host.energy_j or 0.0 for host in hosts)
        return Read("processors", joules, _common([host.quality for host in hosts]), None, "")
    known = [energy for energy in energies if energy.energy_j is not None]
    scopes = {device.scope for energy in energies for device in energy.devices}
    boundary: Literal["accelerators", "modules"] = "modules" if "module" in scopes else "accelerators"
    if not energies or len(known) < len(energies):
        return Read(boundary, None, _common([energy.quality for energy in energies]), None, _reasons(energies))
    errors = [energy.uncertainty_fraction for energy in known if energy.uncertainty_fraction is not None]
    return Read(
        boundary=boundary,
        energy_j=sum(energy.energy_j or 0.0 for energy in known),
        quality=_common([energy.quality for energy in known]),
        uncertainty_fraction=max(errors) if errors else None,
        reason="",
    )


def _common(qualities: Sequence[EnergyQuality]) -> EnergyQuality | None:
    """The quality of all; None where they differ."""
    return qualities[0] if len(set(qualities)) == 1 else None


def _reasons(energies: Sequence[EnergyReport]) -> str:
    """Why a window has no energy: of the accelerators, and of the processor where that was looked for."""
    found = []
    for energy in energies:
        if energy.energy_j is None:
            found.append(energy.reason or "the report gives no energy and no reason")
            if energy.host is not None and energy.host.energy_j is None and energy.host.reason:
                found.append(f"processor: {energy.host.reason}")
    return "; ".join(dict.fromkeys(found)) or "nothing was trained or answered"
