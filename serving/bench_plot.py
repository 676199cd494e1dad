"""The loads of a bench in one picture: tokens per second, and the times that a client waits.

Enter at `draw_loads`; needs no display.
"""

from collections.abc import Sequence
from pathlib import Path

from advisor.contracts.errors import Failed
from serving.load import BenchReport

COLOURS = ("#1f5a8a", "#b5541c")


def draw_loads(loads: Sequence[BenchReport], path: Path) -> None:
    """Draw the loads in their order; P50 as a line, up to P95 as a band.

    Raises:
        Failed: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise Failed("--plot needs matplotlib; install it with: pip install 'richtwert[serving]'") from error

    names = [f"{load.concurrency}" if load.concurrency else f"{load.offered_requests_per_s:g}/s" for load in loads]
    places = range(len(loads))
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    rate, first, between = figure.subplots(1, 3)
    rate.bar(places, [load.output_tokens_per_s for load in loads], color=COLOURS[0])
    rate.set_title("output tokens per second", fontsize=10)
    for panel, key, title in (
        (first, "ttft_ms", "time to first token, ms"),
        (between, "tpot_ms", "time per token, ms"),
    ):
        found = [(place, getattr(load, key)) for place, load in zip(places, loads, strict=True)]
        known = [(place, values) for place, values in found if values is not None]
        xs = [place for place, _ in known]
        middle, slow = [values.p50 for _, values in known], [values.p95 for _, values in known]
        panel.plot(xs, middle, marker="o", color=COLOURS[0], label="P50")
        panel.plot(xs, slow, marker="^", linestyle="--", color=COLOURS[1], label="P95")
        panel.fill_between(xs, middle, slow, color=COLOURS[1], alpha=0.15)
        panel.set_title(title, fontsize=10)
        panel.set_ylim(bottom=0)
        panel.legend(fontsize=8, frameon=False)
    for panel in (rate, first, between):
        panel.set_xticks(list(places), names, fontsize=8)
        panel.set_xlabel("requests at once, or arrivals per second", fontsize=9)
        panel.grid(visible=True, alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
