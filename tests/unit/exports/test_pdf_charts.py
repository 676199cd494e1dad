"""Charts of the report: places on the axis, round ticks, extreme figures."""

import pytest
from reportlab.graphics.shapes import Line, Rect, String

from advisor.contracts.base import Interval
from advisor.exports.pdf_charts import Axis, Bar, Curve, bars, curves, intervals, tornado


def text(value):
    return f"{value:g}"


def parts(drawing, kind):
    return [part for part in drawing.contents if isinstance(part, kind)]


def span(low, middle, high):
    return Interval(p5=low, p50=middle, p95=high)


def test_a_figure_in_the_middle_of_the_range_stands_in_the_middle():
    assert Axis(0, 10, 100, 200).at(5) == 150
    assert Axis(1, 100, 100, 200, is_log=True).at(10) == pytest.approx(150)


def test_ticks_are_round_and_inside():
    assert Axis(0, 11.3, 0, 1).ticks() == [0, 2, 4, 6, 8, 10]
    assert Axis(3, 2000, 0, 1, is_log=True).ticks() == [10, 100, 1000]


def test_costs_far_apart_are_logarithmic_and_costs_with_a_zero_are_not():
    assert intervals([Bar("a", span(1, 2, 3)), Bar("b", span(100, 200, 300))], text)[1] is True
    assert intervals([Bar("a", span(0, 2, 3)), Bar("b", span(100, 200, 300))], text)[1] is False


def test_nothing_but_zeros_still_draws():
    zero = span(0, 0, 0)
    drawing, _ = intervals([Bar("a", zero)], text)
    assert parts(drawing, Rect) and parts(drawing, Line)
    assert parts(curves([Curve("a", [0.0, 0.0])], text), String)
    assert parts(tornado([("a", 0.0, 0.0)], text), Rect)


def test_a_bar_is_as_long_as_its_interval():
    drawing, _ = intervals([Bar("a", span(10, 20, 30)), Bar("b", span(10, 20, 50))], text)
    short, long = parts(drawing, Rect)
    assert long.width == pytest.approx(2 * short.width)
    assert short.x == long.x


def test_shares_run_from_zero_to_one():
    half, whole = parts(bars([Bar("a", 0.5), Bar("b", 1.0)], text), Rect)
    assert whole.width == pytest.approx(2 * half.width)


def test_the_longer_bar_of_a_tornado_lies_below_the_shorter_one():
    first, second = parts(tornado([("a", 3.0, 8.0)], text), Rect)
    assert first.width > second.width


def test_long_labels_are_cut_and_say_so():
    labels = [part.text for part in parts(bars([Bar("x" * 200, 0.5)], text), String)]
    assert any(label.startswith("xxx") and label.endswith("…") and len(label) < 120 for label in labels)
