"""`advisor calibrate`: what reports have measured, beside what was assumed, and what follows. Enter at `add_parser`."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from advisor.contracts.calibration import Calibration
    from advisor.contracts.catalog import Catalog

EPILOG = """examples:
  advisor calibrate runs/first/run_report.json runs/first/baseline.json
  advisor calibrate machine.json --plot runs/calibration.png     extends runs/calibration.json
  advisor calibrate --revoke first-20261123T120000Z              the next version, without that report
  advisor calibrate --restore first-20261123T120000Z             and with it again
  advisor calibrate                                              shows what is there
  advisor assess my_case.yaml --calibration runs/calibration.json
  advisor forecast runs/plan --calibration runs/calibration.json

A report counts once, however often it is named; one whose content has changed replaces its older self. Every version
that had the file's name is kept in the folder beside it (runs/calibrations/1.json, 2.json, ...).
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `calibrate`."""
    parser = verbs.add_parser(
        "calibrate",
        help="learn from reports: utilisation, power, speed, effort, quality",
        description="Joins reports of runs, comparisons, machines and served models with what was assumed: "
        "precision-weighted on the log scale, keyed by hardware and workload, outliers set aside with the reason. "
        "Shows prior, data and posterior, and forecast against actual of each run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("report", nargs="*", type=Path, metavar="REPORT", help="reports to take in")
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="calibration to extend (default: the output, if it exists)"
    )
    parser.add_argument("--revoke", nargs="+", default=[], metavar="REPORT_ID", help="reports that no longer count")
    parser.add_argument(
        "--restore", nargs="+", default=[], metavar="REPORT_ID", help="revoked reports that count again"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="file to write (default: --calibration, else runs/calibration.json)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from advisor.calibrate.history import DEFAULT, read_calibration, write_calibration
    from advisor.calibrate.plot import check_plot, draw
    from advisor.calibrate.text import calibration_text
    from advisor.catalog.load import load_catalog
    from advisor.commands import read_report

    check_plot(arguments.plot)
    output = arguments.output or arguments.calibration or DEFAULT
    start = arguments.calibration or (output if output.exists() else None)
    before = read_calibration(start) if start is not None else None
    reports = [read_report(path) for path in arguments.report]
    if before is None and not reports:
        raise BadInput(f"REPORT: name at least one report; there is no calibration yet ({output})")
    catalog = load_catalog()
    from advisor.calibrate.build import calibrated

    after = before if not reports else calibrated(reports, catalog, created_at=_now(), before=before)
    versions = [after] if after is not None and after is not before else []
    for version in _switched(after, arguments, catalog):
        versions.append(version)
        after = version
    if after is None:
        raise BadInput("REPORT: name at least one report")
    for version in versions:
        kept = write_calibration(output, version)
        if kept is not None:
            sys.stderr.write(f"kept: {kept}\n")
    if before is not None and not versions and not output.exists():
        write_calibration(output, before)
    sys.stderr.write(f"written: {output}\n" if versions else f"nothing new: {after.id} version {after.version}\n")
    if arguments.plot is not None:
        draw(after, arguments.plot)
        sys.stderr.write(f"written: {arguments.plot}\n")
    sys.stdout.write(after.model_dump_json(indent=2) + "\n" if arguments.format == "json" else calibration_text(after))
    return 0


def _switched(start: "Calibration | None", arguments: argparse.Namespace, catalog: "Catalog") -> "list[Calibration]":
    """A version for each report that is revoked or restored."""
    from advisor.calibrate.build import restored, revoked

    found, current = [], start
    for ids, change in ((arguments.revoke, revoked), (arguments.restore, restored)):
        for report_id in ids:
            if current is None:
                raise BadInput("--revoke: there is no calibration yet")
            current = change(current, report_id, catalog, created_at=_now())
            found.append(current)
    return found


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
