"""A BaselineReport for people: Markdown, HTML, and a table for the terminal.

Enter at `markdown`, `html` and `print_table`. What is said stands in `page`, how it is written here.
"""

from html import escape
from typing import TYPE_CHECKING

from advisor.baseline.page import Bullets, Heading, Page, Picture, Table, figures, headings, page_of, sentence
from advisor.baseline.words import Language, translated

if TYPE_CHECKING:
    from rich.console import Console

    from advisor.contracts.baseline import BaselineReport

STYLE = """
:root { color-scheme: light dark; --line: #9aa5b1; --soft: #9aa5b133; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .7rem; text-align: left; vertical-align: top; }
th { background: var(--soft); }
figure { margin: 1rem 0; } figure svg { max-width: 100%; height: auto; background: #fff; border-radius: 4px; }
.note { border-left: 4px solid #d1495b; padding: .1rem 1rem; background: var(--soft); }
@media print { body { margin: 0; } }
"""


def markdown(report: "BaselineReport", language: Language = "en") -> str:
    """The report as a Markdown document."""
    lines: list[str] = []
    for part in page_of(report, language).parts:
        match part:
            case Heading():
                lines += [f"{'#' * part.level} {_cell(part.text)}", ""]
            case Table():
                lines += [_row(part.head), _row(["---"] * len(part.head)), *[_row(row) for row in part.rows], ""]
            case Bullets():
                lines += [*[f"- {text}" for text in part.items], ""]
            case Picture():
                continue
            case str():
                lines += [part, ""]
    return "\n".join(lines)


def html(report: "BaselineReport", language: Language = "en") -> str:
    """The report as one HTML file: no script, nothing from elsewhere, light and dark, fit to print."""
    page: Page = page_of(report, language)
    body: list[str] = []
    for part in page.parts:
        match part:
            case Heading():
                body.append(f"<h{part.level}>{escape(part.text)}</h{part.level}>")
            case Table():
                head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in part.head)
                rows = "".join(
                    "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in part.rows
                )
                body.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
            case Bullets():
                style = ' class="note"' if part.is_warning else ""
                items = "".join(f"<li>{escape(text)}</li>" for text in part.items)
                body.append(f"<div{style}><ul>{items}</ul></div>")
            case Picture():
                body.append(f"<figure>{_svg(report, language)}<figcaption>{escape(part.caption)}</figcaption></figure>")
            case str():
                body.append(f"<p>{escape(part)}</p>")
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def print_table(report: "BaselineReport", console: "Console") -> None:
    """The figures, the differences and the warnings on a terminal."""
    from rich.table import Table as RichTable

    # A row per figure, not per target: a terminal of 80 columns has room for a few targets, not for eleven figures.
    cells = [figures(result, "en") for result in report.results]
    table = RichTable(title=f"{report.suite}: {report.items} items, {report.task}")
    table.add_column("")
    for name in (column[0] for column in cells):
        table.add_column(name, justify="right", overflow="fold")
    for number, heading in enumerate(headings("en")[1:], start=1):
        table.add_row(heading, *[column[number] for column in cells])
    console.print(table, markup=False)
    for difference in report.differences:
        console.print(sentence(difference, "en"), markup=False, highlight=False)
    for text in report.warnings:
        console.print(f"note: {translated(text, 'en')}", markup=False, highlight=False)


def _svg(report: "BaselineReport", language: Language) -> str:
    from advisor.baseline.plot import scores_svg

    return scores_svg(report, language)


def _row(cells: "list[str] | tuple[str, ...]") -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Text that cannot break a table or a heading."""
    return " ".join(text.split()).replace("|", "\\|")
