"""The Assessment as a PDF that a manager takes into a meeting: headline, reasons, options, charts, sources.

Enter at `pdf_bytes`. The same assessment gives the same bytes; nothing is calculated here but the payments of
`schedule`.
"""

import re
from itertools import accumulate

from advisor.contracts.assessment import Assessment, Option, SensitivityRow
from advisor.contracts.base import Interval
from advisor.exports import pdf_charts, pdf_plan
from advisor.exports.pdf_charts import Bar, Curve
from advisor.exports.pdf_page import Paper
from advisor.exports.schedule import Plan, plan_of, schedule_of
from advisor.exports.words import (
    WORDS,
    advice_in,
    confidence_text,
    figure,
    gate_text,
    nothing_text,
    risk_texts,
    rule_name,
    sign,
    source_text,
    warning_text,
)
from advisor.measures import input_label
from advisor.phrases import Language, number, share, title

CURVES = 5
"""Options whose cash flow is drawn: the best-ranked, and the status quo."""
CHARTED = 12
TOP_INPUTS = 8
VISIBLE_FRACTION = 0.01
"""Bars below this share of the longest are not drawn."""


def pdf_bytes(result: Assessment, language: Language) -> bytes:
    """The report."""
    say, plan = WORDS[language], plan_of(result)
    words = {
        "catalog": result.catalog_version,
        "seed": result.seed,
        "draws": number(result.draws, language, len(str(result.draws))),
    }
    paper = Paper(
        title=f"{result.case.name}: {say['title']}",
        author=f"Richtwert {result.richtwert_version}",
        foot=say["footer"].format(id=result.id, **words),
        page=say["page"],
    )
    _opening(paper, result, plan, language)
    _options(paper, result, plan, language)
    _charts(paper, result, plan, language)
    _gates(paper, result, language)
    _risks(paper, result, language)
    pdf_plan.staged_paths(paper, result, language)
    pdf_plan.roadmap(paper, result, language)
    pdf_plan.measure_first(paper, result, language)
    _assumptions(paper, result, language)
    if result.warnings:
        paper.heading(say["warnings"])
        paper.bullets(list(dict.fromkeys(warning_text(row, language) for row in result.warnings)))
    paper.text(say["no_advice"], 8)
    return paper.bytes()


def _money_sign(result: Assessment) -> str:
    return sign(result.options[0].cost.currency)


def _said(text: str, result: Assessment) -> str:
    """A sentence with the currency's sign instead of its code."""
    currency = result.options[0].cost.currency
    return re.sub(rf"(?<=\d)\s{currency}\b", "\N{NO-BREAK SPACE}" + sign(currency), text)


def _thousand(language: Language) -> pdf_charts.Text:
    return lambda value: figure(value / 1e3, language, 3)


def _opening(paper: Paper, result: Assessment, plan: Plan, language: Language) -> None:
    say, advice = WORDS[language], advice_in(result, language)
    paper.text(say["title"], 9, after=1)
    paper.text(result.case.name, 17, bold=True, after=2)
    month = plan.first_day.strftime("%Y-%m")
    paper.text(say["decision"].format(case=result.case.use_case.domain or result.id, months=plan.horizon_months,
                                      month=month), 8, after=6)  # fmt: skip
    confidence = confidence_text(result, language)
    paper.box([f"{say['advice']}: {_said(advice.headline, result)}", f"{say['confidence']}: {confidence}"])
    nothing = nothing_text(result, language)
    if nothing:
        paper.text(_said(nothing, result), 10, bold=True)
    paper.heading(say["reasons"])
    paper.bullets([_said(text, result) for text in advice.reasons])
    if advice.what_would_change_it:
        paper.heading(say["changes"])
        paper.bullets([_said(text, result) for text in advice.what_would_change_it])


def _options(paper: Paper, result: Assessment, plan: Plan, language: Language) -> None:
    say, unit = WORDS[language], _money_sign(result)
    paper.heading(say["options"])
    keys = (
        "rank",
        "option",
        "cost",
        "range",
        "p_best",
        "p_quality",
        "p_budget",
        "quality",
        "regret",
        "months",
        "gates",
    )
    rows = [_option_row(option, language) for option in result.options]
    numbers = range(len(rows))
    paper.table(
        [say[key].format(sign=unit) for key in keys],
        rows,
        (3.5, 23, 7, 10.5, 6.5, 7.5, 7, 7, 7.5, 7, 14),
        size=7,
        strong=[n for n in numbers if result.options[n].id == result.recommendation.option_id],
        dim=[n for n in numbers if not result.options[n].feasible],
    )
    floor = share(result.options[0].quality.floor_fraction, language)
    paper.text(say["legend"].format(floor=floor, months=plan.horizon_months), 7)


def _option_row(option: Option, language: Language) -> list[str]:
    total, quality = option.cost.total, option.quality.score_fraction
    budget, regret = option.p_within_budget, option.expected_regret
    return [
        str(option.rank),
        title(option, language),
        number(total.p50 / 1e3, language),
        f"{number(total.p5 / 1e3, language)} – {number(total.p95 / 1e3, language)}",
        share(option.p_best, language) if option.feasible else "–",
        share(option.p_meets_quality, language),
        "–" if budget is None else share(budget, language),
        share(quality.p50, language),
        "–" if regret is None else number(regret / 1e3, language),
        number(option.time_to_value_months.p50, language, 2),
        _gate_summary(option, language),
    ]


def _gate_summary(option: Option, language: Language) -> str:
    say = WORDS[language]
    failed = [rule_name(gate, language) for gate in option.gates if gate.passed is False]
    if failed:
        return say["fails"].format(rules=", ".join(failed))
    unanswered = [say["open"].format(rule=rule_name(gate, language)) for gate in option.gates if gate.passed is None]
    return ", ".join([say["passes"], *unanswered])


def _charts(paper: Paper, result: Assessment, plan: Plan, language: Language) -> None:
    say, unit, text = WORDS[language], _money_sign(result), _thousand(language)
    shown = result.options[:CHARTED]
    labels = [f"{option.rank}. {title(option, language)}" for option in shown]
    rows = [Bar(label, option.cost.total, option.feasible) for label, option in zip(labels, shown, strict=True)]
    drawing, is_log = pdf_charts.intervals(rows, text)
    paper.heading(say["chart_log" if is_log else "chart_cost"].format(sign=unit, months=plan.horizon_months))
    paper.story.append(drawing)
    feasible = [Bar(label, option.p_best) for label, option in zip(labels, shown, strict=True) if option.feasible]
    if feasible:
        paper.heading(say["chart_best"])
        paper.story.append(pdf_charts.bars(feasible, lambda value: share(value, language)))
    paper.heading(say["chart_flow"].format(sign=unit))
    paper.story.append(pdf_charts.curves([_curve(option, plan, language) for option in _drawn(result)], text))
    is_simulated = getattr(result.options[0], "cash_flow", None) is not None
    paper.text(say["flow_note_simulated" if is_simulated else "flow_note"], 7)
    moving = _moving(result)
    if moving:
        paper.heading(say["chart_tornado"].format(sign=unit))
        names = [input_label(row.input, language) for row in moving]
        bars = [
            (name if names.count(name) == 1 else f"{name} ({row.input})", row.low_effect, row.high_effect)
            for name, row in zip(names, moving, strict=True)
        ]
        paper.story.append(pdf_charts.tornado(bars, text))
        paper.text(say["tornado_note"], 7)


def _moving(result: Assessment) -> list[SensitivityRow]:
    """The inputs that move the difference by a visible bar."""
    reach = max((max(abs(row.low_effect), abs(row.high_effect)) for row in result.sensitivity), default=0.0)
    visible = [
        row for row in result.sensitivity if max(abs(row.low_effect), abs(row.high_effect)) > VISIBLE_FRACTION * reach
    ]
    return visible[:TOP_INPUTS]


def _drawn(result: Assessment) -> list[Option]:
    """The best-ranked options that pass the gates (all kinds where none does), and the recommended one."""
    feasible = [option for option in result.options if option.feasible and option.kind != "status_quo"]
    chosen = (feasible or list(result.options))[:CURVES]
    best = [option for option in result.options if option.id == result.recommendation.option_id]
    return chosen if best[0] in chosen else [*best, *chosen[: CURVES - 1]]


def _curve(option: Option, plan: Plan, language: Language) -> Curve:
    """Simulated payments where the option carries them, else its cost lines laid on the months."""
    flow = getattr(option, "cash_flow", None)
    if flow is not None:
        months = [float(month.mean) for month in flow.months]
    else:
        lines = schedule_of(option, plan)
        months = [sum(line.nominal[month] for line in lines) for month in range(plan.horizon_months + 1)]
    return Curve(f"{option.rank}. {title(option, language)}", list(accumulate(months)))


def _gates(paper: Paper, result: Assessment, language: Language) -> None:
    say = WORDS[language]
    state = {False: say["failed"], None: say["unknown"]}
    rows = [
        [str(option.rank), title(option, language), rule_name(gate, language), state[gate.passed],
         gate_text(gate, language)]
        for option in result.options
        for gate in option.gates
        if gate.passed is not True
    ]  # fmt: skip
    if not rows:
        return
    paper.heading(say["gates_heading"])
    paper.text(say["gates_note"], 8)
    titles, shares = [say[key] for key in ("rank", "option", "rule", "state", "reason")], [4, 30, 15, 9, 42]
    _table_without_empty_columns(paper, titles, rows, shares)


def _risks(paper: Paper, result: Assessment, language: Language) -> None:
    say = WORDS[language]
    best = next(option for option in result.options if option.id == result.recommendation.option_id)
    rows = []
    for risk in best.risks:
        name, reason, mitigation = risk_texts(risk, language)
        rows.append([name, number(risk.score_0_10, language, 2), reason, mitigation])
    if rows:
        paper.heading(say["risks"])
        titles = [say[key] for key in ("risk", "score", "reason", "mitigation")]
        _table_without_empty_columns(paper, titles, rows, [16, 9, 35, 40])


def _assumptions(paper: Paper, result: Assessment, language: Language) -> None:
    say = WORDS[language]
    rows = []
    for item in result.assumptions:
        value = item.value
        if isinstance(value, Interval):
            span = f"{figure(value.p5, language)} – {figure(value.p95, language)}"
            shown = f"{figure(value.p50, language)} ({span})"
        else:
            shown = figure(value, language) if isinstance(value, float) else str(value or "–")
        rows.append(
            [item.name, shown, item.unit, say[item.origin], source_text(item.source, language), item.as_of or ""]
        )
    paper.heading(say["assumptions"])
    titles = [say[key] for key in ("input", "value", "unit", "origin", "source", "as_of")]
    paper.table(titles, rows, (24, 15, 9, 8, 38, 6), size=6.5)


def _table_without_empty_columns(paper: Paper, titles: list[str], rows: list[list[str]], shares: list[float]) -> None:
    """A table less the columns in which nothing stands in the reader's language."""
    kept = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    body = [[row[column] for column in kept] for row in rows]
    paper.table([titles[column] for column in kept], body, [shares[column] for column in kept])
