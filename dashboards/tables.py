"""Tables: contract in, rows of finished text out, a column per key. Enter at `ranking` and below."""

from collections.abc import Iterator, Sequence

from advisor.contracts.advice import RoadmapStep
from advisor.contracts.assessment import Assessment, Assumption, Gate, Option
from advisor.contracts.base import Interval
from advisor.contracts.baseline import BaselineReport, ItemAnswer, TargetResult
from dashboards import format as fmt
from dashboards import text
from dashboards.terms import Language
from dashboards.text import say

Rows = list[dict[str, str]]
BREAK = "  \n"
"""A line break inside a cell, as Markdown has it."""


def ranking(result: Assessment, language: Language) -> Rows:
    """Every option in order of rank."""
    return [_ranked(option, language) for option in result.options]


def _ranked(option: Option, language: Language) -> dict[str, str]:
    cost = option.cost
    star = " *" if option.quality.origin == "measured" else ""
    score = option.quality.score_fraction
    return {
        say("rank", language): str(option.rank),
        say("option", language): _option_cell(option, language),
        say("cost", language): _two_lines(
            fmt.money(cost.total.p50, cost.currency, language), fmt.money_range(cost.total, cost.currency, language)
        ),
        say("per_1k", language): fmt.money(cost.per_1k_requests.p50, cost.currency, language),
        say("quality", language): _two_lines(fmt.share(score.p50, language) + star, fmt.share_range(score, language)),
        say("p_quality", language): fmt.share(option.p_meets_quality, language),
        say("p_budget", language): say("no_budget", language)
        if option.p_within_budget is None
        else fmt.share(option.p_within_budget, language),
        say("p_best_short", language): fmt.share(option.p_best, language) if option.feasible else "–",
        say("months_to_value", language): _two_lines(
            fmt.number(option.time_to_value_months.p50, language, 2),
            fmt.number_range(option.time_to_value_months, language, 2),
        ),
        say("state", language): fmt.plain(state(option, language)),
    }


def state(option: Option, language: Language) -> str:
    """Whether the gates let the option pass; which do not stands in a table of its own."""
    if not option.feasible:
        return say("excluded", language)
    unknown = any(gate.passed is None for gate in option.gates)
    return say("feasible_open" if unknown else "feasible", language)


def excluded(result: Assessment, language: Language) -> Rows:
    """Every excluded option with the gates that it fails, and every open question, with reasons."""
    rows = []
    for option in result.options:
        failed = [gate for gate in option.gates if gate.passed is False]
        if option.feasible or not failed:
            continue
        reasons = [f"**{_rule(gate, language)}**: {fmt.plain(_reason(gate, language))}" for gate in failed]
        rows.append(
            {say("option", language): _option_cell(option, language), say("reason", language): BREAK.join(reasons)}
        )
    return rows


def open_questions(result: Assessment, language: Language) -> Rows:
    """Gates of feasible options that nobody has answered yet."""
    rows = []
    for option in result.options:
        unknown = [gate for gate in option.gates if gate.passed is None]
        if option.feasible and unknown:
            reasons = [f"**{_rule(gate, language)}**: {fmt.plain(_reason(gate, language))}" for gate in unknown]
            rows.append(
                {
                    say("option", language): _option_cell(option, language),
                    say("question", language): BREAK.join(reasons),
                }
            )
    return rows


def energy(result: Assessment, language: Language) -> Rows:
    """Electricity and greenhouse gas of each option; the unknown is called so."""
    return [
        {
            say("option", language): _option_cell(option, language),
            say("electricity", language): fmt.quantity(option.energy.kwh, "kWh", language),
            say("it_energy", language): fmt.quantity(option.energy.it_kwh, "kWh", language),
            say("energy_parts", language): _energy_parts(option, language),
            say("co2_location", language): fmt.quantity(option.carbon.kg_co2e_location, "kg", language),
            say("co2_market", language): fmt.quantity(option.carbon.kg_co2e_market, "kg", language),
            say("co2_embodied", language): fmt.quantity(option.carbon.kg_co2e_embodied, "kg", language),
            say("sci", language): fmt.quantity(option.carbon.sci_g_per_request, "g", language),
            say("water", language): fmt.quantity(option.energy.water_l, "l", language),
            say("boundary", language): say(f"boundary_{option.energy.boundary}", language),
        }
        for option in result.options
    ]


def _energy_parts(option: Option, language: Language) -> str:
    """Training, serving and cooling in a cell; the word for not known where a provider runs the hardware."""
    parts = {
        "energy_training": option.energy.training_it_kwh,
        "energy_busy": option.energy.serving_busy_it_kwh,
        "energy_idle": option.energy.serving_idle_it_kwh,
    }
    if any(value is None for value in parts.values()):
        return say("unknown", language)
    shown = parts | {"energy_cooling": option.energy.cooling_kwh}
    return BREAK.join(
        f"{say(name, language)}: {fmt.number(value.p50, language)} kWh" for name, value in shown.items() if value
    )


def cost_lines(options: Sequence[Option], language: Language) -> Rows:
    """Mean of every cost line that any of the options has, a column per option."""
    rows = []
    names = {line.name: line.phase for option in options for line in option.cost.lines if line.mean > 0}
    for name, phase in names.items():
        row = {say("cost_line", language): text.line(name, language), say("phase", language): say(phase, language)}
        for option in options:
            amounts = [line.mean for line in option.cost.lines if line.name == name]
            shown = fmt.money(amounts[0], option.cost.currency, language) if amounts else "–"
            row[_column(option, language)] = shown
        rows.append(row)
    return rows


def assumptions(result: Assessment, language: Language) -> Rows:
    """Every input with value, origin, source and date."""
    return [
        {
            say("input", language): text.input_name(item.name, language),
            say("value", language): _value(item, language),
            say("unit", language): text.unit(item.unit, language),
            say("origin", language): say(f"origin_{item.origin}", language),
            say("source", language): item.source,
            say("as_of", language): item.as_of or "–",
        }
        for item in result.assumptions
    ]


def moved_inputs(result: Assessment, language: Language) -> Rows:
    """Inputs before and after the measurements."""
    moved = result.update.inputs if result.update is not None else ()
    shares = {item.name for item in result.assumptions if item.unit == "fraction"}
    return [
        {
            say("input", language): fmt.plain(text.input_name(item.name, language)),
            say("before", language): _spread(item.before, language, share=item.name in shares),
            say("after", language): _spread(item.after, language, share=item.name in shares),
            say("source", language): fmt.plain(item.source),
        }
        for item in moved
    ]


def moved_options(result: Assessment, language: Language) -> Rows:
    """Options whose place, quality or probability the measurements moved."""
    named = {option.id: option for option in result.options}
    rows = []
    for item in result.update.options if result.update is not None else ():
        same = (item.rank_before, item.quality_before, item.p_best_before, item.total_before) == (
            item.rank_after,
            item.quality_after,
            item.p_best_after,
            item.total_after,
        )
        if same or item.option_id not in named:
            continue
        currency = named[item.option_id].cost.currency
        pairs = {
            "rank": (str(item.rank_before), str(item.rank_after)),
            "quality": (fmt.share(item.quality_before.p50, language), fmt.share(item.quality_after.p50, language)),
            "p_best_short": (fmt.share(item.p_best_before, language), fmt.share(item.p_best_after, language)),
            "cost": (
                fmt.money(item.total_before.p50, currency, language),
                fmt.money(item.total_after.p50, currency, language),
            ),
        }
        row = {say("option", language): _option_cell(named[item.option_id], language)}
        rows.append(row | {say(key, language): _arrow(*pair) for key, pair in pairs.items()})
    return rows


def roadmap(result: Assessment, language: Language) -> Rows:
    """The ten steps for the recommended option, in the reader's language where there is a translation."""
    currency = result.options[0].cost.currency
    return [
        {
            say("step", language): f"{step.step}. {fmt.plain(step.title)}",
            say("months", language): _step_months(step, language),
            say("people", language): _step_people(step, language),
            say("step_money", language): _step_money(step, currency, language),
            say("what", language): fmt.plain(step.detail),
        }
        for step in text.advice(result, language).roadmap
    ]


def _step_months(step: RoadmapStep, language: Language) -> str:
    if step.cost_per == "month":
        return say("goes_on", language)
    return fmt.number(step.months, language, 2) if step.months else "–"


def _step_people(step: RoadmapStep, language: Language) -> str:
    parts = [f"{text.role(one.role, language)} {fmt.number(one.fte_months, language, 2)}" for one in step.people]
    return BREAK.join(parts) or "–"


def _step_money(step: RoadmapStep, currency: str, language: Language) -> str:
    """Mean and range, as an amount of the whole step or of a month; a dash where there is none, or none known."""
    if step.cost is None or step.cost.mean is None or step.cost.p95 == 0:
        return "–"
    mean = fmt.money(step.cost.mean, currency, language)
    if step.cost_per == "month":
        mean = say("a_month", language, amount=mean)
    return _two_lines(mean, fmt.money_range(step.cost, currency, language))


def side_by_side(report: BaselineReport, language: Language) -> Rows:
    """One row per model: quality, time, cost, energy."""
    return [_model_row(result, language) for result in report.results]


def _model_row(result: TargetResult, language: Language) -> dict[str, str]:
    target, latency = result.target, result.latency
    score = next((score for score in result.scores if score.name == result.primary), None)
    unknown = say("unknown", language)

    def pair(name: str) -> str:
        p50, p95 = (getattr(latency, f"{name}_{quantile}", None) for quantile in ("p50", "p95"))
        if p50 is None:
            return unknown
        return _two_lines(fmt.number(p50, language), "" if p95 is None else f"P95 {fmt.number(p95, language)}")

    stand_in = f" **({say('stand_in', language)})**" if target.stand_in else ""
    quality = unknown
    if score is not None:
        shown = fmt.share if score.unit == "fraction" else fmt.number
        quality = _two_lines(
            f"{shown(score.value, language)} {text.metric(score.name, language)}",
            f"{shown(score.low, language)} {fmt.DASH} {shown(score.high, language)}",
        )
    return {
        say("model", language): _two_lines(f"{fmt.plain(target.name)}{stand_in}", fmt.plain(target.model)),
        say("role", language): say(f"role_{target.role}", language),
        say("quality", language): quality,
        say("answers_count", language): _two_lines(str(result.answered), _trouble(result, language)),
        say("ttft", language): pair("ttft_ms"),
        say("tpot", language): pair("tpot_ms"),
        say("total_time", language): pair("total_ms"),
        say("cost_usd", language): _two_lines(
            unknown if result.cost_usd is None else fmt.number(result.cost_usd, language), fmt.plain(result.cost_note)
        ),
        say("joules", language): _two_lines(
            fmt.quantity(result.energy_j_per_request, "J", language), fmt.plain(result.energy_note)
        ),
    }


def _trouble(result: TargetResult, language: Language) -> str:
    counts = {"errors_count": result.errors, "refused_count": result.refused}
    return ", ".join(say(key, language, count=count) for key, count in counts.items() if count)


def differences(report: BaselineReport, language: Language) -> Rows:
    """Every pair of models, with the verdict in words."""
    shares = all(score.unit == "fraction" for result in report.results for score in result.scores)
    rows = []
    for item in report.differences:
        better = {"first_better": item.first, "second_better": item.second}.get(item.verdict)
        shown = fmt.points if shares else fmt.number
        rows.append(
            {
                say("comparison", language): fmt.plain(say("versus", language, first=item.first, second=item.second)),
                say("difference_points" if shares else "difference", language): shown(item.difference, language),
                say("interval_95", language): f"{shown(item.low, language)} … {shown(item.high, language)}",
                say("p_value", language): say("not_applicable", language)
                if item.p_value is None
                else fmt.number(item.p_value, language, 2),
                say("verdict", language): fmt.plain(say("verdict_better", language, name=better))
                if better
                else say("verdict_undecided", language),
            }
        )
    return rows


def answers(report: BaselineReport, language: Language, *, only_different: bool) -> Rows:
    """One row per item, a column per model; plain text, for a table that reads no Markdown."""
    by_item: dict[str, dict[str, ItemAnswer]] = {}
    for answer in report.answers:
        by_item.setdefault(answer.item_id, {})[answer.target] = answer
    rows = []
    for item, given in by_item.items():
        if only_different and len({answer.correct for answer in given.values()}) < 2:
            continue
        row = {say("item", language): item}
        for result in report.results:
            found = given.get(result.target.name)
            row[result.target.name] = say("no_answer", language) if found is None else _answer(found, language)
        rows.append(row)
    return rows


def _answer(given: ItemAnswer, language: Language) -> str:
    if given.answer is None:
        return say("no_answer", language) + (f": {given.error}" if given.error else "")
    if given.correct is None:
        return f"{say('not_scored', language)}: {given.answer}"
    verdict = f"✓ {say('right', language)}" if given.correct else f"✗ {say('wrong', language)}"
    return f"{verdict}: {given.answer}"


def _value(item: Assumption, language: Language) -> str:
    value = item.value
    share = item.unit == "fraction"
    if value is None:
        return say("unknown", language)
    if isinstance(value, str):
        return value
    if isinstance(value, Interval):
        return _spread(value, language, share=share)
    return fmt.share(value, language) if share else fmt.number(value, language)


def _spread(value: Interval, language: Language, *, share: bool) -> str:
    if share:
        return f"{fmt.share(value.p50, language)} ({fmt.share_range(value, language)})"
    return f"{fmt.number(value.p50, language)} ({fmt.number_range(value, language)})"


def _reason(gate: Gate, language: Language) -> str:
    """The sentence in the reader's language; records of older versions carry English alone."""
    return next((each.text for each in gate.translations if each.language == language), gate.reason)


def _rule(gate: Gate, language: Language) -> str:
    return text.capital(text.rule(gate.rule, language))


def _option_cell(option: Option, language: Language) -> str:
    first, second = text.option_lines(option, language)
    return _two_lines(fmt.plain(first), fmt.plain(second)) if second else fmt.plain(first)


def _column(option: Option, language: Language) -> str:
    return f"{option.rank}. {fmt.plain(text.option_title(option, language))}"


def _two_lines(first: str, second: str) -> str:
    return f"{first}{BREAK}{second}" if second else first


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def warnings(result: Assessment, language: Language) -> Iterator[str]:
    """What the reader must know, as Markdown."""
    from dashboards import terms

    for item in result.warnings:
        code, _, rule = item.code.partition(".")
        message = next((each.text for each in item.translations if each.language == language), item.message)
        if code == "open_question" and rule:
            yield say("open_question", language, rule=text.rule(rule, language), message=fmt.plain(message))
            continue
        translated = terms.term(terms.WARNINGS, item.code, language) if language == "de" else None
        yield translated or fmt.plain(message)
