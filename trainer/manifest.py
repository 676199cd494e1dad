"""What is done in a run directory: its claim, and one manifest a phase, written when the phase is complete.

Enter at `claim`, `read_manifest` and `Stretch`. Time and energy of interrupted stretches of work are kept beside the
phase, so a resumed run adds up.
"""

import json
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from advisor.contracts.base import Contract, Count, NonNegative
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, PhaseReport
from advisor.files import dump_yaml, read_contract, write_contract, write_text
from trainer.energy.reread import last_report
from trainer.plan import PLAN_FILE, RUN_FILE, slug

TRACES = "energy"
STATUS_FILE = "status.json"
MADE = ("data", "tokenizer", "phases", "plots", "model", TRACES, "suite.jsonl", STATUS_FILE, PLAN_FILE, RUN_FILE)


class RunState(Contract):
    """The claim of a run on its directory."""

    id: str
    started_at: str
    resumed: Count = 0
    """How often the run was taken up again with work left."""
    price_per_hour: NonNegative | None = None
    """As last stated with `--price-per-hour`, in `currency`."""
    currency: str | None = None


class Manifest(Contract):
    """A finished phase: what it was made from, what it left, what it reported and what made it."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    report: PhaseReport
    tokenizer_sha256: str | None = None
    """None before there is one."""
    packages: dict[str, str] = Field(default_factory=dict)
    """Versions of the libraries that shaped it."""
    code_revision: str = ""
    cost: NonNegative | None = None
    """In `currency`, by the stated price of an hour, else by the one that the forecast implies; None without one."""
    currency: str | None = None


class Stretch(Contract):
    """One stretch of work on a phase that did not finish it."""

    duration_s: NonNegative
    energy: EnergyReport


def claim(plan: TrainingPlan, output: Path, *, resume: bool) -> RunState:
    """Take the run directory for a plan, or take its run up again.

    Args:
        plan: with its paths relative to `output`.
        output: the run's directory.
        resume: whether to go on with the run that lies there.

    Raises:
        BadInput: another run lies there, the plan has changed since, or there is nothing to resume.
    """
    if not (output / RUN_FILE).exists():
        if resume:
            raise BadInput(f"--resume: no run in {output}; start it without --resume")
        if (output / PLAN_FILE).exists():
            raise BadInput(f"--output: {output} holds a plan of its own; name another directory")
        taken = [name for name in MADE if (output / name).exists()]
        if taken:
            raise BadInput(f"--output: {output} already holds {', '.join(taken)}; name another directory")
        now = datetime.now(UTC)
        state = RunState(id=f"{slug(plan.name)}-{now:%Y%m%dT%H%M%SZ}", started_at=now.isoformat(timespec="seconds"))
        write_text(output / PLAN_FILE, dump_yaml(plan))
        write_contract(output / RUN_FILE, state)
        return state
    if not resume:
        raise BadInput(
            f"--output: a run lies in {output} already; add --resume to go on with it, or name another directory"
        )
    changed = differences(read_contract(output / PLAN_FILE, TrainingPlan), plan)
    if changed:
        raise BadInput(
            f"--resume: the plan has changed since the run began: {', '.join(changed)}; restore it, or start anew "
            "with another --output"
        )
    state = read_contract(output / RUN_FILE, RunState)
    if not (output / "run_report.json").exists():
        state = state.model_copy(update={"resumed": state.resumed + 1})
        write_contract(output / RUN_FILE, state)
    return state


def release(output: Path, *, existed: bool) -> None:
    """Undo a claim whose run could not begin, so that nothing half-written stays."""
    for name in MADE:
        path = output / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not existed and not any(output.iterdir()):
        output.rmdir()


def differences(before: TrainingPlan, after: TrainingPlan) -> list[str]:
    """Fields that differ, each with its two values."""
    return _differences(before.model_dump(mode="json"), after.model_dump(mode="json"))


def read_manifest(output: Path, phase: str) -> Manifest | None:
    """The manifest of a finished phase; None while it is not finished."""
    path = output / "phases" / phase / "manifest.json"
    return read_contract(path, Manifest) if path.exists() else None


def write_manifest(output: Path, manifest: Manifest) -> None:
    """Mark a phase as finished."""
    directory = output / "phases" / manifest.report.name
    write_contract(directory / "manifest.json", manifest)
    (directory / "running.json").unlink(missing_ok=True)


def check_inputs(output: Path, phase: str, inputs: dict[str, str]) -> None:
    """Note the inputs of a phase at its first start; later compare.

    Raises:
        BadInput: they have changed since the phase began.
    """
    path = output / "phases" / phase / "inputs.json"
    if not path.exists():
        write_text(path, json.dumps(inputs, indent=2) + "\n")
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    changed = [
        f"{name} ({_short(before.get(name))} -> {_short(inputs.get(name))})"
        for name in sorted(before.keys() | inputs.keys())
        if before.get(name) != inputs.get(name)
    ]
    if changed:
        raise BadInput(
            f"--resume: changed since phase {phase} began: {', '.join(changed)}; restore it, or start anew with "
            "another --output"
        )


def next_trace(output: Path) -> Path:
    """Where this attempt at the run writes its energy, should the process be killed; one file each."""
    directory = output / TRACES
    taken = len(list(directory.glob("attempt-*.jsonl"))) if directory.exists() else 0
    return directory / f"attempt-{taken + 1}.jsonl"


def note_running(output: Path, phase: str, begun_s: float, trace: Path) -> None:
    """Note how long the running stretch has lasted and where its energy stands, should the process be killed."""
    row = {"duration_s": time.monotonic() - begun_s, "trace": trace.name}
    write_text(output / "phases" / phase / "running.json", json.dumps(row) + "\n")


def note_stretch(output: Path, phase: str, stretch: Stretch) -> None:
    """Keep the time and energy of a stretch of work that was interrupted."""
    directory = output / "phases" / phase
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "stretches.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(stretch.model_dump_json() + "\n")
    (directory / "running.json").unlink(missing_ok=True)


def stretches_of(output: Path, phase: str) -> list[Stretch]:
    """Interrupted stretches of a phase; one that was killed counts up to its last checkpoint."""
    directory = output / "phases" / phase
    running = directory / "running.json"
    if running.exists():
        row = json.loads(running.read_text(encoding="utf-8"))
        energy = _energy_of_killed(output / TRACES / row.get("trace", ""), phase, row["duration_s"])
        note_stretch(output, phase, Stretch(duration_s=row["duration_s"], energy=energy))
    path = directory / "stretches.jsonl"
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with suppress(ValidationError):  # cut off by a full disk
            found.append(Stretch.model_validate_json(line))
    return found


def _short(digest: str | None) -> str:
    """The beginning of a hash, enough to tell two apart."""
    return "not there" if digest is None else digest[:12]


def _energy_of_killed(trace: Path, phase: str, duration_s: float) -> EnergyReport:
    """What the trace holds of the phase up to its last full minute; without one, nothing is known."""
    try:
        found = last_report(trace, phase)
    except BadInput:
        found = None  # no trace: there was nothing to measure, or it could not be written
    if found is not None:
        words = "the process was killed: its last minute is not in the figure"
        return found.model_copy(update={"reason": "; ".join(filter(None, (found.reason, words)))})
    return EnergyReport(
        quality="unavailable",
        energy_j=None,
        duration_s=duration_s,
        mean_power_w=None,
        coverage_fraction=0.0,
        uncertainty_fraction=None,
        reason="the process was killed before it could report",
    )


def _differences(before: Any, after: Any, path: str = "") -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [
            difference
            for key in keys
            for difference in _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        ]
    if before == after:
        return []
    return [f"{path} ({json.dumps(before, ensure_ascii=False)} -> {json.dumps(after, ensure_ascii=False)})"]
