"""Many cases in one call: which files they are, one line each, and what they cost together.

Enter at `case_files` and `summary_rows`; `portfolio_markdown` and `portfolio_table` are for people. A case that
fails is named and leaves the others alone.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.base import AmountRange
from advisor.contracts.errors import BadInput
from advisor.exports.words import confidence_text
from advisor.phrases import Language, number, share, title

CASE_SUFFIXES = (".yaml", ".yml", ".json")
WIDTH = 150

SAY: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Portfolio of {n} cases", "case": "case", "advice": "recommendation", "confidence": "confidence",
        "cost": "cost, P50", "range": "P5 – P95", "best": "P(best)", "budget": "budget", "within": "P(budget)",
        "total": "together (means)", "nothing": "nothing feasible but", "failed": "not assessed: {error}",
        "note": "Means add up over cases, medians do not; currencies are not mixed.",
    },
    "de": {
        "title": "Portfolio aus {n} Fällen", "case": "Fall", "advice": "Empfehlung", "confidence": "Sicherheit",
        "cost": "Kosten, P50", "range": "P5 – P95", "best": "P(beste)", "budget": "Budget", "within": "P(Budget)",
        "total": "zusammen (Mittelwerte)", "nothing": "nichts zulässig außer", "failed": "nicht bewertet: {error}",
        "note": "Mittelwerte addieren sich über Fälle, Mediane nicht; Währungen werden nicht gemischt.",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Assessed:
    """One case of the portfolio: its file, and its assessment or why there is none."""

    path: Path
    result: Assessment | None
    error: str = ""


def case_files(paths: Sequence[Path]) -> list[Path]:
    """The case files, a directory replaced by its YAML and JSON files in order of name.

    Raises:
        BadInput: a directory that holds none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(entry for entry in path.iterdir() if entry.suffix in CASE_SUFFIXES and entry.is_file())
        if not inside:
            raise BadInput(f"{path}: no case file in this directory (looked for {', '.join(CASE_SUFFIXES)})")
        found += inside
    return found


def file_names(cases: Sequence[Assessed], suffix: str) -> list[str]:
    """One name per case after its file; the second of a name gets a number."""
    names: list[str] = []
    for case in cases:
        name, count = f"{case.path.stem}{suffix}", 1
        while name in names:
            count += 1
            name = f"{case.path.stem}-{count}{suffix}"
        names.append(name)
    return names


def portfolio_markdown(cases: Sequence[Assessed], language: Language) -> str:
    """The summary as Markdown."""
    head, *rows = _rows(cases, language)
    say = SAY[language]
    lines = [f"# {say['title'].format(n=len(cases))}", "", _md(head), _md(["---"] * len(head)), *map(_md, rows)]
    return "\n".join([*lines, "", say["note"], ""])


def portfolio_table(cases: Sequence[Assessed], language: Language) -> str:
    """The summary as a plain table."""
    head, *rows = _rows(cases, language)
    stream = io.StringIO()
    table = Table(title=SAY[language]["title"].format(n=len(cases)), title_justify="left", expand=True)
    for column in head:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console = Console(file=stream, width=WIDTH, force_terminal=False)
    console.print(table)
    console.print(SAY[language]["note"])
    return stream.getvalue()


def _rows(cases: Sequence[Assessed], language: Language) -> Iterator[list[str]]:
    say = SAY[language]
    keys = ("case", "advice", "confidence", "cost", "range", "best", "budget", "within")
    yield [say[key] for key in keys]
    for case in cases:
        if case.result is None:
            yield [case.path.name, say["failed"].format(error=case.error.replace("\n", "; ")), *[""] * (len(keys) - 2)]
        else:
            yield _row(case.result, language)
    yield from _totals([case.result for case in cases if case.result is not None], language)


def _row(result: Assessment, language: Language) -> list[str]:
    best = _recommended(result)
    total, unit = best.cost.total, f"k{best.cost.currency}"
    nothing = not any(option.feasible and option.kind != "status_quo" for option in result.options)
    advice = f"{SAY[language]['nothing']} {title(best, language)}" if nothing else title(best, language)
    budget = _budget(result)
    return [
        result.case.name,
        advice,
        confidence_text(result, language),
        f"{number(total.p50 / 1e3, language)} {unit}",
        f"{number(total.p5 / 1e3, language)} – {number(total.p95 / 1e3, language)}",
        share(best.p_best, language),
        "–" if budget is None else f"{number(budget / 1e3, language)} {unit}",
        "–" if best.p_within_budget is None else share(best.p_within_budget, language),
    ]


def _totals(results: Sequence[Assessment], language: Language) -> Iterator[list[str]]:
    """One row per currency: what the recommended options cost together, and the budgets of the cases that have one."""
    for currency in sorted({_recommended(result).cost.currency for result in results}):
        inside = [result for result in results if _recommended(result).cost.currency == currency]
        costs = sum(_mean(_recommended(result)) for result in inside)
        budgets = [budget for result in inside if (budget := _budget(result)) is not None]
        budget = f"{number(sum(budgets) / 1e3, language)} k{currency} ({len(budgets)}/{len(inside)})"
        cost = f"{number(costs / 1e3, language)} k{currency}"
        yield [SAY[language]["total"], "", "", cost, "", "", budget if budgets else "–", ""]


def _recommended(result: Assessment) -> Option:
    return next(option for option in result.options if option.id == result.recommendation.option_id)


def _mean(option: Option) -> float:
    total = option.cost.total
    return total.p50 if total.mean is None else total.mean


def _budget(result: Assessment) -> float | None:
    total = result.case.budget.total
    return total.central if isinstance(total, AmountRange) else total


def _md(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
