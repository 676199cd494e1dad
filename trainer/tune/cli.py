"""The verb `trainer tune`: its arguments, and what it prints.

Enter at `add_parser`. Everything that needs a training library is imported when the plan has been checked.
"""

import argparse
import shlex
import sys
from pathlib import Path

from advisor.contracts.errors import BadInput

EPILOG = """\
examples:
  trainer tune runs/plan                             20 trials of the first phase that the plan's search names
  trainer tune runs/plan --phase sft --trials 12 --hours 2
  trainer tune runs/plan --max-cost "20 EUR" --price-per-hour 2.50 --currency EUR
  trainer tune runs/plan --scale small               on a narrower model; its learning rate is carried over by rule
  trainer run runs/NAME/tune/best_plan.yaml          train with the best settings

Call it again to go on after Ctrl-C, SIGTERM or a crash: trials that were cut off are tried again.
exit codes: 0 done, or a cap was reached; 2 bad input, 1 failure, 130 stopped by Ctrl-C or SIGTERM
"""
DEFAULT_TRIALS = 20


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to the program."""
    tune = verbs.add_parser(
        "tune",
        help="search learning rate and batch size of a phase",
        description="Searches the settings of one phase: each trial trains the real phase and is judged on held-out "
        "data; bad ones are cut short. Writes tune/report.md, result.json and best_plan.yaml.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    tune.add_argument("plan", type=Path, metavar="PLAN", help="plan file, or a directory that holds plan.yaml")
    tune.add_argument("--output", type=Path, metavar="DIR", help="directory (default: runs/<name of plan>)")
    tune.add_argument(
        "--phase",
        choices=("pretrain", "sft", "reward", "rl"),
        help="phase to search (default: the first that the plan's search names)",
    )
    tune.add_argument(
        "--trials",
        type=int,
        default=DEFAULT_TRIALS,
        metavar="N",
        help="trials in all, over every call (default: %(default)s)",
    )
    tune.add_argument("--hours", type=float, metavar="H", help="end before so many hours are used")
    tune.add_argument("--max-cost", metavar="AMOUNT", help="end before so much money is used, such as 20 or '20 EUR'")
    tune.add_argument("--max-kwh", type=float, metavar="K", help="end before so much energy is used; needs a meter")
    tune.add_argument(
        "--price-per-hour",
        type=float,
        metavar="AMOUNT",
        help="what an hour of this machine costs (default: the rent in the plan's forecast)",
    )
    tune.add_argument("--currency", help="currency of --price-per-hour (default: that of the plan's forecast)")
    tune.add_argument(
        "--storage",
        metavar="URL",
        help="sqlite:///FILE or postgresql://USER@HOST/NAME (default: tune/study.db in the output directory)",
    )
    tune.add_argument(
        "--pruner", choices=("median", "hyperband", "none"), help="how bad trials are cut short (default: median)"
    )
    tune.add_argument(
        "--budget-fraction",
        type=float,
        metavar="F",
        help="part of the phase's training that a trial does, 0 to 1 (default: 1)",
    )
    tune.add_argument(
        "--scale",
        choices=("full", "small"),
        help="small: search on a narrower model and carry the learning rate over (default: full)",
    )
    tune.add_argument("--apply", action="store_true", help="also write the best settings into PLAN itself")
    tune.add_argument(
        "--format", choices=("table", "json"), default="table", help="form of the result (default: %(default)s)"
    )
    tune.set_defaults(handler=run)


def run(arguments: argparse.Namespace) -> int:
    """`trainer tune`."""
    from trainer.commands import output_of, require_libraries
    from trainer.plan import check_plan, load_plan
    from trainer.tune.budget import Caps, cost_cap, price_of
    from trainer.tune.space import phase_to_tune, space_of

    loaded = load_plan(arguments.plan)
    _check(arguments)
    check_plan(loaded.plan, loaded.base)
    space_of(loaded.plan, phase_to_tune(loaded.plan, arguments.phase))
    price = price_of(loaded.plan.forecast, arguments.price_per_hour, arguments.currency)
    cost = cost_cap(arguments.max_cost, price) if arguments.max_cost is not None else None
    caps = Caps(arguments.trials, hours=arguments.hours, cost=cost, kwh=arguments.max_kwh)
    output = output_of(loaded, arguments.output)
    require_libraries()
    from trainer.progress import Progress
    from trainer.stop import StopRequested
    from trainer.tune.apply import apply_to
    from trainer.tune.claim import Wishes
    from trainer.tune.search import tune_plan
    from trainer.tune.wording import show

    wishes = Wishes(
        output,
        caps,
        price,
        phase=arguments.phase,
        scale=arguments.scale,
        pruner=arguments.pruner,
        budget_fraction=arguments.budget_fraction,
        storage=arguments.storage,
    )
    try:
        report = tune_plan(loaded.plan, loaded.base, wishes, Progress())
    except StopRequested:
        again = shlex.join(["trainer", "tune", *_repeated(arguments)])
        sys.stderr.write(f"stopped; finished trials are kept. Go on with:\n  {again}\n")
        return 130
    if arguments.format == "json":
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        show(report, output)
    if arguments.apply and report.best_settings is not None:
        for line in apply_to(loaded.file, report):
            sys.stderr.write(f"{line}\n")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    for name in ("trials", "hours", "max_kwh"):
        value = getattr(arguments, name)
        if value is not None and value <= 0:
            raise BadInput(f"--{name.replace('_', '-')}: must be positive, got {value}")
    fraction = arguments.budget_fraction
    if fraction is not None and not 0 < fraction <= 1:
        raise BadInput(f"--budget-fraction: must lie above 0 and up to 1, got {fraction}")


def _repeated(arguments: argparse.Namespace) -> list[str]:
    """The call as it was made, for going on."""
    words = [str(arguments.plan)]
    for name in ("output", "trials", "hours", "max_cost", "max_kwh", "price_per_hour", "currency", "storage"):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return [*words, "--apply"] if arguments.apply else words
