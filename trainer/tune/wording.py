"""The result of a search for people: report.md and the table on the terminal.

Enter at `report_text` and `show`.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from trainer.tune.record import SearchedSpace, TrialRecord, TuneReport

COLUMNS = ("trial", "ended", "learning rate", "batch", "figure", "95 % interval", "steps", "time, s", "energy, J")
EDGE_FRACTION = 0.05
WIDTH = 140
"""Of the table where there is no terminal."""


def report_text(report: TuneReport, pictures: Sequence[str]) -> str:
    """The search as Markdown."""
    space = report.space
    batches = ", ".join(map(str, space.batch_sequences))
    lines = [
        f"# Search of settings for {report.phase}: {report.name}\n",
        f"{_counts(report)}. Ended: {report.ended_reason}.\n",
        f"Judged by {report.measure} ({report.unit}; {'lower' if report.direction == 'minimize' else 'higher'} is "
        f"better) on {report.measured_on}, after {report.budget_fraction:.0%} of the phase's training; every trial "
        "sees the same amount of data whatever its batch.\n",
        f"Searched: learning rate {space.learning_rate_low:.3g} to {space.learning_rate_high:.3g}, log-uniform; batch "
        f"{batches}. Ranges: {space.source}. Sampler: {report.sampler}, seed {report.seed} plus the number of the "
        f"point. Pruner: {report.pruner}.\n",
        "## Best\n",
        *(f"- {line}" for line in best_lines(report)),
        "\n## Trials\n",
        f"| {' | '.join(COLUMNS)} |",
        "|" + "---|" * len(COLUMNS),
        *(f"| {' | '.join(_cells(trial, report))} |" for trial in report.trials),
        *(f"\nTrial {trial.number}: {trial.error}." for trial in report.trials if trial.error),
        *(f"\n![{Path(name).stem} of the search]({name})" for name in pictures),
        "\n## What mattered\n",
        *_importance(report),
        "\n## What it took\n",
        *(f"- {line}" for line in expense_lines(report)),
    ]
    if report.carried_over is not None:
        scale = report.carried_over
        lines += [
            "\n## Carried over from a narrower model\n",
            f"Searched at hidden size {scale.searched_hidden_size}, planned {scale.planned_hidden_size}: "
            f"{scale.rule}.\n",
            *(f"- {text}" for text in scale.validity),
        ]
    lines += ["\n## What to keep in mind\n", *(f"- {note}" for note in report.notes)]
    return "\n".join(lines) + "\n"


def show(report: TuneReport, output: Path) -> None:
    """Print the result on standard output."""
    table = Table(box=None, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right", overflow="fold")
    for trial in report.trials:
        table.add_row(*_cells(trial, report))
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table)
    lines = [f"trial {trial.number}: {trial.error}" for trial in report.trials if trial.error]
    lines += [f"{_counts(report)}; {report.ended_reason}", *best_lines(report), *expense_lines(report)]
    tune = output / "tune"
    lines.append(f"report: {tune / 'report.md'}")
    if report.best_settings is not None:
        lines += [f"plan:   {tune / 'best_plan.yaml'}", f"next:   trainer run {tune / 'best_plan.yaml'}"]
    sys.stdout.write("\n".join(lines) + "\n")


def best_lines(report: TuneReport) -> list[str]:
    """The best settings beside the plan's own."""
    best, start, chosen = report.best, report.start, report.best_settings
    if best is None or chosen is None:
        return ["no trial was completed"]
    lines = [f"trial {best.number}: {report.measure} {_figure(best)}"]
    if start is not None and start.number != best.number:
        lines.append(f"the plan's own settings (trial {start.number}): {_figure(start)}{_overlap(best, start)}")
    elif start is not None:
        lines.append("these are the plan's own settings; no other trial was better")
    if best.settings is not None and len(report.trials) > 1:
        lines += _at_the_edge(best.settings.learning_rate, report.space)
    where = "for the planned model" if report.carried_over is not None else "for the plan"
    lines.append(f"settings {where}: learning rate {chosen.learning_rate:.4g}, batch {chosen.batch_sequences}")
    return lines


def expense_lines(report: TuneReport) -> list[str]:
    """Hours, money and energy; what is not known says why."""
    taken = report.expense
    energy = f"{taken.energy_kwh:.4g} kWh" if taken.energy_kwh is not None else f"not known ({taken.energy_reason})"
    cost = (
        f"{taken.cost:.4g} {taken.currency} at {taken.price_per_hour:.4g} an hour ({taken.price_source})"
        if taken.cost is not None
        else f"not known ({taken.price_source})"
    )
    return [f"time {taken.hours:.3g} h", f"cost {cost}", f"energy at the accelerators {energy}"]


def _counts(report: TuneReport) -> str:
    done = [f"{number} {name}" for name, number in report.counts.items() if number]
    return f"Trials: {', '.join(done) or 'none'}, target {report.target_trials}"


def _cells(trial: TrialRecord, report: TuneReport) -> list[str]:
    settings = trial.settings
    mark = "*" if report.best is not None and trial.number == report.best.number else ""
    return [
        f"{mark}{trial.number}",
        trial.ending + (" (plan)" if trial.is_start else ""),
        f"{settings.learning_rate:.3g}" if settings else "",
        f"{settings.batch_sequences}" if settings else "",
        f"{trial.value:.4f}" if trial.value is not None else "",
        f"{trial.low:.4f} to {trial.high:.4f}" if trial.low is not None and trial.high is not None else "",
        f"{trial.steps:,}" if trial.steps is not None else "",
        f"{trial.duration_s:.1f}" if trial.duration_s is not None else "",
        f"{trial.energy_j:,.0f}" if trial.energy_j is not None else "not known" if trial.duration_s is not None else "",
    ]


def _figure(trial: TrialRecord) -> str:
    text = f"{trial.value:.4f}" if trial.value is not None else "none"
    if trial.low is not None and trial.high is not None:
        text += f" (95 % interval over {trial.n} items {trial.low:.4f} to {trial.high:.4f})"
    return text


def _at_the_edge(rate: float, space: SearchedSpace) -> list[str]:
    """A best rate in the outer twentieth of the range, on its log scale: a better one may lie outside."""
    low, high = math.log(space.learning_rate_low), math.log(space.learning_rate_high)
    if high <= low:
        return []
    place = (math.log(rate) - low) / (high - low)
    if EDGE_FRACTION < place < 1 - EDGE_FRACTION:
        return []
    side = "upper" if place > 0.5 else "lower"
    return [f"its learning rate lies at the {side} edge of the range: a better one may lie outside; widen the search"]


def _overlap(best: TrialRecord, start: TrialRecord) -> str:
    """Whether the two intervals meet: then the gain may be chance."""
    bounds = (best.low, best.high, start.low, start.high)
    if None in bounds:
        return ""
    apart = best.high < start.low or start.high < best.low  # type: ignore[operator]
    return "" if apart else "; the intervals overlap, so the gain is not shown beyond chance of the held-out items"


def _importance(report: TuneReport) -> list[str]:
    if report.importance is None:
        return [f"Not known: {report.importance_reason}."]
    rows = sorted(report.importance.items(), key=lambda pair: -pair[1])
    return [
        "Share of each setting in whether a trial is among the good ones (PED-ANOVA, Watanabe et al. 2023, "
        "arXiv:2304.10255):\n",
        *(f"- {name.replace('_', ' ')}: {share:.0%}" for name, share in rows),
    ]
