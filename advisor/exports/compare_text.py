"""A Comparison for people, in English and German: Markdown, or the same on a terminal.

Enter at `comparison_markdown` and `comparison_table`.
"""

import io
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from advisor.contracts.base import Interval
from advisor.contracts.comparison import Cause, ComparedOption, Comparison, OptionState
from advisor.exports.words import WORDS
from advisor.measures import input_label
from advisor.phrases import LINES, RULES, Language, amount, number, share

WIDTH = 150
SHOWN = 20
Block = tuple[str, list[str], list[list[str]]]
"""Heading, titles of the columns, rows."""

SAY: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Two assessments side by side", "older": "before", "newer": "after",
        "why": "They differ in: {causes}.", "same": "They are the same question with the same answer.",
        "kept": "The advice stays: {after}.", "changed": "The advice changes: {before} → {after}.",
        "facts": "The calculation", "fields": "The case", "inputs": "Inputs", "options": "Options",
        "gates": "Gates that flipped", "lines": "Cost lines that moved most (means)", "field": "field",
        "cause": "from", "change": "change", "added": "new", "gone": "gone", "more": "and {n} more",
        "case": "the case", "measurements": "measurements", "catalogue": "the catalogue",
        "simulation": "seed or draws", "program": "the program", "passed": "passes", "failed": "not met",
        "open": "open", "excluded": "excluded",
    },
    "de": {
        "title": "Zwei Bewertungen nebeneinander", "older": "vorher", "newer": "nachher",
        "why": "Sie unterscheiden sich durch: {causes}.", "same": "Es ist dieselbe Frage mit derselben Antwort.",
        "kept": "Die Empfehlung bleibt: {after}.", "changed": "Die Empfehlung ändert sich: {before} → {after}.",
        "facts": "Die Rechnung", "fields": "Der Fall", "inputs": "Eingangsgrößen", "options": "Optionen",
        "gates": "Bedingungen, die umgeschlagen sind", "lines": "Kostenzeilen, die sich am meisten bewegt haben "
        "(Mittelwerte)", "field": "Feld", "cause": "durch", "change": "Änderung", "added": "neu", "gone": "entfallen",
        "more": "und {n} weitere", "case": "den Fall", "measurements": "Messungen", "catalogue": "den Katalog",
        "simulation": "Startwert oder Ziehungen", "program": "das Programm", "passed": "erfüllt",
        "failed": "nicht erfüllt", "open": "offen", "excluded": "ausgeschlossen",
    },
}  # fmt: skip


def comparison_markdown(found: Comparison, language: Language) -> str:
    """The comparison as Markdown."""
    lines = [f"# {SAY[language]['title']}", "", *_opening(found, language), ""]
    for heading, titles, rows in _blocks(found, language):
        lines += [f"## {heading}", "", _md(titles), _md(["---"] * len(titles)), *map(_md, rows), ""]
    return "\n".join(lines)


def comparison_table(found: Comparison, language: Language) -> str:
    """The comparison as plain tables."""
    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, force_terminal=False)
    console.rule(SAY[language]["title"])
    for line in _opening(found, language):
        console.print(line, markup=False, highlight=False)
    for heading, titles, rows in _blocks(found, language):
        table = Table(title=heading, title_justify="left", expand=True)
        for title in titles:
            table.add_column(title, overflow="fold")
        for row in rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        console.print(table)
    return stream.getvalue()


def _opening(found: Comparison, language: Language) -> Iterator[str]:
    say = SAY[language]
    for key, side in (("older", found.older), ("newer", found.newer)):
        headline = side.headline if language == "en" else side.headline_de
        yield f"- {say[key]}: {side.case_name} ({side.id}) – {headline}"
    yield ""
    causes = ", ".join(say[cause] for cause in found.causes)
    yield say["why"].format(causes=causes) if causes else say["same"]
    key = "kept" if found.older.option_id == found.newer.option_id else "changed"
    yield say[key].format(before=found.older.option_id, after=found.newer.option_id)


def _blocks(found: Comparison, language: Language) -> Iterator[Block]:
    """The tables that have rows."""
    say, words = SAY[language], WORDS[language]
    pair = [say["older"], say["newer"]]
    for heading, changes in ((say["facts"], found.facts), (say["fields"], found.case_fields)):
        if changes:
            yield (
                heading,
                [say["field"], *pair],
                [[row.field, row.before_text or "–", row.after_text or "–"] for row in changes],
            )
    if found.inputs:
        rows = [
            [f"{input_label(row.name, language)} ({row.name})", _value(row.before, language),
             _value(row.after, language), row.unit, _cause(row.cause, language)]
            for row in found.inputs
        ]  # fmt: skip
        yield say["inputs"], [words["input"], *pair, words["unit"], say["cause"]], _capped(rows, language)
    rows = [_option(row, language) for row in found.options]
    titles = [words["option"], f"{words['rank']}: {pair[0]}", pair[1], f"P50, k{found.older.currency}: {pair[0]}",
              pair[1], f"{words['p_best']}: {pair[0]}", pair[1]]  # fmt: skip
    yield say["options"], titles, rows
    if found.gates:
        rows = [
            [row.option_id, RULES[language].get(row.rule, row.rule), _passed(row.passed_before, language),
             _passed(row.passed_after, language)]
            for row in found.gates
        ]  # fmt: skip
        yield say["gates"], [words["option"], words["rule"], *pair], _capped(rows, language)
    if found.lines:
        rows = [
            [row.option_id, LINES[language].get(row.line, row.line),
             *(amount(value, found.newer.currency, language) for value in (row.before, row.after)),
             _signed(row.after - row.before, found.newer.currency, language)]
            for row in found.lines
        ]  # fmt: skip
        yield say["lines"], [words["option"], words["line"], *pair, say["change"]], rows


def _option(row: ComparedOption, language: Language) -> list[str]:
    def cells(state: OptionState | None, absent: str) -> tuple[str, str, str]:
        if state is None:
            return absent, "–", "–"
        rank = str(state.rank) if state.feasible else f"{state.rank} ({SAY[language]['excluded']})"
        return rank, number(state.total.p50 / 1e3, language), share(state.p_best, language) if state.feasible else "–"

    older, newer = cells(row.older, SAY[language]["added"]), cells(row.newer, SAY[language]["gone"])
    if row.older is None:
        older = ("–", "–", "–")
        newer = (f"{newer[0]} ({SAY[language]['added']})", *newer[1:])
    return [row.option_id, *(cell for both in zip(older, newer, strict=True) for cell in both)]


def _value(value: Interval | float | str | None, language: Language) -> str:
    if value is None:
        return "–"
    if isinstance(value, Interval):
        return f"{number(value.p50, language)} ({number(value.p5, language)} – {number(value.p95, language)})"
    return number(value, language) if isinstance(value, float) else str(value)


def _cause(cause: Cause, language: Language) -> str:
    return SAY[language][cause]


def _passed(passed: bool | None, language: Language) -> str:
    return SAY[language]["open" if passed is None else "passed" if passed else "failed"]


def _signed(value: float, currency: str, language: Language) -> str:
    return ("+" if value > 0 else "") + amount(value, currency, language)


def _capped(rows: list[list[str]], language: Language) -> list[list[str]]:
    if len(rows) <= SHOWN:
        return rows
    return [*rows[:SHOWN], [SAY[language]["more"].format(n=len(rows) - SHOWN), *[""] * (len(rows[0]) - 1)]]


def _md(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
