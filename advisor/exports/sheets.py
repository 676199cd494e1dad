"""The sheets of the workbook: summary, options, cost lines, inputs, gates, risks; cash flows are in `flow_sheets`.

Enter at `write_all`. Formulas stand where a controller expects them; their values are those of the JSON.
"""

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from advisor.contracts.assessment import Option
from advisor.contracts.base import Interval
from advisor.exports.flow_sheets import Flow, write_flow
from advisor.exports.words import (
    advice_in,
    confidence_text,
    gate_text,
    risk_texts,
    rule_name,
    source_text,
    warning_text,
)
from advisor.exports.workbook import Book, add_sheet, area, reference, write_cell, write_table
from advisor.phrases import LINES, title

RATE_ROW, REQUESTS_ROW = 5, 6
VALUE = 1
"""Column of the values on the summary."""


@dataclass(frozen=True)
class LinesTable:
    """Where the cost lines are: column of option ids and of means, first and last row."""

    sheet: str
    first_row: int
    last_row: int
    option_column: int = 0
    mean_column: int = 7


def write_all(book: Book) -> None:
    """All sheets, in the order in which they are read."""
    summary = add_sheet(book, book.say["summary"], (30, 90))
    options = add_sheet(book, book.say["sheet_options"], (6, 44, 20, 9, *(15,) * 15))
    table = _lines(book)
    rate = reference(summary.get_name(), RATE_ROW, VALUE)
    flows = [write_flow(book, option, rate) for option in book.result.options]
    _options(book, options, table, flows, reference(summary.get_name(), REQUESTS_ROW, VALUE))
    _summary(book, summary)
    _assumptions(book)
    _gates(book)
    _risks(book)


def _summary(book: Book, sheet: Worksheet) -> None:
    say, result, plan = book.say, book.result, book.plan
    advice = advice_in(result, book.language)
    best = next(option for option in result.options if option.id == result.recommendation.option_id)
    second = runner_up(result.options, best)
    rows: list[tuple[str, object]] = [
        (say["assessment"], result.id),
        (say["recommended"], title(best, book.language)),
        (say["runner_up"], None if second is None else title(second, book.language)),
        (say["currency"], book.currency),
        (say["rate"], plan.discount_rate_fraction),
        (say["requests"], sum(plan.demand)),
        (say["horizon"], plan.horizon_months),
        (say["confidence"], confidence_text(result, book.language)),
        (say["advice"], advice.headline),
        *((say["reasons"] if n == 0 else "", text) for n, text in enumerate(advice.reasons)),
        *((say["changes"] if n == 0 else "", text) for n, text in enumerate(advice.what_would_change_it)),
        *(
            (say["warnings"] if n == 0 else "", warning_text(row, book.language))
            for n, row in enumerate(result.warnings)
        ),
        (say["seed"], result.seed),
        (say["draws"], result.draws),
        (say["catalog"], result.catalog_version),
        (say["version"], result.richtwert_version),
        ("", say["means_note"]),
        ("", say["no_advice"]),
    ]
    write_cell(book, sheet, 0, 0, result.case.name, book.formats.bold)
    for row, (label, value) in enumerate(rows, 1):
        write_cell(book, sheet, row, 0, label)
        look = book.formats.percent if row == RATE_ROW else None
        write_cell(book, sheet, row, VALUE, value, look)


def _lines(book: Book) -> LinesTable:
    say = book.say
    sheet = add_sheet(book, say["lines"], (44, 6, 44, 24, 12, 15, 15, 15, 15))
    rows = [
        (option.id, option.rank, title(option, book.language), LINES[book.language].get(line.name, line.name),
         say[line.phase], line.p5, line.p50, line.mean, line.p95)
        for option in book.result.options
        for line in option.cost.lines
    ]  # fmt: skip
    titles = ("id", say["rank"], say["option"], say["line"], say["phase"], "P5", "P50", say["mean"], "P95")
    last = write_table(book, sheet, 0, titles, rows) - 1
    for column in range(5, 9):
        sheet.set_column(column, column, 15, book.formats.money)
    sheet.autofilter(0, 0, last, len(titles) - 1)
    sheet.freeze_panes(1, 0)
    return LinesTable(say["lines"], 1, last)


def _options(book: Book, sheet: Worksheet, table: LinesTable, flows: list[Flow], requests: str) -> None:
    """One row per option: figures of the simulation, and beside them what the book adds up itself."""
    say, money, percent = book.say, book.formats.money, book.formats.percent
    options = book.result.options
    best = next(option for option in options if option.id == book.result.recommendation.option_id)
    second = runner_up(options, best)
    titles = (
        say["rank"], say["option"], "id", say["feasible"], "P5", "P50", "P95", say["mean"], say["lines"], say["check"],
        say["present"], say["difference"], say["per_1k"], f"{say['per_1k']} (P50)", say["p_best"], say["p_quality"],
        say["p_budget"], say["quality"], say["months"],
    )  # fmt: skip
    write_table(book, sheet, 0, titles, ())
    ids = area(table.first_row, table.last_row, table.option_column, sheet=table.sheet)
    means = area(table.first_row, table.last_row, table.mean_column, sheet=table.sheet)
    total_requests = sum(book.plan.demand)
    reference_row = options.index(second) + 1 if second is not None else None
    for row, (option, flow) in enumerate(zip(options, flows, strict=True), 1):
        total = option.cost.total
        mean = total.mean if total.mean is not None else total.p50
        lines = sum(line.mean for line in option.cost.lines)
        for column, value in enumerate((option.rank, title(option, book.language), option.id,
                                        say["yes"] if option.feasible else say["no"])):  # fmt: skip
            write_cell(book, sheet, row, column, value)
        for column, value in enumerate((total.p5, total.p50, total.p95, mean), 4):
            write_cell(book, sheet, row, column, value, money)
        excel = row + 1
        sheet.write_formula(row, 8, f"=SUMIF({ids},C{excel},{means})", money, lines)
        sheet.write_formula(row, 9, f"=H{excel}-I{excel}", money, mean - lines)
        sheet.write_formula(row, 10, f"={flow.present}", money, flow.present_value)
        if reference_row is not None:
            gap = flow.present_value - flows[reference_row - 1].present_value
            sheet.write_formula(row, 11, f"=K{excel}-K${reference_row + 1}", money, gap)
        if total_requests:
            each = flow.present_value / total_requests * 1000
            sheet.write_formula(row, 12, f"=K{excel}/{requests}*1000", money, each)
        write_cell(book, sheet, row, 13, option.cost.per_1k_requests.p50, money)
        for column, value in enumerate((option.p_best if option.feasible else None, option.p_meets_quality,
                                        option.p_within_budget, option.quality.score_fraction.p50), 14):  # fmt: skip
            write_cell(book, sheet, row, column, value, percent)
        write_cell(book, sheet, row, 18, option.time_to_value_months.p50, book.formats.fraction)
    write_cell(book, sheet, len(options) + 2, 1, say["check_note"])
    sheet.freeze_panes(1, 2)


def runner_up(options: tuple[Option, ...], best: Option) -> Option | None:
    """The first option behind the recommended one, of those that pass the gates as far as there are any."""
    others = [option for option in options if option.id != best.id]
    return next((option for option in others if option.feasible), others[0] if others else None)


def _assumptions(book: Book) -> None:
    say = book.say
    sheet = add_sheet(book, say["sheet_assumptions"], (46, 16, 16, 16, 16, 14, 80, 12))
    rows = []
    for item in book.result.assumptions:
        value = item.value
        points = (value.p5, value.p50, value.p95) if isinstance(value, Interval) else (None, value, None)
        rows.append(
            (item.name, *points, item.unit, say[item.origin], source_text(item.source, book.language), item.as_of)
        )
    titles = (say["input"], "P5", "P50", "P95", say["unit"], say["origin"], say["source"], say["as_of"])
    last = write_table(book, sheet, 0, titles, rows)
    sheet.autofilter(0, 0, last - 1, len(titles) - 1)
    sheet.freeze_panes(1, 1)


def _gates(book: Book) -> None:
    say = book.say
    sheet = add_sheet(book, say["gates"], (6, 50, 26, 16, 90))
    state = {True: say["passes"], False: say["failed"], None: say["unknown"]}
    rows = [
        (option.rank, title(option, book.language), rule_name(gate, book.language), state[gate.passed],
         gate_text(gate, book.language))
        for option in book.result.options
        for gate in option.gates
    ]  # fmt: skip
    last = write_table(book, sheet, 0, (say["rank"], say["option"], say["rule"], say["state"], say["reason"]), rows)
    sheet.autofilter(0, 0, last - 1, 4)
    sheet.freeze_panes(1, 0)


def _risks(book: Book) -> None:
    say = book.say
    sheet = add_sheet(book, say["sheet_risks"], (6, 50, 26, 10, 70, 70))
    rows = []
    for option in book.result.options:
        for risk in option.risks:
            name, reason, mitigation = risk_texts(risk, book.language)
            rows.append((option.rank, title(option, book.language), name, risk.score_0_10, reason, mitigation))
    titles = (say["rank"], say["option"], say["risk"], say["score"], say["reason"], say["mitigation"])
    last = write_table(book, sheet, 0, titles, rows)
    sheet.autofilter(0, 0, last - 1, len(titles) - 1)
    sheet.freeze_panes(1, 0)
