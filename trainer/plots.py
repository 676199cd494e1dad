"""The run's curves: loss, reward, KL and answer length of all phases in one picture, held-out losses beside them.

Enter at `draw_curves`; it reads the phases' log.jsonl and needs no display. A held-out figure is drawn where the phase
logs one (`eval_` and the name of the figure): as a line, or as a point where it was taken once.
"""

from pathlib import Path

PANELS = (
    ("pretrain", "loss", "pre-training loss (nats per token)"),
    ("sft", "loss", "supervised loss (nats per token)"),
    ("reward", "loss", "reward model loss"),
    ("dpo", "loss", "DPO loss"),
    ("dpo", "rewards/margins", "margin of chosen answers in DPO"),
    ("rl", "reward", "reward in RL"),
    ("rl", "kl", "KL to the tuned model (nats)"),
    ("rl", "completions/mean_length", "answer length in RL (tokens)"),
)


def draw_curves(output: Path) -> Path | None:
    """Draw plots/loss.png from the logs of the phases; None when nothing was logged."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from trainer.phases.common import read_log

    curves = []
    for phase, key, title in PANELS:
        rows = read_log(output / "phases" / phase / "log.jsonl")
        trained, held_out = _series(rows, key), _series(rows, f"eval_{key}")
        if trained[0] or held_out[0]:
            curves.append((title, trained, held_out))
    if not curves:
        return None
    columns = min(3, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.1 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (title, trained, held_out) in zip(panels, curves, strict=False):
        panel.plot(*trained, color="#1f5a8a", linewidth=1.6, label="training")
        if held_out[0]:
            panel.plot(*held_out, color="#b3541e", linewidth=1.6, marker="o", markersize=4, label="held out")
            panel.legend(fontsize=8)
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("optimiser step", fontsize=9)
        panel.tick_params(labelsize=8)
        panel.grid(visible=True, alpha=0.3)
    for panel in panels[len(curves) :]:
        panel.set_visible(False)
    path = output / "plots" / "loss.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def _series(rows: list[dict[str, float]], key: str) -> tuple[list[float], list[float]]:
    """Steps and values of one figure."""
    found = [row for row in rows if key in row]
    return [row["step"] for row in found], [row[key] for row in found]
