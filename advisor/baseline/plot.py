"""The scores of a comparison with their intervals as a picture. Enter at `scores_svg`."""

import io
import re
from importlib.util import find_spec

from advisor.baseline.words import Language, number, say
from advisor.contracts.baseline import BaselineReport

COLOUR, ROW_INCHES, WIDTH_INCHES = "#1F6F8B", 0.45, 7.5


def scores_svg(report: BaselineReport, language: Language) -> str:
    """SVG to stand inside a page; a sentence instead where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        return say("no_plot", language)
    import matplotlib
    from matplotlib.figure import Figure

    shown = [
        (result.target.name, score)
        for result in reversed(report.results)
        for score in result.scores
        if score.name == result.primary
    ]
    figure = Figure(figsize=(WIDTH_INCHES, 1.1 + ROW_INCHES * len(shown)), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, score) in enumerate(shown):
        axes.plot([score.low, score.high], [place, place], color=COLOUR, linewidth=2, solid_capstyle="butt")
        axes.plot([score.value], [place], "o", color=COLOUR, markersize=7, clip_on=False)
        text = number(score.value, language, 2)
        axes.annotate(text, (score.value, place), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9)
    axes.set_yticks(range(len(shown)), [name for name, _ in shown])
    axes.set_ylim(-0.6, len(shown) - 0.3)
    axes.set_xlim(0, 1)
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    axes.set_xticks(ticks, [number(tick, language, 1) for tick in ticks])
    axes.set_xlabel(say("axis", language, metric=shown[0][1].name))
    axes.grid(visible=True, axis="x", alpha=0.3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": report.id, "svg.fonttype": "none"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    alt = say("caption", language)
    drawn = stream.getvalue()
    return re.sub(r"<svg ", f'<svg role="img" aria-label="{alt}" ', drawn[drawn.index("<svg ") :], count=1)
