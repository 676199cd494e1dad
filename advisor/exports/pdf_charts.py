"""The charts of the PDF report as vector drawings; no numbers are made here.

Enter at `intervals`, `bars`, `curves` and `tornado`. Labels arrive in the reader's language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from reportlab.graphics.shapes import Drawing, Line, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase.pdfmetrics import stringWidth

from advisor.contracts.base import Interval
from advisor.exports.pdf_page import ACCENT, BOLD, INK, LIGHT, LINE, REGULAR, WIDTH, printable

SIZE = 7.5
ROW = 15.0
LABELS = 265.0
RIGHT = 50.0
PALETTE = tuple(HexColor(code) for code in ("#1F6F8B", "#D1495B", "#EDAE49", "#66A182", "#6C4F8B"))
GREY = HexColor("#9AA5B1")
FAR_APART = 20.0
"""Ratio of the largest to the smallest figure from which on an axis is logarithmic."""
Text = Callable[[float], str]


@dataclass(frozen=True)
class Bar:
    """One row of a chart."""

    label: str
    value: Interval | float
    is_strong: bool = True


@dataclass(frozen=True)
class Curve:
    """One line of a chart; a value per month."""

    label: str
    values: Sequence[float]


@dataclass(frozen=True)
class Axis:
    """Maps a figure to a place on the page."""

    low: float
    high: float
    left: float
    right: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Place of a figure."""
        low, high, here = (log10(x) if self.is_log else x for x in (self.low, self.high, max(value, self.low)))
        return self.left + (here - low) / (high - low) * (self.right - self.left)

    def ticks(self) -> list[float]:
        """Round figures on the axis."""
        if self.is_log:
            return [10.0**power for power in range(ceil(log10(self.low)), floor(log10(self.high)) + 1)]
        step = _round_step((self.high - self.low) / 6)
        first = ceil(self.low / step - 1e-9)
        return [step * number for number in range(first, floor(self.high / step + 1e-9) + 1)]


def intervals(rows: Sequence[Bar], text: Text) -> tuple[Drawing, bool]:
    """P5 to P95 as bars with the median as a mark; and whether the axis is logarithmic."""
    spans = [row.value for row in rows if isinstance(row.value, Interval)]
    low, high = min(span.p5 for span in spans), max(span.p95 for span in spans)
    is_log = low > 0 and high / low > FAR_APART
    top = high * (1.25 if is_log else 1.05) or 1.0
    axis = Axis(low * 0.8 if is_log else min(0.0, low), top, LABELS, WIDTH - RIGHT, is_log)
    drawing = _frame(rows, axis, text)
    for place, (row, span) in enumerate(zip(rows, spans, strict=True)):
        y = _y(rows, place)
        color = ACCENT if row.is_strong else GREY
        left, right = axis.at(span.p5), axis.at(span.p95)
        drawing.add(Rect(left, y + 3, max(1.0, right - left), ROW - 7, fillColor=color, strokeColor=None))
        middle = axis.at(span.p50)
        drawing.add(Line(middle, y + 1, middle, y + ROW - 2, strokeColor=INK, strokeWidth=1.6))
        drawing.add(_string(right + 4, y + 4, text(span.p50)))
    return drawing, is_log


def bars(rows: Sequence[Bar], text: Text) -> Drawing:
    """Shares from 0 to 1 as bars."""
    axis = Axis(0.0, 1.0, LABELS, WIDTH - RIGHT)
    drawing = _frame(rows, axis, text)
    for place, row in enumerate(rows):
        value = row.value if isinstance(row.value, float) else row.value.p50
        y, right = _y(rows, place), axis.at(value)
        color = ACCENT if row.is_strong else GREY
        drawing.add(Rect(LABELS, y + 3, max(0.5, right - LABELS), ROW - 7, fillColor=color, strokeColor=None))
        drawing.add(_string(right + 4, y + 4, text(value)))
    return drawing


def tornado(rows: Sequence[tuple[str, float, float]], text: Text) -> Drawing:
    """For each input the change at its P5 (light) and at its P95 (dark)."""
    reach = max(max(abs(low), abs(high)) for _, low, high in rows) or 1.0
    axis = Axis(-reach * 1.1, reach * 1.1, LABELS, WIDTH - RIGHT)
    shown = [Bar(label, 0.0) for label, _, _ in rows]
    drawing = _frame(shown, axis, text)
    zero = axis.at(0.0)
    for place, (_, low, high) in enumerate(rows):
        y = _y(shown, place)
        for value, color in sorted(((low, LIGHT), (high, ACCENT)), key=lambda pair: -abs(pair[0])):
            left, right = sorted((zero, axis.at(value)))
            drawing.add(Rect(left, y + 3, max(0.5, right - left), ROW - 7, fillColor=color, strokeColor=None))
    drawing.add(Line(zero, 14, zero, drawing.height, strokeColor=INK, strokeWidth=0.8))
    return drawing


def curves(lines: Sequence[Curve], text: Text, height: float = 190.0) -> Drawing:
    """Curves over the months, with a legend below."""
    months = len(lines[0].values) - 1
    legend = 13.0 * len(lines)
    drawing = Drawing(WIDTH, height + legend + 20)
    top = max(max(line.values) for line in lines)
    bottom = min(0.0, *(min(line.values) for line in lines))
    across = Axis(0.0, float(max(1, months)), 55.0, WIDTH - 15)
    up = Axis(bottom, top * 1.05 or 1.0, legend + 22, legend + height + 12)
    for tick in up.ticks():
        drawing.add(Line(across.left, up.at(tick), across.right, up.at(tick), strokeColor=LINE, strokeWidth=0.4))
        drawing.add(_string(across.left - 4, up.at(tick) - 2.5, text(tick), anchor="end"))
    for month in range(0, months + 1, 6 if months > 12 else 1):
        drawing.add(_string(across.at(month), legend + 10, str(month), anchor="middle"))
    for number, line in enumerate(lines):
        color = PALETTE[number % len(PALETTE)]
        points = [place for month, value in enumerate(line.values) for place in (across.at(month), up.at(value))]
        drawing.add(PolyLine(points, strokeColor=color, strokeWidth=1.6))
        y = legend - 13.0 * (number + 1) + 4
        drawing.add(Line(across.left, y + 3, across.left + 18, y + 3, strokeColor=color, strokeWidth=2))
        drawing.add(_string(across.left + 24, y, line.label))
    return drawing


def _frame(rows: Sequence[Bar], axis: Axis, text: Text) -> Drawing:
    """Labels on the left, grid and figures of the axis below."""
    drawing = Drawing(WIDTH, len(rows) * ROW + 20)
    for tick in axis.ticks():
        x = axis.at(tick)
        drawing.add(Line(x, 14, x, drawing.height, strokeColor=LINE, strokeWidth=0.4))
        drawing.add(_string(x, 4, text(tick), anchor="middle"))
    for place, row in enumerate(rows):
        drawing.add(_string(0, _y(rows, place) + 4, _cut(row.label), color=INK if row.is_strong else GREY))
    return drawing


def _y(rows: Sequence[Bar], place: int) -> float:
    return 16 + (len(rows) - 1 - place) * ROW


def _string(x: float, y: float, words: str, anchor: str = "start", color: Color = INK, *, bold: bool = False) -> String:
    font = BOLD if bold else REGULAR
    return String(x, y, printable(words), fontName=font, fontSize=SIZE, fillColor=color, textAnchor=anchor)


def _cut(words: str) -> str:
    """The label as far as it fits beside the chart."""
    text = printable(words)
    if stringWidth(text, REGULAR, SIZE) <= LABELS - 8:
        return text
    while text and stringWidth(text + "…", REGULAR, SIZE) > LABELS - 8:
        text = text[:-1]
    return text.rstrip() + "…"


def _round_step(raw: float) -> float:
    power = 10.0 ** floor(log10(raw)) if raw > 0 else 1.0
    return next((step * power for step in (1, 2, 5, 10) if step * power >= raw), 10 * power)
