"""The verbs `serving export` and `serving drift`: their options, and what becomes of them.

Enter at `add_maintenance`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput

EXPORT_EXAMPLES = """\
examples:
  serving export runs/serving --output runs/feedback
  then, in a training plan:   data: {instructions: runs/feedback/conversations.jsonl,
                                     preferences: runs/feedback/preferences.jsonl}

Good answers and preferred answers become conversations, preferred against given answers become pairs. The words come
from the feedback itself or from `serving up --keep-traffic DAYS`; they may hold personal data: look before you train.
"""
DRIFT_EXAMPLES = """\
examples:
  serving drift runs/serving                                     the last 7 days against what came before
  serving drift runs/serving --baseline runs/serving-may --output runs/alerts.jsonl
  serving drift runs/serving --assessment runs/assessment.json --option self_hosted_open:qwen3-8b

Exit code 0 whether or not something left its band: look for "outside", or at the file of --output, which gets a line
only then.
"""


def add_maintenance(commands: Any) -> None:
    """Add the verbs `export` and `drift`."""
    export = commands.add_parser(
        "export",
        help="make training data of feedback",
        description="Makes conversations and preference pairs of what users said of answers.",
        epilog=EXPORT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    export.add_argument("records", type=Path, metavar="RECORDS", help="directory of the records of `serving up`")
    export.add_argument("--output", type=Path, metavar="DIR", required=True, help="directory for the files")
    export.add_argument("--format", choices=("table", "json"), default="table", help="form of the summary")
    export.set_defaults(run=_export)
    drift = commands.add_parser(
        "drift",
        help="compare traffic with earlier traffic or with the forecast",
        description="Compares lengths, languages and words of the inputs, failures, refusals, latency, cost, energy "
        "and ratings with earlier records, or with what an Assessment forecast.",
        epilog=DRIFT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    drift.add_argument("records", type=Path, metavar="RECORDS", help="directory of the records of `serving up`")
    against = drift.add_mutually_exclusive_group()
    against.add_argument("--baseline", type=Path, metavar="RECORDS", help="earlier records to compare with")
    against.add_argument("--assessment", type=Path, metavar="FILE", help="Assessment whose forecast is the band")
    drift.add_argument("--option", metavar="ID", help="option of the Assessment (default: the recommended one)")
    drift.add_argument("--model", help="whose records (needed where there are several models)")
    drift.add_argument(
        "--days",
        type=_days,
        default=7.0,
        metavar="N",
        help="without --baseline and --assessment: the last N days against all before (default: %(default)g)",
    )
    drift.add_argument("--output", type=Path, metavar="FILE", help="JSONL that gets an alert when something is outside")
    drift.add_argument("--format", choices=("table", "json"), default="table", help="form of the result")
    drift.set_defaults(run=_drift)


def _export(arguments: argparse.Namespace) -> int:
    from serving.export import export

    report = export(arguments.records, arguments.output)
    if arguments.format == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        return 0
    sys.stdout.write(
        f"{report.conversations} conversations and {report.preferences} preference pairs of {report.feedback} "
        f"judgements in {arguments.output}\n"
    )
    for reason, count in report.left_out.items():
        sys.stdout.write(f"left out: {count}, {reason}\n")
    sys.stderr.write("what users wrote may hold personal data; look before you train on it\n")
    return 0


def _drift(arguments: argparse.Namespace) -> int:
    from serving.drift.run import DriftSettings, drift, words

    if arguments.option is not None and arguments.assessment is None:
        raise BadInput("--option: goes with --assessment FILE")
    report = drift(
        DriftSettings(
            records=arguments.records,
            baseline=arguments.baseline,
            assessment=arguments.assessment,
            option_id=arguments.option,
            model=arguments.model,
            days=arguments.days,
            output=arguments.output,
        )
    )
    if arguments.format == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        return 0
    sys.stdout.write(f"{report.model}: {report.requests} requests against {report.baseline}\n")
    marks = {True: "inside ", False: "OUTSIDE", None: "?      "}
    for row in report.rows:
        sys.stdout.write(f"  {marks[row.inside]} {words(row)}\n")
    proposal = report.proposal
    sys.stdout.write(
        f"proposal: {proposal.action.replace('_', ' ')}; feedback so far makes {proposal.conversations} conversations "
        f"and {proposal.preferences} pairs\n"
    )
    for step in proposal.steps:
        sys.stdout.write(f"  {step}\n")
    if arguments.output is not None and report.outside:
        sys.stderr.write(f"alert: {arguments.output}\n")
    return 0


def _days(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days above 0")
    return value
