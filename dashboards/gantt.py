"""The roadmap as bars over the months: contract in, Altair chart out. Enter at `roadmap`."""

from typing import Any

import altair as alt
import pandas as pd

from advisor.contracts.assessment import Assessment
from dashboards import format as fmt
from dashboards import tables, text
from dashboards.charts import AXIS_PX, FEASIBLE, INK, LOCALES
from dashboards.terms import Language
from dashboards.text import say

BAND_PX = 46
LABEL_PLACE, BAR_PLACE = 0.05, 0.75


def roadmap(result: Assessment, language: Language, *, dark: bool = False) -> alt.LayerChart | None:
    """One bar per step that takes time, each where the one before it ends; None when no step takes any."""
    rows = _rows(result, language)
    if not rows:
        return None
    order = [row["label"] for row in rows]
    base = alt.Chart(pd.DataFrame(rows))
    bars = base.mark_bar(size=14, cornerRadius=3, color=FEASIBLE).encode(
        y=_band(order, BAR_PLACE),
        x=alt.X(
            "begin:Q",
            title=say("roadmap_axis", language),
            scale=alt.Scale(zero=True),
            axis=alt.Axis(format=",.1f", tickCount=5, labelOverlap=True),
        ),
        x2="end:Q",
        tooltip=[
            alt.Tooltip("label:N", title=say("step", language)),
            alt.Tooltip("months:N", title=say("months", language)),
            alt.Tooltip("people:N", title=say("people", language)),
            alt.Tooltip("money:N", title=say("step_money", language)),
        ],
    )
    labels = base.mark_text(align="left", baseline="top", fontSize=13, dx=2, clip=True).encode(
        y=_band(order, LABEL_PLACE), x=alt.value(0), text="label:N", color=alt.value(INK[dark])
    )
    locale = alt.Locale(number=alt.NumberLocale(**LOCALES[language]))
    chart = bars + labels
    return chart.properties(height=BAND_PX * len(rows) + AXIS_PX).configure(locale=locale).configure_view(stroke=None)


def _rows(result: Assessment, language: Language) -> list[dict[str, Any]]:
    cells = tables.roadmap(result, language)
    rows: list[dict[str, Any]] = []
    begin = 0.0
    for step, cell in zip(text.advice(result, language).roadmap, cells, strict=True):
        if step.months <= 0:
            continue
        rows.append(
            {
                "label": f"{step.step}. {step.title}",
                "begin": begin,
                "end": begin + step.months,
                "months": fmt.number(step.months, language, 2),
                "people": cell[say("people", language)].replace(tables.BREAK, ", "),
                "money": cell[say("step_money", language)].replace(tables.BREAK, " "),
            }
        )
        begin += step.months
    return rows


def _band(order: list[str], place: float) -> alt.Y:
    scale = alt.Scale(type="band", padding=0)
    return alt.Y("label:N", sort=order, axis=None, scale=scale, bandPosition=place)
