"""The verbs of `trainer`, each from checked arguments to an exit code.

Enter at `run` and `dry_run`; the other verbs have rooms of their own. Results go to standard output, progress to
standard error.
"""

import json
import shlex
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from advisor.contracts.base import Interval
from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.evaluation import EvaluationReport
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import RunReport
from trainer.energy.words import energy_text, host_text
from trainer.evaluate.words import figure
from trainer.live.price import currency_of
from trainer.live.track import Tracking
from trainer.plan import LoadedPlan, base_model_name, check_plan, load_plan, slug

LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets", "tokenizers", "matplotlib")


def run(
    plan_path: Path,
    *,
    output: Path | None,
    resume: bool,
    as_json: bool,
    settings: Sequence[str] = (),
    tracking: Tracking = Tracking(),  # noqa: B008 - frozen
    price_per_hour: float | None = None,
    currency: str | None = None,
) -> int:
    """`trainer run`."""
    loaded = load_plan(plan_path, settings)
    directory = output_of(loaded, output)
    check_plan(loaded.plan, loaded.base)
    tracking.check()
    currency = currency_of(loaded.plan.forecast, currency) if price_per_hour is not None else None
    require_libraries()
    from trainer.progress import Progress
    from trainer.run import run_plan
    from trainer.stop import StopRequested

    try:
        report = run_plan(
            loaded.plan,
            base=loaded.base,
            output=directory,
            resume=resume,
            progress=Progress(),
            tracking=tracking,
            price_per_hour=price_per_hour,
            currency=currency,
        )
    except StopRequested as stop:
        changed = [word for setting in settings for word in ("--set", setting)]
        changed += ["--track", tracking.tracker] if tracking.tracker != "none" else []
        changed += ["--track-to", tracking.address] if tracking.address is not None else []
        again = shlex.join(["trainer", "run", str(plan_path), *changed, "--output", str(directory), "--resume"])
        sys.stderr.write(f"stopped in phase {stop}; what was done is saved. Go on with:\n  {again}\n")
        return 130
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        _show_report(report, directory)
        sys.stdout.write(tracking.where(directory))
    return 0


def dry_run(plan_path: Path, *, output: Path | None, as_json: bool, settings: Sequence[str] = ()) -> int:
    """`trainer run --dry-run`."""
    loaded = load_plan(plan_path, settings)
    check_plan(loaded.plan, loaded.base)
    from trainer.sizes import outlook_of

    plan = loaded.plan
    name = base_model_name(plan, loaded.base)
    outlook = outlook_of(plan, Path(name) if name is not None and Path(name).is_dir() else None)
    figures: dict[str, Any] = {
        "name": plan.name,
        "output": str(output_of(loaded, output)),
        "model": name or f"{plan.model.kind} {getattr(plan.model, 'name', '')}".strip(),
        **outlook.as_dict(),
        "phases": {
            phase: settings for phase, settings in plan.phases.model_dump(mode="json").items() if settings is not None
        },
        "forecast": plan.forecast.model_dump(mode="json"),
    }
    if as_json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        _show_outlook(figures, plan)
    return 0


def output_of(loaded: LoadedPlan, output: Path | None) -> Path:
    """The directory of a run: the one named, the plan's own run, or one under runs/.

    Raises:
        BadInput: a file lies there.
    """
    if output is not None:
        if output.exists() and not output.is_dir():
            raise BadInput(f"--output: {output} is a file; name a directory")
        return output
    return loaded.run_directory or Path("runs") / slug(loaded.plan.name)


def require_libraries() -> None:
    """Say what is missing before work begins.

    Raises:
        Failed: a training library is not installed.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise Failed(f"not installed: {', '.join(missing)}; install them with: pip install 'richtwert[trainer]'")


def _show_report(report: RunReport, directory: Path) -> None:
    _print(_scores(report.evaluation))
    table = _table("phase", "time", "steps", "tokens", "tokens/s", "loss")
    for phase in report.phases:
        known = phase.loss_first is not None and phase.loss_last is not None
        table.add_row(
            phase.name,
            f"{phase.duration_s:.1f} s",
            f"{phase.steps:,}" if phase.steps else "",
            f"{phase.tokens:,}" if phase.tokens else "",
            f"{phase.tokens_per_s:,.0f}" if phase.tokens_per_s is not None else "",
            f"{phase.loss_first:.3f} to {phase.loss_last:.3f}" if known else "",
        )
    _print(table)
    energy = report.energy
    lines = [f"energy at the accelerators ({energy.quality}): {energy_text(energy)}"]
    if energy.host is not None and energy.host.energy_j is not None:
        lines += [f"beside it, processor and memory of the machine: {host_text(energy.host)}"]
    lines += [f"warning: {warning}" for warning in report.warnings]
    lines += [f"report: {directory / 'report.md'}", f"model:  {directory / 'model'}"]
    sys.stdout.write("\n".join(lines) + "\n")


def _show_outlook(figures: dict[str, Any], plan: TrainingPlan) -> None:
    table = _table()
    for name in ("name", "output", "model"):
        table.add_row(name, figures[name])
    for name in ("parameters", "pretrain_tokens", "rl_completions"):
        table.add_row(name.replace("_", " "), "not known" if figures[name] is None else f"{figures[name]:,}")
    memory = figures["memory_bytes"]
    table.add_row("memory, without libraries", "not known" if memory is None else f"{memory / 2**30:.2f} GiB")
    for name, settings in figures["phases"].items():
        table.add_row(f"phase {name}", ", ".join(f"{key} {value}" for key, value in settings.items()))
    for name, value in plan.forecast:
        table.add_row(f"forecast {name.replace('_', ' ')}", _forecast(value))
    _print(table)
    sys.stdout.write("nothing was written\n")


def _forecast(value: Interval | float | str | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, Interval):
        return f"{value.p50:.3g} (P5 {value.p5:.3g}, P95 {value.p95:.3g})"
    return value if isinstance(value, str) else f"{value:.3g}"


def _scores(evaluation: EvaluationReport) -> Table:
    table = _table("score", "value", "95 % interval", "n")
    for score in evaluation.scores:
        table.add_row(score.name, figure(score.value), f"{figure(score.low)} to {figure(score.high)}", f"{score.n}")
    return table


def _table(*columns: str) -> Table:
    table = Table(show_header=bool(columns), box=None, pad_edge=False)
    for number, name in enumerate(columns or ("", "")):
        table.add_column(name, justify="left" if number == 0 or not columns else "right", overflow="fold")
    return table


def _print(table: Table) -> None:
    console = Console(file=sys.stdout)
    console.print(table, soft_wrap=not console.is_terminal)
