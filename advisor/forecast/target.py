"""On which hardware a plan is to run, and how large its model is.

Enter at `target_of` and `size_of`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.calibrate.figures import hardware_words
from advisor.calibrate.runs import hardware_of
from advisor.catalog import lookup
from advisor.contracts.calibration import CalibratedHardware, Calibration
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import BadInput, UnknownName, nearest
from advisor.contracts.measurements import MachineMeasurement, Report
from advisor.contracts.plan import Architecture, TrainingPlan
from advisor.contracts.runs import RunReport
from advisor.core.parameters import decoder_parameters
from advisor.files import read_document

CONFIG = {
    "vocab_size": "vocab_size",
    "hidden_size": "hidden_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "num_kv_heads": "num_key_value_heads",
    "ffn_size": "intermediate_size",
}
"""Our names of sizes, and those of a model directory's config.json."""


@dataclass(frozen=True)
class Target:
    """Where the plan runs."""

    hardware: CalibratedHardware
    part: AcceleratorRow | None
    """The catalogue's row; None where it has none."""
    count: int

    @property
    def words(self) -> str:
        """For people."""
        return hardware_words(self.hardware)


@dataclass(frozen=True)
class Size:
    """Parameters of a model, and those in matrix products of one token."""

    parameters: float
    matmul_parameters: float


def target_of(
    plan: TrainingPlan,
    catalog: Catalog,
    calibration: Calibration | None,
    *,
    hardware: str | None,
    machine: Report | None,
) -> Target:
    """The stated hardware, else that of the plan, else the only processor that was measured.

    Raises:
        BadInput: nothing says where the plan runs, or several processors were measured.
    """
    if machine is not None:
        if not isinstance(machine, MachineMeasurement | RunReport):
            raise BadInput(f"--machine: a {machine.report} report names no machine; give one of `trainer measure`")
        environment = machine.environment if isinstance(machine, RunReport) else machine.machine.environment
        stated = machine.plan.accelerator if isinstance(machine, RunReport) else machine.machine.accelerator
        return _target(hardware_of(environment, catalog, stated), catalog)
    measured = _processors(calibration)
    if hardware is not None:
        return _named(hardware, plan, catalog, measured)
    part = lookup.accelerator(catalog, plan.accelerator) if plan.accelerator is not None else None
    if part is not None and part.mfu_class != "cpu":
        found = CalibratedHardware(accelerator=part.id, accelerator_count=plan.accelerator_count)
        return Target(found, part, plan.accelerator_count)
    if len(measured) == 1:
        return Target(measured[0], part, plan.accelerator_count)
    if len(measured) > 1:
        names = "; ".join(hardware_words(item) for item in measured)
        raise BadInput(f"--machine: the calibration knows several processors ({names}); name a report of the one meant")
    if part is not None:
        return Target(
            CalibratedHardware(accelerator=part.id, accelerator_count=plan.accelerator_count),
            part,
            plan.accelerator_count,
        )
    raise BadInput(
        "--hardware: the plan names no accelerator and no processor was measured; give --hardware ID (see `advisor "
        "catalog list accelerators`), or a --calibration from a run on the machine"
    )


def size_of(plan: TrainingPlan, base: Path, catalog: Catalog) -> Size | None:
    """Parameters of the plan's model; None where neither plan, catalogue nor a directory tells them."""
    model = plan.model
    if isinstance(model, Architecture):
        sizes = {name: getattr(model, name) for name in CONFIG}
        return _decoder(sizes, model.hidden_size // model.num_heads)
    try:
        row = lookup.base_model(catalog, model.model)
    except UnknownName:
        return _from_directory(base / model.model)
    return Size(row.parameters, row.active_parameters)


def _from_directory(directory: Path) -> Size | None:
    file = directory / "config.json"
    if not file.is_file():
        return None
    config = read_document(file)
    sizes = {ours: config.get(theirs) for ours, theirs in CONFIG.items()}
    sizes["num_kv_heads"] = sizes["num_kv_heads"] or sizes["num_heads"]
    if not all(isinstance(value, int) for value in sizes.values()):
        return None
    head_dim = config.get("head_dim") or sizes["hidden_size"] // sizes["num_heads"]
    return _decoder(sizes, head_dim, is_tied=bool(config.get("tie_word_embeddings", False)))


def _decoder(sizes: dict[str, int], head_dim: int, *, is_tied: bool = False) -> Size:
    """A look-up table is no product; one that is the head too counts once, as the head."""
    given: dict[str, Any] = {**sizes, "head_dim": head_dim, "tied_embeddings": is_tied}
    total = decoder_parameters(**given)
    table = 0 if is_tied else sizes["vocab_size"] * sizes["hidden_size"]
    return Size(float(total), float(total - table))


def _target(found: CalibratedHardware, catalog: Catalog) -> Target:
    name, part = found.accelerator, None
    if name is not None:
        try:
            part = lookup.accelerator(catalog, name)
        except UnknownName:
            part = None
    return Target(found, part, found.accelerator_count or 1)


def _named(name: str, plan: TrainingPlan, catalog: Catalog, measured: list[CalibratedHardware]) -> Target:
    by_name = {hardware_words(item): item for item in measured}
    by_processor = {str(item.processor): item for item in measured}
    found = by_name.get(name) or by_processor.get(name)
    if found is not None:
        return Target(found, None, 1)
    try:
        part = lookup.accelerator(catalog, name)
    except UnknownName as error:
        near = nearest(name, [*by_name, *by_processor])
        hint = f"; or did you mean the measured {near!r}?" if near else ""
        raise BadInput(f"--hardware: {error}{hint}") from error
    count = plan.accelerator_count
    return Target(CalibratedHardware(accelerator=part.id, accelerator_count=count), part, count)


def _processors(calibration: Calibration | None) -> list[CalibratedHardware]:
    """Processors on which steps were measured and count."""
    found: dict[str, CalibratedHardware] = {}
    for entry in calibration.entries if calibration is not None else ():
        if entry.posterior is not None and entry.hardware is not None and entry.hardware.processor is not None:
            found[hardware_words(entry.hardware)] = entry.hardware
    return [found[name] for name in sorted(found)]
