"""What to do, in the PDF report: staged paths, the roadmap with people and money, what to measure first.

Enter at `staged_paths`, `roadmap` and `measure_first`. A record of an older version carries less; what it lacks is
left out.
"""

from typing import Any

from advisor.contracts.assessment import Assessment
from advisor.exports.pdf_page import Paper
from advisor.exports.words import ROLES, WORDS, advice_in, figure, sign
from advisor.measures import input_label, suggested_measurement
from advisor.phrases import Language, number, share, title


def staged_paths(paper: Paper, result: Assessment, language: Language) -> None:
    """Paths that begin with one option and change over to another, where the record has any."""
    paths = getattr(result, "staged", ())
    if not paths:
        return
    say, unit = WORDS[language], sign(result.options[0].cost.currency)
    names = {option.id: title(option, language) for option in result.options}
    rows = [
        [
            f"{names.get(path.pilot_option_id, path.pilot_option_id)} → "
            f"{names.get(path.target_option_id, path.target_option_id)}",
            f"{path.decision_date} ({figure(path.pilot_months, language)})",
            _trigger(path, language),
            share(path.p_triggered, language),
            number(path.total.p50 / 1e3, language),
            number(path.saving_over_best / 1e3, language),
        ]
        for path in paths
    ]
    paper.heading(say["staged"])
    keys = ("path", "decide", "trigger", "p_trigger", "cost", "saving")
    paper.table([say[key].format(sign=unit) for key in keys], rows, (38, 11, 24, 8, 9, 10))


def roadmap(paper: Paper, result: Assessment, language: Language) -> None:
    """The steps with months, and with people and money where the record has them."""
    say, steps = WORDS[language], advice_in(result, language).roadmap
    if not steps:
        return
    titles = [say["step"], "", say["duration"], say["people"], say["money"], say["detail"]]
    rows = [
        [str(step.step), step.title, figure(step.months, language, 2), _people(step, language),
         _money(step, language), step.detail]
        for step in steps
    ]  # fmt: skip
    shares = (6.0, 22.0, 8.0, 24.0, 11.0, 40.0)
    kept = [column for column in range(len(titles)) if any(row[column] for row in rows)]
    paper.heading(say["roadmap"])
    unit = sign(result.options[0].cost.currency)
    paper.table(
        [titles[column].format(sign=unit) for column in kept],
        [[row[column] for column in kept] for row in rows],
        [shares[column] for column in kept],
    )


def measure_first(paper: Paper, result: Assessment, language: Language) -> None:
    """Inputs by the worth of knowing them; one row for inputs that one measurement tells."""
    say = WORDS[language]
    rows: dict[str, tuple[float, str]] = {}
    for row in result.value_of_information:
        label = input_label(row.input, language)
        if row.evppi > rows.get(label, (0.0, ""))[0]:
            rows[label] = (row.evppi, suggested_measurement(row.input, language))
    if rows:
        paper.heading(say["measure"])
        titles = [say["input"], say["worth"].format(sign=sign(result.options[0].cost.currency)), say["measurement"]]
        cells = [[label, number(worth, language), how] for label, (worth, how) in rows.items()]
        paper.table(titles, cells, (35, 15, 50))


def _trigger(path: Any, language: Language) -> str:
    say = WORDS[language]
    found = []
    if path.trigger_requests_per_month is not None:
        found.append(say["above_volume"].format(value=number(path.trigger_requests_per_month, language)))
    if path.trigger_quality_fraction is not None:
        found.append(say["below_quality"].format(value=share(path.trigger_quality_fraction, language)))
    return "; ".join(found) or say["never"]


def _people(step: Any, language: Language) -> str:
    return ", ".join(
        f"{ROLES[language].get(row.role, row.role)} {figure(row.fte_months, language, 2)}"
        for row in getattr(step, "people", ())
        if row.fte_months
    )


def _money(step: Any, language: Language) -> str:
    cost = getattr(step, "cost", None)
    if cost is None:
        return ""
    text = figure((cost.p50 if cost.mean is None else cost.mean) / 1e3, language, 3)
    return WORDS[language]["per_month"].format(value=text) if step.cost_per == "month" else text
