"""A calibration as a picture: prior, data points and posterior of each entry; forecast against actual of each run.

Enter at `draw`. PNG, SVG or PDF by the name of the file; matplotlib is imported when a picture is wanted.
"""

from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from advisor.calibrate.text import figure
from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration, CalibrationEntry
from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.runs import ForecastRow
from advisor.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
PRIOR_COLOR, POSTERIOR_COLOR, DATA_COLOR, OUT_COLOR = "#9AA5B1", "#1F6F8B", "#1B2A3A", "#D1495B"
WIDTH_INCHES, ROW_INCHES, HEAD_INCHES = 12.0, 0.62, 1.2
LABEL_WIDTH, MOST_LINES = 52, 3
ON_ROW: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "fontsize": 7.5}
"""How a remark stands on a row."""


def check_plot(path: Path | None) -> None:
    """Refuse early what cannot be drawn.

    Raises:
        BadInput: a form that is not drawn.
        Failed: matplotlib is not installed.
    """
    if path is None:
        return
    if path.suffix.lower() not in FORMATS:
        raise BadInput(f"--plot {path}: unknown form {path.suffix!r}; known: {', '.join(FORMATS)}")
    if find_spec("matplotlib") is None:
        raise Failed("--plot needs matplotlib; install it with: pip install 'richtwert[calibration]'")


def draw(calibration: Calibration, path: Path) -> None:
    """Draw a calibration into a file."""
    import io

    from matplotlib.figure import Figure

    entries = [entry for entry in calibration.entries if entry.observations]
    rows = [(run.report_id, row) for run in calibration.forecasts for row in run.rows]
    heights = [max(1, len(entries)), *([max(1, len(rows))] if rows else [])]
    page = Figure(figsize=(WIDTH_INCHES, HEAD_INCHES * len(heights) + ROW_INCHES * sum(heights)), layout="constrained")
    panels = page.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _entries(panels[0], entries)
    panels[0].set_title(
        f"{calibration.id} version {calibration.version}: prior, data and posterior, each over its posterior's P50",
        loc="left",
        fontsize=10,
    )
    if rows:
        _forecasts(panels[1], rows)
        panels[1].set_title(
            "forecast (P5 to P95, bar at P50) and actual, over the forecast's P50", loc="left", fontsize=10
        )
    stream = io.BytesIO()
    page.savefig(stream, format=path.suffix.lower().removeprefix("."), dpi=110)
    write_bytes(path, stream.getvalue())


def _entries(axes: "Axes", entries: list[CalibrationEntry]) -> None:
    """A row an entry: values of any unit share one axis once they are divided by what was learnt."""
    for place, entry in enumerate(reversed(entries)):
        values = [item.value for item in entry.observations]
        middle = entry.posterior.p50 if entry.posterior is not None else sorted(values)[len(values) // 2]
        if middle <= 0:
            axes.annotate(f"measured {middle:g}: no place on a log axis", (0.02, place), **ON_ROW)
            continue
        if entry.prior is not None:
            _band(axes, entry.prior.value, middle, place + 0.18, PRIOR_COLOR)
        if entry.posterior is not None:
            _band(axes, entry.posterior, middle, place - 0.18, POSTERIOR_COLOR)
        for is_counted, color, marker in ((True, DATA_COLOR, "o"), (False, OUT_COLOR, "x")):
            shown = [item.value / middle for item in entry.observations if (item.state == "counted") is is_counted]
            axes.plot(shown, [place] * len(shown), marker, color=color, markersize=6, linestyle="none")
        axes.annotate(f"{figure(middle, entry.unit)} {entry.unit}", (1.005, place), **ON_ROW)
    axes.set_yticks(range(len(entries)), [_short(entry.key) for entry in reversed(entries)], fontsize=7.5)
    _frame(axes, len(entries))
    from matplotlib.lines import Line2D

    axes.legend(
        handles=[
            Line2D([], [], color=PRIOR_COLOR, linewidth=5, label="prior, P5 to P95"),
            Line2D([], [], color=POSTERIOR_COLOR, linewidth=5, label="posterior, P5 to P95"),
            Line2D([], [], color=DATA_COLOR, marker="o", linestyle="none", label="measured"),
            Line2D([], [], color=OUT_COLOR, marker="x", linestyle="none", label="not counted"),
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, -0.09 / max(1, len(entries)) * 6),
        ncols=4,
        fontsize=8,
        frameon=False,
    )


def _forecasts(axes: "Axes", rows: list[tuple[str, ForecastRow]]) -> None:
    for place, (_, row) in enumerate(reversed(rows)):
        middle = row.forecast_p50
        if not middle:
            continue
        if row.forecast_p5 is not None and row.forecast_p95 is not None:
            band = Interval(p5=row.forecast_p5, p50=middle, p95=row.forecast_p95)
            _band(axes, band, middle, place, PRIOR_COLOR)
        if row.actual is None:
            axes.annotate("actual not known", (1.005, place), **ON_ROW)
            continue
        if row.actual <= 0:
            axes.annotate(f"actual {row.actual:g}: no place on a log axis", (1.005, place), **ON_ROW)
            continue
        color = OUT_COLOR if row.inside is False else DATA_COLOR
        axes.plot([row.actual / middle], [place], "o", color=color, markersize=6)
    axes.set_yticks(
        range(len(rows)), [_short(f"{run}: {row.name}, {row.unit}") for run, row in reversed(rows)], fontsize=7.5
    )
    _frame(axes, len(rows))


def _band(axes: "Axes", value: Interval, middle: float, place: float, color: str) -> None:
    low, high = max(value.p5, 1e-3 * middle) / middle, value.p95 / middle
    axes.plot([low, high], [place, place], color=color, linewidth=5, solid_capstyle="butt")
    axes.plot([value.p50 / middle], [place], "|", color="black", markersize=10)


def _frame(axes: "Axes", count: int) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = axes.get_xlim()
    if high / low < 30:
        ticks = [
            tick for tick in (0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0) if low < tick < high
        ]
        axes.set_xticks(ticks or [1.0])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(1.0, color="#B8C4D0", linewidth=0.8, zorder=0)
    axes.set_ylim(-0.6, count - 0.4)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#EEF2F6", zorder=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _short(text: str) -> str:
    """Wrapped into a few lines."""
    return "\n".join(wrap(text, LABEL_WIDTH, max_lines=MOST_LINES, placeholder=" …"))
