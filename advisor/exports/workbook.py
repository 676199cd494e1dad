"""The Assessment as an Excel workbook with live formulas: totals, present values, differences, checks.

Enter at `xlsx_bytes`. Every formula is written together with its value, so that a viewer that does not calculate
shows the figures too. Texts are written as texts: a case named `=A1` stays a name.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from advisor.contracts.assessment import Assessment, Option
from advisor.exports.schedule import Payments, Plan, plan_of, schedule_of
from advisor.exports.words import WORDS, sign
from advisor.phrases import Language

LABEL_WIDTH, NUMBER_WIDTH, TEXT_WIDTH = 44, 14, 60


@dataclass(frozen=True)
class Formats:
    """How cells look."""

    head: Format
    bold: Format
    wrap: Format
    money: Format
    fraction: Format
    percent: Format
    factor: Format
    plain: Format


@dataclass(frozen=True)
class Book:
    """The workbook in the making, and what its sheets share."""

    workbook: Workbook
    formats: Formats
    result: Assessment
    plan: Plan
    language: Language

    @property
    def say(self) -> dict[str, str]:
        """Words in the reader's language."""
        return WORDS[self.language]

    @property
    def currency(self) -> str:
        """Of all money in the book."""
        return self.result.options[0].cost.currency

    def flows(self, option: Option) -> tuple[Payments, ...]:
        """The option's lines that cost anything."""
        return tuple(row for row in schedule_of(option, self.plan) if any(row.nominal))

    def flow_sheet(self, option: Option) -> str:
        """Name of the option's cash flow sheet."""
        return f"{self.say['flow']} {option.rank}"


def xlsx_bytes(result: Assessment, language: Language) -> bytes:
    """The workbook; the same assessment gives the same bytes."""
    from advisor.exports import sheets

    stream = io.BytesIO()
    workbook = Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    plan = plan_of(result)
    book = Book(workbook, _formats(workbook, sign(result.options[0].cost.currency)), result, plan, language)
    workbook.set_properties(
        {
            "title": result.case.name,
            "subject": book.say["title"],
            "author": f"Richtwert {result.richtwert_version}",
            "comments": f"{result.id}, {result.catalog_version}, seed {result.seed}",
            "created": datetime.combine(plan.first_day, time(), UTC).replace(tzinfo=None),
        }
    )
    sheets.write_all(book)
    workbook.close()
    return stream.getvalue()


def add_sheet(book: Book, name: str, widths: Sequence[int]) -> Worksheet:
    """A sheet that prints on landscape pages as wide as one page, with column widths."""
    sheet = book.workbook.add_worksheet(name)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    return sheet


def write_table(book: Book, sheet: Worksheet, row: int, titles: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Head and rows of texts and numbers; the next free row."""
    for column, text in enumerate(titles):
        sheet.write_string(row, column, text, book.formats.head)
    for offset, cells in enumerate(rows, 1):
        for column, value in enumerate(cells):
            write_cell(book, sheet, row + offset, column, value)
    return row + len(rows) + 1


def write_cell(book: Book, sheet: Worksheet, row: int, column: int, value: object, look: Format | None = None) -> None:
    """A number as a number, a text as a text, nothing for None (unknown is no zero)."""
    if value is None:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value, look or book.formats.plain)
    else:
        sheet.write_string(row, column, str(value), look or book.formats.wrap)


def reference(sheet: str, row: int, column: int) -> str:
    """A cell of another sheet, absolute."""
    return f"'{sheet}'!{xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)}"


def area(first_row: int, last_row: int, column: int, *, sheet: str = "") -> str:
    """A column of cells, absolute; on another sheet when one is named."""
    first = xl_rowcol_to_cell(first_row, column, row_abs=True, col_abs=True)
    last = xl_rowcol_to_cell(last_row, column, row_abs=True, col_abs=True)
    return (f"'{sheet}'!" if sheet else "") + f"{first}:{last}"


def _formats(workbook: Workbook, unit: str) -> Formats:
    money = f'#,##0.00 "{unit}"'
    return Formats(
        head=workbook.add_format(
            {"bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "valign": "top", "border": 1}
        ),
        bold=workbook.add_format({"bold": True, "font_size": 14}),
        wrap=workbook.add_format({"text_wrap": True, "valign": "top"}),
        money=workbook.add_format({"num_format": money, "valign": "top"}),
        fraction=workbook.add_format({"num_format": "0.00", "valign": "top"}),
        percent=workbook.add_format({"num_format": "0.0%", "valign": "top"}),
        factor=workbook.add_format({"num_format": "0.0000", "valign": "top"}),
        plain=workbook.add_format({"num_format": "General", "valign": "top"}),
    )
