"""The page of the decision: one assessment, from the headline down to every assumption. Enter at `show`."""

from typing import Literal

import streamlit as st

from advisor.client import NotFound
from advisor.contracts.assessment import Assessment
from advisor.contracts.service import AssessmentSummary
from advisor.staged_text import HEADINGS, pruned_lines, staged_lines
from dashboards import charts, gantt, gate_tables, source, tables, text
from dashboards import format as fmt
from dashboards.links import select
from dashboards.terms import Language
from dashboards.text import say

COLOURS: dict[str, Literal["green", "blue", "orange"]] = {"clear": "green", "likely": "blue", "open": "orange"}
SHOWN_LINES = 4
"""Options in the chart of cost lines before the reader chooses others."""


def show(language: Language) -> None:
    """Draw the page."""
    st.title(say("decision", language))
    with source.reading(language):
        result = _picked(language)
    if result is None:
        st.info(say("no_assessments", language))
        return
    _headline(result, language)
    _reasons(result, language)
    _ranking(result, language)
    _cost(result, language)
    _gates(result, language)
    _energy(result, language)
    _update(result, language)
    _background(result, language)


def _picked(language: Language) -> Assessment | None:
    """The assessment that the reader, or the address, names; the newest without a choice."""
    address = source.api_address()
    known = {summary.id: _label(summary, language) for summary in source.assessments(address)}
    wanted = st.query_params.get("assessment")
    if wanted and wanted not in known:
        try:
            known = {wanted: source.assessment(address, wanted).case.name} | known
        except NotFound:
            st.warning(say("no_such", language, id=fmt.plain(wanted)))
    if not known:
        return None
    chosen = select(say("pick_assessment", language), known, "assessment")
    return source.assessment(address, chosen)


def _label(summary: AssessmentSummary, language: Language) -> str:
    measured = f", {say('measured_mark', language)}" if summary.measured else ""
    return f"{summary.case_name} ({fmt.moment(summary.created_at, language)}{measured})"


def _headline(result: Assessment, language: Language) -> None:
    best, advice = result.options[0], result.recommendation
    words = text.advice(result, language)
    with st.container(border=True):
        st.subheader(say("advice", language))
        if advice.verdict == "none":
            st.badge(say("nothing_feasible", language), color="red")
        else:
            word = text.confidence(advice.confidence, language)
            st.badge(say("confidence", language, word=word), color=COLOURS[advice.confidence])
            if words.confidence_reason:
                st.caption(fmt.plain(text.capital(words.confidence_reason)))
        st.markdown(f"**{fmt.plain(words.headline)}**")
        months = _horizon(result)
        cost, quality, time = best.cost, best.quality, best.time_to_value_months
        floor = fmt.share(quality.floor_fraction, language)
        figures = (
            (
                say("cost_over", language, months=months),
                fmt.money(cost.total.p50, cost.currency, language),
                fmt.money_range(cost.total, cost.currency, language),
                say("range_note", language),
            ),
            (
                say("quality", language),
                fmt.share(quality.score_fraction.p50, language),
                fmt.share_range(quality.score_fraction, language),
                say("quality_help", language, metric=text.metric(quality.metric, language), floor=floor),
            ),
            (
                say("months_to_value", language),
                fmt.number(time.p50, language, 2),
                fmt.number_range(time, language, 2),
                say("range_note", language),
            ),
            (say("p_best", language), fmt.share(best.p_best, language), "", say("p_best_help", language)),
        )
        for column, (label, value, spread, note) in zip(st.columns(len(figures)), figures, strict=True):
            with column:
                st.metric(label, value, delta=spread or None, delta_color="off", delta_arrow="off", help=note)


def _reasons(result: Assessment, language: Language) -> None:
    words = text.advice(result, language)
    shown = {"reasons": words.reasons, "changes": words.what_would_change_it}
    if words.measure_first:
        shown["measure_first"] = words.measure_first
    for column, (heading, lines) in zip(st.columns(len(shown)), shown.items(), strict=True):
        with column:
            st.markdown(f"##### {say(heading, language)}")
            st.markdown("\n".join(f"- {fmt.plain(line)}" for line in lines) or say("none", language))


def _ranking(result: Assessment, language: Language) -> None:
    best = result.options[0]
    st.subheader(say("ranking", language))
    note = say(
        "ranking_note",
        language,
        currency=best.cost.currency,
        months=_horizon(result),
        floor=fmt.share(best.quality.floor_fraction, language),
    )
    st.caption(fmt.plain(note))
    _table(tables.ranking(result, language))
    staged = staged_lines(result, language)
    if staged:
        st.markdown(f"##### {HEADINGS[language]['staged']}")
        st.markdown("\n".join(f"- {fmt.plain(line)}" for line in staged))
    if result.pruned:
        with st.expander(HEADINGS[language]["pruned"]):
            st.markdown("\n".join(f"- {fmt.plain(line)}" for line in pruned_lines(result, language)))


def _cost(result: Assessment, language: Language) -> None:
    months = _horizon(result)
    st.subheader(say("cost_chart", language))
    st.caption(say("cost_chart_note", language))
    st.altair_chart(
        charts.cost_intervals(result.options, months, language, dark=_dark()),
        width="stretch",
        alt=say("cost_chart_alt", language),
    )
    st.subheader(say("lines_chart", language))
    st.caption(say("lines_note", language))
    titles = {option.id: f"{option.rank}. {text.option_title(option, language)}" for option in result.options}
    chosen = st.multiselect(
        say("lines_pick", language),
        list(titles),
        default=list(titles)[:SHOWN_LINES],
        format_func=titles.__getitem__,
        key=f"lines-{result.id}",
    )
    options = [option for option in result.options if option.id in chosen]
    if options:
        st.altair_chart(
            charts.cost_lines(options, months, language, dark=_dark()), width="stretch", alt=say("lines_alt", language)
        )
        with st.expander(say("lines_table", language)):
            _table(tables.cost_lines(options, language))


def _gates(result: Assessment, language: Language) -> None:
    nearest = gate_tables.relaxations(result, language)
    if nearest:
        st.subheader(say("relax", language))
        _table(nearest)
    st.subheader(say("gates", language))
    excluded, questions = tables.excluded(result, language), tables.open_questions(result, language)
    if not excluded:
        st.markdown(say("gates_none", language))
    _table(excluded)
    if questions:
        with st.expander(say("open_questions", language)):
            _table(questions)


def _energy(result: Assessment, language: Language) -> None:
    st.subheader(say("energy", language))
    st.caption(say("energy_note", language, months=_horizon(result)))
    _table(tables.energy(result, language))


def _update(result: Assessment, language: Language) -> None:
    st.subheader(say("update", language))
    update = result.update
    if update is None:
        st.markdown(say("update_none", language))
        return
    titles = {option.id: text.option_title(option, language) for option in result.options}
    before, after = (
        fmt.plain(titles.get(identity, identity)) for identity in (update.recommended_before, update.recommended_after)
    )
    if update.recommended_before == update.recommended_after:
        st.info(say("kept", language, after=after))
    else:
        st.success(say("changed", language, before=before, after=after))
    if update.files:
        st.caption(say("from_files", language, files=fmt.plain(", ".join(update.files))))
    _table(tables.moved_inputs(result, language))
    _table(tables.moved_options(result, language))


def _background(result: Assessment, language: Language) -> None:
    if result.warnings:
        st.subheader(say("warnings", language))
        st.warning("\n".join(f"- {line}" for line in tables.warnings(result, language)))
    with st.expander(say("risks", language)):
        _table(gate_tables.risks(result, language))
    _roadmap(result, language)
    with st.expander(say("assumptions", language)):
        given = sum(item.origin in ("given", "measured") for item in result.assumptions)
        st.caption(say("assumptions_note", language, count=len(result.assumptions), given=given))
        _english(language)
        st.dataframe(tables.assumptions(result, language), hide_index=True, width="stretch")
    footer = say(
        "footer",
        language,
        draws=fmt.number(result.draws, language, 6),
        seed=result.seed,
        catalog=result.catalog_version,
        version=result.richtwert_version,
        id=result.id,
    )
    st.caption(fmt.plain(footer))


def _roadmap(result: Assessment, language: Language) -> None:
    st.subheader(say("roadmap", language))
    st.caption(say("roadmap_note", language))
    chart = gantt.roadmap(result, language, dark=_dark())
    if chart is not None:
        st.altair_chart(chart, width="stretch", alt=say("roadmap_alt", language))
    with st.expander(say("roadmap_table", language)):
        _table(tables.roadmap(result, language))


def _horizon(result: Assessment) -> str:
    """Months of the horizon, as the case or the list of inputs states them."""
    given = result.case.budget.horizon_months
    if given is not None:
        return str(given)
    found = [item.value for item in result.assumptions if item.name == "horizon_months"]
    return f"{found[0]:.0f}" if found and isinstance(found[0], float | int) else "?"


def _dark() -> bool:
    return st.context.theme.type == "dark"


def _english(language: Language) -> None:
    note = say("english_note", language)
    if note:
        st.caption(note)


def _table(rows: tables.Rows) -> None:
    if rows:
        # A cell is Markdown: without the escape ">99 %" would be drawn as a quotation.
        shown = [{name: text.replace(">", "\\>") for name, text in row.items()} for row in rows]
        st.table(shown, border="horizontal", hide_index=True)
