"""Hours that people put into a run: `trainer log-hours` notes them beside it, the report carries them.

Enter at `add_parser`, `log_hours` and `read_effort`. The log is `effort.jsonl` in the run's directory, a line each; a
report that is there already is written anew with it, so that `advisor calibrate` sees the hours.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe
from advisor.contracts.runs import EffortHours, RunReport
from advisor.files import parse_contract, read_contract, write_contract, write_text
from trainer.plan import RUN_FILE

EFFORT_FILE = "effort.jsonl"
REPORT_FILE = "run_report.json"
ROLES = get_args(EffortHours.model_fields["role"].annotation)


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `log-hours`."""
    parser = verbs.add_parser(
        "log-hours",
        help="note working time that went into a run",
        description="Notes hours of people for a run, in its effort.jsonl and its report. `advisor calibrate` learns "
        "from them what the next such project takes.",
        epilog="example:\n  trainer log-hours runs/first --role ml_engineer --hours 12 --note 'data and first tuning'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="directory of a run")
    parser.add_argument("--role", choices=ROLES, required=True)
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--note", default="", help="what for")
    parser.set_defaults(handler=lambda given: log_hours(given.run, role=given.role, hours=given.hours, note=given.note))


def log_hours(run: Path, *, role: str, hours: float, note: str) -> int:
    """Add a line to the run's log, and the log to its report."""
    if not (run / RUN_FILE).exists() and not (run / REPORT_FILE).exists():
        raise BadInput(f"RUN: {run} is no directory of a run ({RUN_FILE} is missing)")
    logged_at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        row = EffortHours.model_validate({"role": role, "hours": hours, "note": note, "logged_at": logged_at})
    except ValidationError as error:
        raise BadInput(describe(error, EffortHours, "log-hours")) from error
    rows = (*read_effort(run), row)
    write_text(run / EFFORT_FILE, "".join(item.model_dump_json() + "\n" for item in rows))
    report = run / REPORT_FILE
    if report.exists():
        write_contract(report, read_contract(report, RunReport).model_copy(update={"effort": rows}))
    total = sum(item.hours for item in rows if item.role == role)
    where = f"{run / EFFORT_FILE}" + (f" and {report}" if report.exists() else "; the report will carry it")
    sys.stdout.write(f"{hours:g} h of {role} noted in {where}; {total:g} h of this role so far\n")
    return 0


def read_effort(run: Path) -> tuple[EffortHours, ...]:
    """Hours logged for a run; none where nobody logged any.

    Raises:
        BadInput: a line of the log is none.
    """
    file = run / EFFORT_FILE
    if not file.exists():
        return ()
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{file}: line {number}: not valid JSON: {error}") from error
        found.append(parse_contract(row, EffortHours, f"{file}: line {number}"))
    return tuple(found)
