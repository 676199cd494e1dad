"""What is done in a run directory: one manifest a phase, written when the phase is complete.

Enter at `Manifest`, `read_manifest`, `write_manifest` and `refuse_changed_plan`. Time and energy of earlier
attempts are kept in `attempts.jsonl`, so a resumed run adds up.
"""

import json
from pathlib import Path
from typing import Any

from advisor.contracts.base import Contract
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, PhaseReport
from advisor.files import dump_yaml, read_contract, write_contract, write_text

PLAN_FILE = "plan.yaml"


class Manifest(Contract):
    """A finished phase."""

    report: PhaseReport


class Attempt(Contract):
    """One stretch of work on a phase that did not finish it."""

    phase: str
    duration_s: float
    energy: EnergyReport


def read_manifest(output: Path, phase: str) -> Manifest | None:
    """The manifest of a finished phase; None while it is not finished."""
    path = output / "phases" / phase / "manifest.json"
    return read_contract(path, Manifest) if path.exists() else None


def write_manifest(output: Path, report: PhaseReport) -> None:
    """Mark a phase as finished."""
    write_contract(output / "phases" / report.name / "manifest.json", Manifest(report=report))


def note_attempt(output: Path, attempt: Attempt) -> None:
    """Keep the time and energy of an interrupted stretch of work."""
    path = output / "attempts.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(attempt.model_dump_json() + "\n")


def attempts_of(output: Path, phase: str | None = None) -> list[Attempt]:
    """Interrupted stretches of work, of one phase or of all."""
    path = output / "attempts.jsonl"
    if not path.exists():
        return []
    rows = [Attempt.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if phase is None or row.phase == phase]


def start_directory(plan: TrainingPlan, output: Path, *, resume: bool) -> None:
    """Claim the run directory for a plan.

    Raises:
        BadInput: another run lies there, the plan has changed since, or there is nothing to resume.
    """
    stored = output / PLAN_FILE
    if not stored.exists():
        if resume:
            raise BadInput(f"--resume: no run in {output}; start it without --resume")
        write_text(stored, dump_yaml(plan))
        return
    if not resume:
        raise BadInput(
            f"--output: a run lies in {output} already; add --resume to go on with it, or name a new directory"
        )
    before = read_contract(stored, TrainingPlan)
    changed = _differences(before.model_dump(mode="json"), plan.model_dump(mode="json"))
    if changed:
        raise BadInput(
            f"--resume: the plan has changed since the run began: {', '.join(changed)}; restore it, or start anew "
            "in another --output"
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
    return [f"{path} ({json.dumps(before)} -> {json.dumps(after)})"]
