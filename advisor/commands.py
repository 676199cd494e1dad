"""What the verbs of `advisor` do with files; `advisor assess` has its own, `advisor.exports.commands`.

Enter at `read_report` and `hand_off`. All inputs are read and checked before anything is written.
"""

import sys
from pathlib import Path
from typing import Any, get_args

from advisor.contracts.assessment import Assessment
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput, nearest
from advisor.contracts.measurements import Report
from advisor.files import parse_contract, read_contract, read_document
from advisor.phrases import Language


def read_report(path: Path) -> Report:
    """Read a report of any kind; the key `report` tells which it is."""
    return parse_report(read_document(path), str(path))


def parse_report(document: Any, where: str) -> Report:
    """Validate a parsed report.

    Raises:
        BadInput: it is none of the reports that the advisor learns from.
    """
    models = {str(model.model_fields["report"].default): model for model in get_args(Report)}
    kind = document.get("report") if isinstance(document, dict) else None
    model = models.get(kind) if isinstance(kind, str) else None
    if model is None:
        near = nearest(kind, models) if isinstance(kind, str) else None
        hint = f"got {kind!r}, did you mean {near!r}?" if near else f"got {kind!r}"
        raise BadInput(
            f"{where}: report: expected {', '.join(map(repr, models))}, {hint}; reports are written by `trainer run`, "
            "`advisor baseline run`, `trainer measure` and `serving bench`"
        )
    found: Report = parse_contract(document, model, where)
    return found


def hand_off(
    assessment: Path,
    *,
    option_id: str | None,
    corpus: str | None,
    base_model: str | None,
    output: Path,
    language: Language = "en",
    launchers: tuple[str, ...] | None = None,
) -> int:
    """Write the plan directory of one option."""
    from advisor.catalog.load import load_catalog
    from advisor.handing.launch import LAUNCHERS
    from advisor.handoff import write_plan

    document = read_contract(assessment, Assessment)
    found = write_plan(
        document,
        option_id=option_id,
        catalog=load_catalog(),
        corpus=corpus,
        base_model=base_model,
        output=output,
        language=language,
        launchers=LAUNCHERS if launchers is None else launchers,
    )
    next_step = f"trainer run {output}" if found.trains else f"read {output / 'README.md'}"
    sys.stdout.write(f"plan written to {output}\nnext: {next_step}\n")
    for note in found.notes:
        sys.stderr.write(f"note: {note}\n")
    return 0


def reports_of(case: Case, path: Path) -> list[tuple[str, Report]]:
    """Reports named in the case, relative to its file, or given inline."""
    return [
        (name, parse_report(document, where))
        for name, where, document in _documents(case, path)
        if not _is_calibration(document)
    ]


def calibration_of(case: Case, path: Path) -> Calibration | None:
    """The calibration among the measurements of a case; None where it names none.

    Raises:
        BadInput: it names several.
    """
    found = [(where, document) for _, where, document in _documents(case, path) if _is_calibration(document)]
    if len(found) > 1:
        raise BadInput(f"{path}: measurements: one calibration at most, got {len(found)}; join them first")
    return parse_contract(found[0][1], Calibration, found[0][0]) if found else None


def _documents(case: Case, path: Path) -> list[tuple[str, str, Any]]:
    """Name, place and content of every measurement of a case."""
    found = []
    for index, entry in enumerate(case.measurements):
        if isinstance(entry, str):
            file = (path.parent / entry).resolve()
            found.append((entry, str(file), read_document(file)))
        else:
            found.append((f"measurements.{index}", f"{path}: measurements.{index}", entry))
    return found


def _is_calibration(document: Any) -> bool:
    return isinstance(document, dict) and document.get("report") == "calibration"
