"""Charts: contract in, Altair chart out. Nothing is calculated here but the place of a label.

Enter at `cost_intervals`, `cost_lines` and `quality_intervals`. Labels stand inside each band, above its mark, so
that long names need no axis and a phone shows them whole.
"""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import altair as alt
import pandas as pd

from advisor.contracts.assessment import Option
from advisor.contracts.baseline import BaselineReport
from advisor.phrases import LINES
from dashboards import format as fmt
from dashboards import text
from dashboards.terms import Language
from dashboards.text import say

BAND_PX, AXIS_PX, LEGEND_ROW_PX = 68, 64, 22
LABEL_PLACE, MARK_PLACE = 0.08, 0.74
"""Where label and mark stand in a band, 0 its top, 1 its bottom."""
LOG_FROM = 30.0
"""Ratio of largest to smallest figure from which a linear axis would hide the small ones."""
FEASIBLE, EXCLUDED = "#23809B", "#A87070"
INK = {False: "#31333F", True: "#FAFAFA"}
"""Colour of labels on a light and on a dark page."""
LINE_COLOURS = [
    "#1F7A93", "#4FA3C7", "#8CC4CB", "#E36414", "#FB8B24", "#9A031E", "#C9A227", "#5F8D4E",
    "#A3B18A", "#7B6D8D", "#B8A1C9", "#8D6A4F", "#C4A484", "#5C677D", "#A0A8B5", "#2B3A55",
    "#2E8B57", "#B5651D", "#D4A5A5", "#556B2F", "#76B39D", "#48639C", "#C06C84", "#D62246", "#6B4E71",
]  # fmt: skip
LOCALES: dict[Language, dict[str, Any]] = {
    "de": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " €"]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["$", ""]},
}


def cost_intervals(options: Sequence[Option], months: str, language: Language, *, dark: bool = False) -> alt.LayerChart:
    """Median and P5 to P95 of the total cost of each option, in order of rank."""
    currency = options[0].cost.currency
    rows: list[dict[str, Any]] = []
    for option in options:
        total = option.cost.total
        rows.append(
            {
                "id": option.id,
                "label": _label(option, language),
                "low": total.p5,
                "median": total.p50,
                "high": total.p95,
                "group": "feasible" if option.feasible else "excluded",
                "shown": f"{fmt.money(total.p50, currency, language)} ({fmt.money_range(total, currency, language)})",
            }
        )
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    logarithmic = low > 0 and high / low > LOG_FROM
    title = say("cost_axis", language, months=months, currency=currency)
    if logarithmic:
        axis = alt.X(
            title=title + say("log_scale", language),
            scale=alt.Scale(type="log", nice=False, domain=[low * 0.9, high * 1.1]),
            axis=alt.Axis(format=",.0f", values=_decades(low, high), labelOverlap=True),
        )
    else:
        axis = alt.X(
            title=title, scale=alt.Scale(zero=True), axis=alt.Axis(format=",.0f", tickCount=4, labelOverlap=True)
        )
    return _interval_chart(pd.DataFrame(rows), axis, language, dark=dark)


def quality_intervals(report: BaselineReport, language: Language, *, dark: bool = False) -> alt.LayerChart:
    """The primary score of each model with its 95 % interval."""
    rows: list[dict[str, Any]] = []
    for result in report.results:
        for score in result.scores:
            if score.name != result.primary:
                continue
            mark = f" ({say('stand_in', language)})" if result.target.stand_in else ""
            rows.append(
                {
                    "id": result.target.name,
                    "label": f"{result.target.name}\n{say('role_' + result.target.role, language)}{mark}",
                    "low": score.low,
                    "median": score.value,
                    "high": score.high,
                    "group": "excluded" if result.target.stand_in else "feasible",
                    "shown": fmt.share(score.value, language),
                    "metric": score.name,
                    "unit": score.unit,
                }
            )
    data = pd.DataFrame(rows)
    share = all(row["unit"] == "fraction" for row in rows)
    name = text.capital(text.metric(rows[0]["metric"], language))
    axis = alt.X(
        title=say("quality_axis", language, metric=name, items=report.items),
        scale=alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=True),
        axis=alt.Axis(format=".0%" if share else ",.0f", tickCount=5, labelOverlap=True),
    )
    return _interval_chart(data, axis, language, dark=dark)


def cost_lines(options: Sequence[Option], months: str, language: Language, *, dark: bool = False) -> alt.LayerChart:
    """Mean cost per cost line, stacked to the mean total of each option."""
    currency = options[0].cost.currency
    rows: list[dict[str, Any]] = [
        {
            "id": option.id,
            "line": text.line(line.name, language),
            "place": place,
            "mean": line.mean,
            "shown": fmt.money(line.mean, currency, language),
            "label": _label(option, language),
        }
        for option in options
        for place, line in enumerate(option.cost.lines)
        if line.mean > 0
    ]
    names = [text.line(name, language) for name in LINES[language]]
    colours = dict(zip(names, LINE_COLOURS, strict=True))
    present = list(dict.fromkeys(row["line"] for row in rows))
    data = pd.DataFrame(rows)
    band = alt.Y("id:N", sort=[option.id for option in options], axis=None, scale=alt.Scale(type="band", padding=0))
    base = alt.Chart(data)
    bars = base.mark_bar(size=16, yOffset=16).encode(
        y=band,
        x=alt.X(
            "mean:Q",
            stack="zero",
            title=say("lines_axis", language, months=months, currency=currency),
            axis=alt.Axis(format=",.0f", tickCount=4, labelOverlap=True),
        ),
        color=alt.Color(
            "line:N",
            scale=alt.Scale(domain=present, range=[colours.get(name, "#5C677D") for name in present]),
            legend=alt.Legend(title=None, orient="bottom", columns=2, labelLimit=220),
        ),
        order=alt.Order("place:Q"),
        tooltip=[
            alt.Tooltip("label:N", title=say("option", language)),
            alt.Tooltip("line:N", title=say("cost_line", language)),
            alt.Tooltip("shown:N", title=say("cost", language)),
        ],
    )
    labels = _labels(data.drop_duplicates("id"), band, dark=dark)
    return _finished(bars + labels, len(options), language, legend=1 + (len(present) + 1) // 2)


def _interval_chart(data: pd.DataFrame, axis: alt.X, language: Language, *, dark: bool) -> alt.LayerChart:
    """One band per row: its label, and below it a line from low to high with a dot at the median."""
    scale = alt.Scale(type="band", padding=0)
    order = list(data["id"])
    placed = alt.Y("id:N", sort=order, axis=None, scale=scale, bandPosition=MARK_PLACE)
    colour = alt.Color(
        "group:N", scale=alt.Scale(domain=["feasible", "excluded"], range=[FEASIBLE, EXCLUDED]), legend=None
    )
    tooltip = [
        alt.Tooltip("label:N", title=say("option", language)),
        alt.Tooltip("shown:N", title="P50 (P5 – P95)"),
    ]
    base = alt.Chart(data)
    rules = base.mark_rule(strokeWidth=4, opacity=0.55, strokeCap="round").encode(
        y=placed, x=_at("low", axis), x2="high:Q", color=colour, tooltip=tooltip
    )
    points = base.mark_point(size=120, strokeWidth=2.5, opacity=1).encode(
        y=placed,
        x=_at("median", axis),
        color=colour,
        fill=alt.condition("datum.group == 'feasible'", alt.value(FEASIBLE), alt.value("#FFFFFF")),
        tooltip=tooltip,
    )
    band = alt.Y("id:N", sort=order, axis=None, scale=scale)
    return _finished(rules + points + _labels(data, band, dark=dark), len(data), language)


def _at(column: str, axis: alt.X) -> alt.X:
    """The shared horizontal axis for one column."""
    placed = axis.copy(deep=False)
    placed.shorthand = f"{column}:Q"
    return placed


def _label(option: Option, language: Language) -> str:
    """Two lines: rank, kind and whether it is excluded; the model."""
    first, second = text.option_lines(option, language)
    excluded = "" if option.feasible else f" ({say('excluded_short', language)})"
    return f"{option.rank}. {first}{excluded}\n{second}".rstrip("\n")


def _decades(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten between two figures."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    return [step * 10.0**power for power in powers for step in (1, 2, 5) if low <= step * 10.0**power <= high]


def _labels(data: pd.DataFrame, band: alt.Y, *, dark: bool) -> alt.Chart:
    # Clipped: otherwise the longest name would shrink the drawing on a narrow page.
    place = band.bandPosition(LABEL_PLACE)
    return (
        alt.Chart(data)
        .mark_text(align="left", baseline="top", fontSize=13, dx=2, lineBreak="\n", lineHeight=17, clip=True)
        .encode(y=place, x=alt.value(0), text="label:N", color=alt.value(INK[dark]))
    )


def _finished(chart: alt.LayerChart, bands: int, language: Language, legend: int = 0) -> alt.LayerChart:
    locale = alt.Locale(number=alt.NumberLocale(**LOCALES[language]))
    # The height holds axis and legend too: Streamlit fits the whole drawing into it.
    height = BAND_PX * bands + AXIS_PX + LEGEND_ROW_PX * legend
    return chart.properties(height=height).configure(locale=locale).configure_view(stroke=None)
