"""A tiny evaluator of the workbook's formulas: references, sums, sums by criterion, arithmetic.

Enter at `Evaluator`. It reads formulas alone and never the values that were written beside them.
"""

import io
import re
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

REFERENCE = re.compile(r"(?:'([^']+)'!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")


class Evaluator:
    """Cells of a workbook, calculated anew from its formulas."""

    def __init__(self, content: bytes) -> None:
        self.book = load_workbook(io.BytesIO(content))
        self.written = load_workbook(io.BytesIO(content), data_only=True)
        self._known: dict[tuple[str, str], Any] = {}

    def formulas(self) -> list[tuple[str, str]]:
        """Sheet and address of every formula."""
        return [
            (sheet.title, cell.coordinate)
            for sheet in self.book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]

    def value(self, sheet: str, address: str) -> Any:
        """A cell's value, by its formula if it has one."""
        key = (sheet, address)
        if key not in self._known:
            content = self.book[sheet][address].value
            is_formula = isinstance(content, str) and content.startswith("=")
            self._known[key] = self._calculate(sheet, content[1:]) if is_formula else content
        return self._known[key]

    def _calculate(self, sheet: str, formula: str) -> Any:
        cells: list[Any] = []

        def replace(found: re.Match[str]) -> str:
            other, column, row, last_column, last_row = found.groups()
            where = other or sheet
            if last_column is None:
                cells.append(self.value(where, f"{column}{row}"))
            else:
                left, top, right, bottom = range_boundaries(f"{column}{row}:{last_column}{last_row}")
                rows = self.book[where].iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right)
                cells.append([self.value(where, cell.coordinate) for line in rows for cell in line])
            return f"cells[{len(cells) - 1}]"

        text = REFERENCE.sub(replace, formula).replace("^", "**")
        functions = {"SUM": sum, "SUMIF": sum_if, "cells": cells, "__builtins__": {}}
        return eval(text, functions)


def sum_if(criteria: list[Any], wanted: Any, values: list[Any]) -> float:
    """Excel's SUMIF with an equality criterion."""
    return float(sum(value for key, value in zip(criteria, values, strict=True) if key == wanted))
