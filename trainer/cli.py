"""`trainer`: from a plan to a model, its evidence and its cost.

Enter at `main`. Plans are checked before torch is imported.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from advisor.contracts.errors import Failed
from advisor.exits import exit_code

EPILOG = """examples:
  trainer run runs/plan                    # a directory written by `advisor handoff`
  trainer run data/examples/plans/python_reference.yaml --output runs/first
  trainer run runs/plan --output runs/first --resume
  trainer evaluate runs/first/model --suite runs/first/suite.jsonl
  trainer doctor

exit codes: 0 done, 2 bad input, 1 failure, 130 stopped by Ctrl-C (go on with --resume)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: arguments.handler(arguments))


def entry() -> None:
    """Console script `trainer`."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trainer",
        description="Prepares data, trains a language model in its phases, evaluates it and reports what it cost.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    run = verbs.add_parser("run", help="carry out a plan", description="Carries out a plan from data to report.")
    run.add_argument("plan", type=Path, metavar="PLAN", help="plan file, or a directory that holds plan.yaml")
    run.add_argument("--output", type=Path, help="directory of the run (default: runs/<name of the plan>)")
    run.add_argument("--resume", action="store_true", help="go on with the run in --output")
    run.add_argument("--dry-run", action="store_true", help="show phases, parameters and forecast, train nothing")
    run.add_argument("--format", choices=("table", "json"), default="table")
    run.set_defaults(handler=_run)
    data = verbs.add_parser("data", help="prepare training data")
    actions = data.add_subparsers(title="actions", metavar="ACTION", required=True)
    prepare = actions.add_parser("prepare", help="the data step of a plan alone")
    prepare.add_argument("plan", type=Path, metavar="PLAN")
    prepare.add_argument(
        "--output", type=Path, required=True, help="directory for data/, suite.jsonl and the data card"
    )
    prepare.set_defaults(handler=_prepare)
    evaluate = verbs.add_parser("evaluate", help="score a model on held-out questions")
    evaluate.add_argument("model", type=Path, metavar="MODEL", help="model directory")
    evaluate.add_argument("--suite", type=Path, required=True, help="JSONL of held-out questions")
    evaluate.add_argument("--task", default="classification", help="task type (default classification)")
    evaluate.add_argument("--format", choices=("table", "json"), default="table")
    evaluate.set_defaults(handler=_evaluate)
    doctor = verbs.add_parser("doctor", help="what this machine can do, and whether power can be measured")
    doctor.add_argument("--format", choices=("table", "json"), default="table")
    doctor.set_defaults(handler=_doctor)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from trainer.plan import outlook, read_plan

    plan, base = read_plan(arguments.plan)
    output = arguments.output or Path("runs") / re.sub(r"[^a-z0-9]+", "-", plan.name.lower()).strip("-")[:60]
    if arguments.dry_run:
        ahead = outlook(plan)
        forecast = plan.forecast.model_dump(mode="json")
        figures = {
            "name": plan.name,
            "phases": ahead.phases,
            "parameters": ahead.parameters,
            "pretrain_tokens": ahead.pretrain_tokens,
            "training_memory_bytes": ahead.training_memory_bytes,
            "forecast": forecast,
            "output": str(output),
        }
        _print(figures, arguments.format)
        return 0
    from trainer.progress import Progress
    from trainer.run import run_plan
    from trainer.stop import StopRequested

    try:
        report = run_plan(plan, base=base, output=output, resume=arguments.resume, progress=Progress())
    except StopRequested as stop:
        command = f"trainer run {arguments.plan} --output {output} --resume"
        sys.stderr.write(f"stopped in phase {stop}; everything is saved; go on with: {command}\n")
        return 130
    if arguments.format == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        return 0
    score = next(score for score in report.evaluation.scores if score.name == report.evaluation.primary)
    energy = report.energy
    figures = {
        "model": str(output / "model"),
        "report": str(output / "report.md"),
        score.name: f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}], n={score.n}",
        "time_s": round(sum(phase.duration_s for phase in report.phases), 1),
        "energy": f"{energy.energy_j:.4g} J" if energy.energy_j is not None else f"unavailable: {energy.reason}",
    }
    _print(figures, "table")
    return 0


def _prepare(arguments: argparse.Namespace) -> int:
    from trainer.corpus.prepare import prepare
    from trainer.plan import read_plan

    plan, base = read_plan(arguments.plan)
    prepare(plan, base, arguments.output)
    sys.stdout.write((arguments.output / "data" / "data_card.json").read_text(encoding="utf-8"))
    return 0


def _evaluate(arguments: argparse.Namespace) -> int:
    from advisor.contracts.baseline import SuiteItem
    from advisor.files import parse_contract
    from trainer.corpus.prepare import read_json_lines

    items = [parse_contract(row, SuiteItem, str(arguments.suite)) for row in read_json_lines(arguments.suite)]
    from trainer.evaluate.model import evaluate_directory

    report = evaluate_directory(arguments.model, task=arguments.task, items=items, texts=[])
    if arguments.format == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
        return 0
    for score in report.scores:
        sys.stdout.write(f"{score.name:<26}{score.value:.3f}  [{score.low:.3f}, {score.high:.3f}]  n={score.n}\n")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    import shutil

    try:
        from trainer.environment import environment_of
    except ImportError as error:
        raise Failed(f"{error}; install the extra: pip install 'richtwert[trainer]'") from error
    from trainer.energy import open_meter

    with open_meter() as meter:
        names, reason = meter.accelerator_names, meter.reason
    found = environment_of(names).model_dump(mode="json")
    found["energy"] = f"measured on {', '.join(names)}" if names else f"unavailable: {reason}"
    found["free_disk_gib"] = round(shutil.disk_usage(Path.cwd()).free / 2**30, 1)
    _print(found, arguments.format)
    return 0


def _print(figures: dict[str, object], form: str) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name:<24}{value}\n")


if __name__ == "__main__":
    entry()
