"""The pictures of a search: its history, where the good settings lie, and what mattered.

Enter at `draw_search`; it needs no display.
"""

from pathlib import Path
from typing import Any

from trainer.tune.record import TrialRecord, TuneReport

DONE = "#1f5a8a"
OTHER = "#9a9a9a"
MARKS = {"complete": ("o", DONE), "pruned": ("x", OTHER), "diverged": ("v", OTHER)}
PANEL_INCHES = (4.6, 3.3)
PAPER_DPI = 110


def draw_search(report: TuneReport, folder: Path) -> list[Path]:
    """Draw history.png, and importance.png where importances are known; nothing without a figure."""
    measured = [trial for trial in report.trials if trial.value is not None and trial.settings is not None]
    if not measured:
        return []
    drawn = [_history(report, measured, folder / "history.png")]
    if report.importance:
        drawn.append(_importance(report.importance, folder / "importance.png"))
    return drawn


def _history(report: TuneReport, trials: list[TrialRecord], path: Path) -> Path:
    figure, panels = _figure(3)
    history, rates, batches = panels
    sizes = list(report.space.batch_sequences)
    for ending, (mark, colour) in MARKS.items():
        rows = [trial for trial in trials if trial.ending == ending]
        values = [trial.value for trial in rows]
        if not rows:
            continue
        for panel, places in (
            (history, [trial.number for trial in rows]),
            (rates, [trial.settings.learning_rate for trial in rows if trial.settings]),
            (batches, [sizes.index(trial.settings.batch_sequences) for trial in rows if trial.settings]),
        ):
            panel.scatter(places, values, marker=mark, color=colour, label=ending, s=26)
    best = _best_so_far(report, trials)
    history.step([number for number, _ in best], [value for _, value in best], where="post", color=DONE, linewidth=1.2)
    rates.set_xscale("log")
    batches.set_xticks(range(len(sizes)), [str(size) for size in sizes])
    for panel, name in zip(panels, ("trial", "learning rate", "batch"), strict=True):
        panel.set_xlabel(name, fontsize=9)
        panel.set_ylabel(f"{report.measure} ({report.unit})", fontsize=8)
        panel.tick_params(labelsize=8, which="both")
        panel.grid(visible=True, alpha=0.3)
    history.legend(fontsize=8)
    return _save(figure, path)


def _importance(importance: dict[str, float], path: Path) -> Path:
    figure, (panel,) = _figure(1)
    names = sorted(importance, key=lambda name: importance[name])
    panel.barh([name.replace("_", " ") for name in names], [importance[name] for name in names], color=DONE)
    panel.set_xlabel("share of the importance (PED-ANOVA)", fontsize=9)
    panel.set_xlim(0, 1)
    panel.tick_params(labelsize=8)
    return _save(figure, path)


def _best_so_far(report: TuneReport, trials: list[TrialRecord]) -> list[tuple[int, float]]:
    better = min if report.direction == "minimize" else max
    found: list[tuple[int, float]] = []
    for trial in trials:
        if trial.ending == "complete" and trial.value is not None:
            found.append((trial.number, better(trial.value, found[-1][1]) if found else trial.value))
    return found


def _figure(count: int) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PANEL_INCHES[0] * count, PANEL_INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, count, squeeze=False).ravel()


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=PAPER_DPI)
    return path
