"""`trainer`: from a plan to a model, its evidence and its cost.

Enter at `main`. Plans are checked before any training library is imported.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from advisor.exits import exit_code
from trainer.annotate.cli import add_annotate
from trainer.corpus.cli import add_data
from trainer.evaluate.cli import add_evaluate
from trainer.explain.cli import add_parser as add_explain
from trainer.export_cli import add_export
from trainer.init_cli import add_init
from trainer.live.cli import add_live_options, add_status, live_options
from trainer.tune.cli import add_parser as add_tune

EPILOG = """\
examples:
  trainer run runs/plan                      a directory written by `advisor handoff`
  trainer run data/examples/plans/python_reference.yaml --output runs/first
  trainer run data/examples/plans/python_reference.yaml --dry-run
  trainer init sft-lora --model models/base --instructions letters.jsonl --output plan.yaml
  trainer run plan.yaml --set phases.sft.learning_rate=1e-4
  trainer run runs/first --resume            go on with a run that was stopped
  trainer run runs/plan --price-per-hour 2.95 --track tensorboard
  trainer status runs/first --follow         speed, energy, money and forecast of a run while it goes on
  trainer data prepare letters/ --output runs/letters --languages de en
  trainer data gap letters/ --model models/base
  trainer tune runs/plan --trials 20 --hours 2
  trainer annotate page tasks.jsonl --annotator ada
  trainer evaluate runs/first/model          scores, bias and toxicity; `trainer evaluate --help` shows the rest
  trainer explain runs/first --prompt "Which page explains this? ..."
  trainer export runs/first/model --to gguf --output model.gguf
  trainer doctor
  trainer measure                            this machine's speed and power, for `advisor calibrate`

environment:
  OMP_NUM_THREADS   processor threads (default: the cores this process may use)
  HF_HUB_OFFLINE=0  allow fetching a base model from the hub (default: only what lies on this machine)

exit codes: 0 done, 2 bad input, 1 failure, 130 stopped by Ctrl-C or SIGTERM (go on with --resume)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve a machine that has other work
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: int(arguments.handler(arguments)))


def entry() -> None:
    """Console script `trainer`."""
    sys.exit(main())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trainer",
        description="Prepares data, trains a language model in its phases, evaluates it and reports what it took.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    _add_run(verbs)
    add_init(verbs)
    add_status(verbs)
    add_data(verbs)
    add_annotate(verbs)
    add_tune(verbs)
    add_export(verbs)
    _add_log_hours(verbs)
    add_evaluate(verbs)
    add_explain(verbs)
    doctor = verbs.add_parser(
        "doctor",
        help="what this machine can do, and whether its power can be measured",
        description="Shows interpreter, libraries, threads, accelerators, power measurement, memory and disk.",
    )
    _add_format(doctor)
    doctor.set_defaults(handler=_doctor)
    _add_measure(verbs)
    return parser


def _add_run(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    run = verbs.add_parser(
        "run",
        help="carry out a plan",
        description="Carries out a plan: data, tokenizer, pre-training, supervised tuning, reward model, RL, "
        "evaluation, report. Phases that the plan leaves out are left out.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("plan", type=Path, metavar="PLAN", help="plan file, or a directory that holds plan.yaml")
    run.add_argument("--output", type=Path, metavar="DIR", help="directory of the run (default: runs/<name of plan>)")
    run.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change a setting of the plan, such as phases.sft.learning_rate=1e-4; may be given again",
    )
    run.add_argument("--resume", action="store_true", help="go on with the run in the output directory")
    run.add_argument("--dry-run", action="store_true", help="show phases, size and forecast; train nothing")
    add_live_options(run)
    _add_format(run)
    run.set_defaults(handler=_run)


def _add_log_hours(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from trainer.effort import add_parser

    add_parser(verbs)


def _add_measure(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from trainer.measure.cli import add_parser

    add_parser(verbs)


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )


def _run(arguments: argparse.Namespace) -> int:
    from trainer import commands

    chosen = {"output": arguments.output, "as_json": arguments.format == "json", "settings": arguments.settings}
    if arguments.dry_run:
        return commands.dry_run(arguments.plan, **chosen)
    return commands.run(arguments.plan, resume=arguments.resume, **chosen, **live_options(arguments))


def _doctor(arguments: argparse.Namespace) -> int:
    from trainer.doctor import doctor

    return doctor(as_json=arguments.format == "json")


if __name__ == "__main__":
    entry()
