"""`advisor`: from a case to a decision, from a decision to a plan, from a measurement to a better decision.

Enter at `main`. One function per verb; heavy imports live inside them, so `--help` answers at once.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from advisor.exits import exit_code

EPILOG = """examples:
  advisor assess data/examples/insurer_claims_letters.yaml
  advisor assess my_case.yaml --format json --output assessment.json
  advisor assess my_case.yaml --format pdf --language de --output decision.pdf
  advisor assess cases/ --output assessments/ --format json
  advisor assess --compare before.json after.json
  advisor assess my_case.yaml --measurements runs/demo/run_report.json runs/demo/baseline_report.json
  advisor calibrate runs/demo/run_report.json --plot runs/calibration.png
  advisor assess my_case.yaml --calibration runs/calibration.json
  advisor handoff assessment.json --output runs/plan
  advisor forecast runs/plan --calibration runs/calibration.json
  advisor footprint runs/first/run_report.json --grid DE
  advisor serve --port 8080

exit codes: 0 done, 2 bad input (the message names file, field, value and legal values), 1 failure
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: arguments.handler(arguments))


def entry() -> None:
    """Console script `advisor`."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="advisor",
        description="Should we train our own language model, tune an open one, or buy one? "
        "Answers in money, energy, time, risk and probability.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_assess(verbs)
    _add_handoff(verbs)
    _add_serve(verbs)
    _add_store(verbs)
    _add_catalog(verbs)
    _add_estimate(verbs)
    _add_hindcast(verbs)
    _add_baseline(verbs)
    _add_calibrate(verbs)
    _add_forecast(verbs)
    _add_footprint(verbs)
    return parser


def _add_assess(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "assess",
        help="cost, gate and rank all options of one or several cases",
        description="Reads a case (YAML or JSON; only name, use_case.task and use_case.requests_per_month are "
        "required), simulates all options and prints the ranking with reasons.",
    )
    parser.add_argument(
        "case", nargs="*", type=Path, metavar="CASE", help="case file, YAML or JSON, or a directory of them"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the simulation (default 0)")
    parser.add_argument("--draws", type=_draws, default=10_000, help="simulated futures, 100-200000 (default 10000)")
    parser.add_argument(
        "--measurements",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="reports to learn from: of runs, comparisons, machines, served models",
    )
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="what `advisor calibrate` has learnt; named in the result"
    )
    parser.add_argument(
        "--compare",
        nargs="+",
        type=Path,
        default=[],
        metavar="ASSESSMENT",
        help="two assessments side by side and why they differ; or one, and a CASE to assess anew",
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "markdown", "pdf", "xlsx", "focus"),
        default="table",
        help="pdf: report; xlsx: workbook with formulas; focus: FOCUS 1.2 CSV of the planned cost lines",
    )
    parser.add_argument("--language", choices=("en", "de"), default="en", help="language of what people read")
    parser.add_argument(
        "--output", type=Path, help="write here instead of standard output (a directory for several cases)"
    )
    parser.set_defaults(handler=_assess)


def _add_handoff(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "handoff",
        help="write the plan of an option: training, launch files, serving or procurement",
        description="Writes a directory that `trainer run` executes, with launch and serving files; for options that "
        "train nothing, what it takes to serve or to buy.",
    )
    parser.add_argument("assessment", type=Path, metavar="ASSESSMENT", help="JSON written by `advisor assess`")
    parser.add_argument("--option", help="option id (default: the recommended one)")
    parser.add_argument("--corpus", help="your own text, a file or folder (default: the corpus of the sample)")
    parser.add_argument("--base-model", help="directory of the base model (default: the option's model id)")
    parser.add_argument("--output", type=Path, required=True, help="directory to write")
    parser.add_argument(
        "--launch",
        nargs="+",
        choices=("one_machine", "torchrun", "slurm", "skypilot"),
        help="launch files to write (default: all)",
    )
    parser.add_argument("--language", choices=("en", "de"), default="en", help="language of the readme files")
    parser.set_defaults(handler=_handoff)


def _add_serve(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "serve",
        help="answer procurement tools over HTTP",
        description="HTTP API; OpenAPI at /schema/openapi.json. The store is DATABASE_URL (default SQLite in runs/).",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--no-worker", action="store_true", help="leave jobs to `advisor worker`")
    parser.add_argument("--require-keys", action="store_true", help="ask for a key even where the store has none")
    parser.set_defaults(handler=_serve)
    worker = verbs.add_parser(
        "worker",
        help="do the jobs of the service, beside it or on other machines",
        description="Takes jobs (POST /v1/jobs) from the store and does them until it is stopped; SIGTERM ends it "
        "after the case at hand. Several workers share one store.",
    )
    worker.add_argument("--database-url", metavar="URL", help="of the store (default: DATABASE_URL, else SQLite)")
    worker.add_argument(
        "--lease-s", type=_lease_s, default=30.0, help="a job whose worker is silent so long is taken up again"
    )
    worker.add_argument("--until-empty", action="store_true", help="end when no job is waiting")
    worker.add_argument(
        "--metrics-port", type=int, metavar="PORT", help="answer Prometheus and probes there (default: nowhere)"
    )
    worker.add_argument("--metrics-host", default="127.0.0.1", help="address of that page (default: %(default)s)")
    worker.add_argument(
        "--audit-every-h", type=_hours, metavar="H", help="walk the audit trail so often, for figures and log"
    )
    worker.set_defaults(handler=_worker)


def _add_store(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.keys_commands import add_parser
    from advisor.store_commands import add_parsers

    add_parsers(verbs)
    add_parser(verbs)


def _add_catalog(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.catalog.commands import add_parser

    add_parser(verbs)


def _add_estimate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.estimate.commands import add_parser

    add_parser(verbs)


def _add_hindcast(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.hindcast.commands import add_parser

    add_parser(verbs)


def _add_baseline(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.baseline.commands import add_parser

    add_parser(verbs)


def _add_calibrate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.calibrate.commands import add_parser

    add_parser(verbs)


def _add_forecast(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.forecast.commands import add_parser

    add_parser(verbs)


def _add_footprint(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from advisor.footprint.commands import add_parser

    add_parser(verbs)


def _draws(text: str) -> int:
    value = int(text)
    if not 100 <= value <= 200_000:
        raise argparse.ArgumentTypeError(f"{value} is outside 100..200000")
    return value


def _assess(arguments: argparse.Namespace) -> int:
    from advisor.contracts.errors import BadInput
    from advisor.exports.commands import Wanted, assess_cases, compare_files

    wanted = Wanted(
        form=arguments.format,
        language=arguments.language,
        output=arguments.output,
        seed=arguments.seed,
        draws=arguments.draws,
        measurements=arguments.measurements,
        calibration=arguments.calibration,
    )
    if arguments.compare:
        return compare_files(arguments.compare, arguments.case, wanted)
    if not arguments.case:
        raise BadInput("no case file: name one, or a directory of them (see `advisor assess --help`)")
    return assess_cases(arguments.case, wanted)


def _handoff(arguments: argparse.Namespace) -> int:
    from advisor.commands import hand_off

    return hand_off(
        arguments.assessment,
        option_id=arguments.option,
        corpus=arguments.corpus,
        base_model=arguments.base_model,
        output=arguments.output,
        language=arguments.language,
        launchers=None if arguments.launch is None else tuple(arguments.launch),
    )


def _serve(arguments: argparse.Namespace) -> int:
    from advisor.api.server import serve

    return serve(arguments.host, arguments.port, worker=not arguments.no_worker, require_keys=arguments.require_keys)


def _worker(arguments: argparse.Namespace) -> int:
    from advisor.api.server import WorkSettings, work

    return work(
        WorkSettings(
            database_url=arguments.database_url,
            lease_s=arguments.lease_s,
            until_empty=arguments.until_empty,
            metrics_host=arguments.metrics_host,
            metrics_port=arguments.metrics_port,
            audit_every_h=arguments.audit_every_h,
        )
    )


def _hours(text: str) -> float:
    value = float(text)
    if not 0 < value <= 24 * 366:
        raise argparse.ArgumentTypeError(f"{value} is outside 0..{24 * 366}")
    return value


def _lease_s(text: str) -> float:
    value = float(text)
    if not 1 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{value} is outside 1..3600")
    return value


if __name__ == "__main__":
    entry()
