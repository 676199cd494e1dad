"""`advisor forecast`: hours, energy and money of a plan, from the catalogue or from what was measured.

Enter at `add_parser`.
"""

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from advisor.contracts.base import Interval
    from advisor.contracts.forecast import PlanForecast
    from advisor.contracts.plan import Forecast

PLAN_FILE = "plan.yaml"
WIDTH = 150
EPILOG = """examples:
  advisor forecast runs/plan --calibration runs/calibration.json
  advisor forecast plan.yaml --hardware a100-sxm-80gb
  advisor forecast plan.yaml --calibration runs/calibration.json --machine machine.json --write
  trainer run plan.yaml --dry-run                shows what --write has put there

Hardware: that of --machine or --hardware, else the plan's accelerator, else the only processor that was measured.
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb `forecast`."""
    parser = verbs.add_parser(
        "forecast",
        help="hours, energy and money of a training plan",
        description="Forecasts a plan as P5, P50 and P95: from a calibration where the hardware was measured, wider "
        "the farther the measured workload is away; else from the estimators. What is not covered is named.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="plan file, or a directory that holds plan.yaml")
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="what `advisor calibrate` has learnt")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--hardware", metavar="ID", help="accelerator of the catalogue, or a processor that was measured"
    )
    where.add_argument("--machine", type=Path, metavar="MEASUREMENT", help="report of a machine, or of a run on it")
    parser.add_argument("--examples", type=_count, metavar="N", help="examples of one epoch of supervised tuning")
    parser.add_argument("--grid-zone", default="DE", help="of the electricity price (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="put it into the plan's `forecast`")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parser.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    from advisor.calibrate.history import read_calibration
    from advisor.catalog.load import load_catalog
    from advisor.commands import read_report
    from advisor.contracts.plan import TrainingPlan
    from advisor.files import read_contract
    from advisor.forecast.plan import forecast_of_plan
    from advisor.forecast.target import target_of

    file = arguments.plan / PLAN_FILE if arguments.plan.is_dir() else arguments.plan
    if arguments.plan.is_dir() and not file.exists():
        raise BadInput(f"{arguments.plan}: holds no {PLAN_FILE}; name a plan file or the directory of one")
    plan = read_contract(file, TrainingPlan)
    calibration = None if arguments.calibration is None else read_calibration(arguments.calibration)
    machine = None if arguments.machine is None else read_report(arguments.machine)
    catalog = load_catalog()
    target = target_of(plan, catalog, calibration, hardware=arguments.hardware, machine=machine)
    found = forecast_of_plan(
        plan,
        file.resolve().parent,
        catalog,
        target,
        calibration,
        zone=arguments.grid_zone,
        examples=arguments.examples,
    )
    if arguments.write:
        _write(file, found.forecast)
        sys.stderr.write(f"written into {file}\n")
    sys.stdout.write(found.model_dump_json(indent=2) + "\n" if arguments.format == "json" else _text(found))
    return 0


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is below 1")
    return value


def _write(file: Path, forecast: "Forecast") -> None:
    """Change the plan's forecast alone: comments and the order of keys stay."""
    import json

    from advisor.files import write_text

    wanted = forecast.model_dump(mode="json", exclude_none=True)
    if file.suffix == ".json":
        document: Any = json.loads(file.read_text(encoding="utf-8")) | {"forecast": wanted}
        write_text(file, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 10_000
    document = yaml.load(file.read_text(encoding="utf-8"))
    document["forecast"] = wanted
    stream = io.StringIO()
    yaml.dump(document, stream)
    write_text(file, stream.getvalue())


def _text(found: "PlanForecast") -> str:
    from rich.console import Console
    from rich.table import Table

    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, force_terminal=False)
    learnt = found.calibration
    origin = "no calibration" if learnt is None else f"calibration {learnt.id} version {learnt.version}"
    console.print(f"{found.plan} on {found.hardware}; {origin}\n", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("phase", "hours, P50 (P5 to P95)", "kWh", "rests on"):
        table.add_column(name, overflow="fold")
    for row in found.phases:
        table.add_row(row.phase, _span(row.train_hours), _span(row.energy_kwh), row.source)
    console.print(table)
    total = found.forecast
    sums = Table(box=None, pad_edge=False, show_header=False)
    for name, value, unit in (
        ("training hours (pretrain, sft)", total.train_hours, "h"),
        ("reward model and reinforcement learning", total.preference_hours, "h"),
        ("energy", total.energy_kwh, "kWh"),
        ("money", total.cost, total.currency or ""),
        ("quality", total.quality_fraction, "fraction"),
    ):
        sums.add_row(name, _span(value), unit if value is not None else "")
    console.print()
    console.print(sums)
    for note in found.notes:
        console.print(f"note: {note}", soft_wrap=True)
    return stream.getvalue()


def _span(value: "Interval | None") -> str:
    return "not known" if value is None else f"{value.p50:.3g} ({value.p5:.3g} to {value.p95:.3g})"
