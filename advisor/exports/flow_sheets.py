"""The cash flow of one option as a sheet: months below each other, lines beside each other, then years.

Enter at `write_flow`. Payments are numbers; factor, total, present value and cumulative sum are formulas on the
discount rate of the summary.
"""

from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from advisor.contracts.assessment import Option
from advisor.core.units import MONTHS_PER_YEAR
from advisor.exports.schedule import Payments, month_start
from advisor.exports.workbook import Book, add_sheet, area, reference, write_cell
from advisor.phrases import LINES, title

HEAD = 2
FIRST = HEAD + 1
"""Row of month 0."""
MONTH, START, YEAR, FACTOR, LINE = range(5)
"""Columns; the first cost line stands in the last of them."""


@dataclass(frozen=True)
class Flow:
    """Where the present value of the sheet is, and what it is."""

    present: str
    present_value: float


def write_flow(book: Book, option: Option, rate: str) -> Flow:
    """Monthly and annual cash flow of one option."""
    flows = book.flows(option)
    width = LINE + len(flows)
    sheet = add_sheet(book, book.flow_sheet(option), (10, 12, 8, 12, *(16,) * (len(flows) + 3)))
    write_cell(book, sheet, 0, 0, f"{option.rank}. {title(option, book.language)} ({option.id})", book.formats.bold)
    sheet.write_string(1, 0, f"{book.say['monthly']}: {book.say['flow_note']}")
    _titles(book, sheet, flows, HEAD, book.say["month"])
    _months(book, sheet, flows, rate)
    last = FIRST + book.plan.horizon_months
    total_row = last + 1
    sheet.write_string(total_row, 0, book.say["total"], book.formats.head)
    nominal = [sum(row.nominal) for row in flows]
    present = sum(sum(row.discounted) for row in flows)
    for column, value in enumerate([*nominal, sum(nominal), present], LINE):
        sheet.write_formula(total_row, column, f"=SUM({area(FIRST, last, column)})", book.formats.money, value)
    _years(book, sheet, flows, total_row + 2, last)
    sheet.freeze_panes(FIRST, LINE)
    return Flow(reference(sheet.get_name(), total_row, width + 1), present)


def _titles(book: Book, sheet: Worksheet, flows: tuple[Payments, ...], row: int, first: str) -> None:
    say = book.say
    lines = (LINES[book.language].get(line.name, line.name) for line in flows)
    names = (first, say["start"], say["year"], say["factor"], *lines, say["total"], say["present"], say["cumulative"])
    for column, name in enumerate(names):
        sheet.write_string(row, column, name, book.formats.head)


def _months(book: Book, sheet: Worksheet, flows: tuple[Payments, ...], rate: str) -> None:
    plan, money = book.plan, book.formats.money
    total_column = LINE + len(flows)
    cumulative = 0.0
    for month in range(plan.horizon_months + 1):
        row = FIRST + month
        sheet.write_number(row, MONTH, month)
        sheet.write_string(row, START, month_start(plan, month).isoformat())
        sheet.write_number(row, YEAR, _year(month))
        cell = xl_rowcol_to_cell(row, MONTH)
        sheet.write_formula(
            row, FACTOR, f"=(1+{rate})^(-{cell}/{MONTHS_PER_YEAR:g})", book.formats.factor, plan.discount[month]
        )
        for column, line in enumerate(flows, LINE):
            sheet.write_number(row, column, line.nominal[month], money)
        total = sum(line.nominal[month] for line in flows)
        cumulative += total
        first, last = (xl_rowcol_to_cell(row, column) for column in (LINE, max(LINE, total_column - 1)))
        sum_cell, factor = xl_rowcol_to_cell(row, total_column), xl_rowcol_to_cell(row, FACTOR)
        if flows:
            sheet.write_formula(row, total_column, f"=SUM({first}:{last})", money, total)
        else:
            sheet.write_number(row, total_column, 0.0, money)
        sheet.write_formula(row, total_column + 1, f"={sum_cell}*{factor}", money, total * plan.discount[month])
        before = f"{xl_rowcol_to_cell(row - 1, total_column + 2)}+" if month else ""
        sheet.write_formula(row, total_column + 2, f"={before}{sum_cell}", money, cumulative)


def _years(book: Book, sheet: Worksheet, flows: tuple[Payments, ...], row: int, last: int) -> None:
    """Sums by year; year 0 is what falls due at the start."""
    sheet.write_string(row, 0, book.say["annual"], book.formats.head)
    years = area(FIRST, last, YEAR)
    months = range(book.plan.horizon_months + 1)
    columns = [
        *(line.nominal for line in flows),
        tuple(sum(line.nominal[month] for line in flows) for month in months),
        tuple(sum(line.discounted[month] for line in flows) for month in months),
    ]
    for year in range(_year(book.plan.horizon_months) + 1):
        place = row + 1 + year
        sheet.write_number(place, YEAR, year)
        cell = xl_rowcol_to_cell(place, YEAR)
        for column, values in enumerate(columns, LINE):
            value = sum(amount for month, amount in enumerate(values) if _year(month) == year)
            sheet.write_formula(
                place, column, f"=SUMIF({years},{cell},{area(FIRST, last, column)})", book.formats.money, value
            )


def _year(month: int) -> int:
    """0 for the start, 1 for months 1 to 12."""
    return -(-month // int(MONTHS_PER_YEAR))
