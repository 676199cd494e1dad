"""The workbook's formulas, calculated anew, give the figures of the Assessment."""

import io
import time
import zipfile

import pytest
from documents import assessment
from excel import Evaluator

from advisor.exports.forms import render
from advisor.exports.schedule import plan_of


@pytest.fixture(scope="module")
def result():
    return assessment()


@pytest.fixture(scope="module")
def book(result):
    return Evaluator(render(result, "xlsx", "en"))


def column(book, sheet, title):
    """Letters of a column by the title in the first row."""
    return next(cell.column_letter for cell in book.book[sheet][1] if cell.value == title)


def test_the_sheets_are_those_that_a_controller_looks_for(result, book):
    flows = [f"Cash flow {option.rank}" for option in result.options]
    assert book.book.sheetnames == ["Summary", "Options", "Cost lines", *flows, "Assumptions", "Gates", "Risks"]


def test_every_formula_gives_the_value_that_stands_beside_it(book):
    places = book.formulas()
    assert len(places) > 1000
    for sheet, address in places:
        assert book.value(sheet, address) == pytest.approx(book.written[sheet][address].value, abs=1e-6), (
            sheet,
            address,
        )


def test_totals_and_present_values_are_those_of_the_json(result, book):
    total, present, check = (column(book, "Options", name) for name in ("Cost lines", "Present value", "Check"))
    for row, option in enumerate(result.options, 2):
        expected = sum(line.mean for line in option.cost.lines)
        assert book.value("Options", f"{total}{row}") == pytest.approx(expected)
        assert book.value("Options", f"{present}{row}") == pytest.approx(expected)
        assert book.value("Options", f"{check}{row}") == pytest.approx(option.cost.total.mean - expected)


def test_differences_are_against_the_runner_up_and_requests_divide_the_present_value(result, book):
    present, gap, each = (
        column(book, "Options", name) for name in ("Present value", "Difference to the runner-up", "Per 1,000 requests")
    )
    requests = sum(plan_of(result).demand)
    for row, option in enumerate(result.options, 2):
        mean = book.value("Options", f"{present}{row}")
        assert book.value("Options", f"{gap}{row}") == pytest.approx(mean - book.value("Options", f"{present}3"))
        assert book.value("Options", f"{each}{row}") == pytest.approx(mean / requests * 1000), option.id


def test_another_rate_in_the_summary_moves_the_present_value_alone(result):
    """At a rate of zero the present value is the sum of the payments."""
    book = Evaluator(render(result, "xlsx", "en"))
    row = next(cell.row for cell in book.book["Summary"]["A"] if cell.value == "Discount rate per year")
    before = book.value("Options", "K2")
    assert book.book["Summary"][f"B{row}"].value > 0
    again = Evaluator(render(result, "xlsx", "en"))
    again.book["Summary"][f"B{row}"].value = 0.0
    flow = again.book["Cash flow 1"]
    total = next(cell.row for cell in flow["A"] if cell.value == "Total")
    lines = [cell.column_letter for cell in flow[3] if cell.value == "Total"]
    nominal = again.value("Cash flow 1", f"{lines[0]}{total}")
    assert again.value("Options", "K2") == pytest.approx(nominal)
    assert nominal > before


def test_texts_stay_texts(result):
    named = result.model_copy(update={"case": result.case.model_copy(update={"name": "=1+1"})})
    cell = Evaluator(render(named, "xlsx", "en")).book["Summary"]["A1"]
    assert (cell.data_type, cell.value) == ("s", "=1+1")


def test_unknown_stays_empty(result, book):
    p_best = column(book, "Options", "P(best)")
    for row, option in enumerate(result.options, 2):
        assert (book.book["Options"][f"{p_best}{row}"].value is None) is not option.feasible


def test_the_same_assessment_gives_the_same_bytes_at_another_time(result):
    first = render(result, "xlsx", "de")
    time.sleep(2.1)  # zip entries hold even seconds
    assert render(result, "xlsx", "de") == first
    assert {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_german_workbook_is_german(result):
    book = Evaluator(render(result, "xlsx", "de"))
    assert book.book.sheetnames[:4] == ["Übersicht", "Optionen", "Kostenzeilen", "Zahlungen 1"]
    reasons = {gate.reason for option in result.options for gate in option.gates}
    shown = {str(cell.value) for sheet in book.book for row in sheet.iter_rows() for cell in row}
    assert not reasons & shown
