"""The run's curves: loss, reward, KL and answer length of all phases in one picture.

Enter at `draw_curves`; it reads the phases' log.jsonl and needs no display.
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
        rows = [row for row in read_log(output / "phases" / phase / "log.jsonl") if key in row]
        if rows:
            curves.append((title, [row["step"] for row in rows], [row[key] for row in rows]))
    if not curves:
        return None
    columns = min(3, len(curves))
    lines = -(-len(curves) // columns)
    figure = Figure(figsize=(4.2 * columns, 3.1 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (title, steps, values) in zip(panels, curves, strict=False):
        panel.plot(steps, values, color="#1f5a8a", linewidth=1.6)
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
