"""The page of the comparison: in-house against others on the same questions. Enter at `show`."""

import streamlit as st

from advisor.client import NotFound
from advisor.contracts.baseline import BaselineReport
from dashboards import charts, source, tables, text
from dashboards import format as fmt
from dashboards.links import select
from dashboards.terms import Language
from dashboards.text import say

PAGE_ROWS = 400
"""Height of the table of answers, in pixels."""


def show(language: Language) -> None:
    """Draw the page."""
    st.title(say("comparison", language))
    with source.reading(language):
        report = _picked(language)
    if report is None:
        st.info(say("no_comparisons", language))
        return
    note = say(
        "comparison_note",
        language,
        items=report.items,
        task=text.task(report.task, language),
        suite=report.suite,
    )
    st.markdown(fmt.plain(note))
    if any(result.target.stand_in for result in report.results):
        st.warning(say("stand_in_note", language))
    _quality(report, language)
    st.subheader(say("differences", language))
    st.table(tables.differences(report, language), border="horizontal", hide_index=True)
    _answers(report, language)
    if report.warnings:
        st.subheader(say("warnings", language))
        st.warning("\n".join(f"- {fmt.plain(line)}" for line in report.warnings))


def _picked(language: Language) -> BaselineReport | None:
    """The comparison that the reader, or the address, names; the newest without a choice."""
    address = source.api_address()
    known = {
        summary.id: f"{summary.name} ({fmt.moment(summary.created_at, language)})"
        for summary in source.measurements(address)
        if summary.report == "baseline"
    }
    wanted = st.query_params.get("comparison")
    if wanted and wanted not in known:
        try:
            found = source.measurement(address, wanted)
        except NotFound:
            found = None
        if isinstance(found, BaselineReport):
            known = {wanted: found.suite} | known
        else:
            st.warning(say("no_such_comparison", language, id=fmt.plain(wanted)))
    if not known:
        return None
    chosen = select(say("pick_comparison", language), known, "comparison")
    report = source.measurement(address, chosen)
    return report if isinstance(report, BaselineReport) else None


def _quality(report: BaselineReport, language: Language) -> None:
    st.subheader(say("quality_chart", language))
    if any(result.scores for result in report.results):
        st.altair_chart(
            charts.quality_intervals(report, language, dark=st.context.theme.type == "dark"),
            width="stretch",
            alt=say("quality_alt", language),
        )
    st.subheader(say("side_by_side", language))
    st.table(tables.side_by_side(report, language), border="horizontal", hide_index=True)


def _answers(report: BaselineReport, language: Language) -> None:
    st.subheader(say("answers", language))
    only = st.toggle(say("only_different", language), key="only_different")
    everything = tables.answers(report, language, only_different=False)
    rows = tables.answers(report, language, only_different=only)
    st.caption(say("answers_shown", language, shown=len(rows), all=len(everything)))
    if rows:
        st.dataframe(rows, hide_index=True, width="stretch", height=min(PAGE_ROWS, 40 + 36 * len(rows)))
