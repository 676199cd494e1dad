"""Charts carry the contract's figures, the reader's language and one colour per cost line."""

import pytest
from documents import BEST, assessment, baseline_report

from advisor.phrases import LINES
from dashboards import charts


def rows_of(chart):
    """The rows of all layers, by the data set they are in."""
    document = chart.to_dict()
    return [row for rows in document["datasets"].values() for row in rows]


def layers(chart):
    return chart.to_dict()["layer"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_intervals_carry_median_and_range_of_every_option_in_order_of_rank(language):
    options = assessment().options
    chart = charts.cost_intervals(options, "48", language)
    rows = {row["id"]: row for row in rows_of(chart)}
    assert list(rows) == [option.id for option in options]
    for option in options:
        row, total = rows[option.id], option.cost.total
        assert (row["low"], row["median"], row["high"]) == (total.p5, total.p50, total.p95)
        assert ("ausgeschlossen" in row["label"] or "excluded" in row["label"]) is not option.feasible
    assert layers(chart)[0]["encoding"]["y"]["sort"] == list(rows)


def test_costs_far_apart_are_drawn_on_a_logarithmic_axis_that_says_so():
    axis = layers(charts.cost_intervals(assessment().options, "48", "de"))[0]["encoding"]["x"]
    assert axis["scale"]["type"] == "log"
    assert axis["title"] == "Kosten über 48 Monate, EUR, logarithmisch"


def test_costs_close_together_are_drawn_from_zero():
    axis = layers(charts.cost_intervals(assessment().options[:3], "48", "en"))[0]["encoding"]["x"]
    assert axis["scale"] == {"zero": True}
    assert axis["title"] == "Cost over 48 months, EUR"


def test_numbers_on_axes_follow_the_language():
    for language, sign in (("de", ","), ("en", ".")):
        config = charts.cost_intervals(assessment().options, "48", language).to_dict()["config"]
        assert config["locale"]["number"]["decimal"] == sign


def test_stacked_lines_add_up_to_the_mean_and_leave_out_what_costs_nothing():
    options = assessment().options[:2]
    rows = [row for row in rows_of(charts.cost_lines(options, "48", "de")) if row["id"] == BEST]
    drawn = {row["line"]: row["mean"] for row in rows}
    assert drawn.keys() == {"Einbindung", "Hardware", "Personal Betrieb"}
    assert sum(drawn.values()) == pytest.approx(sum(line.mean for line in options[0].cost.lines))


def test_a_cost_line_has_the_same_colour_whatever_else_is_drawn():
    def colours(options):
        scale = layers(charts.cost_lines(options, "48", "en"))[0]["encoding"]["color"]["scale"]
        return dict(zip(scale["domain"], scale["range"], strict=True))

    options = assessment().options
    everything, one = colours(options), colours(options[:1])
    assert one.items() <= everything.items()
    assert len(set(everything.values())) == len(everything)


def test_quality_carries_the_interval_and_marks_the_stand_in_in_words():
    chart = charts.quality_intervals(baseline_report(), "de")
    rows = {row["id"]: row for row in rows_of(chart)}
    assert rows["proprietary"]["median"] == 1.0
    assert rows["in-house"]["low"] < rows["in-house"]["median"] < rows["in-house"]["high"]
    assert "Platzhalter" in rows["stand-in"]["label"] and "Platzhalter" not in rows["in-house"]["label"]
    assert layers(chart)[0]["encoding"]["x"]["scale"] == {"domain": [0, 1]}


def test_labels_are_readable_on_light_and_dark_pages():
    def label(dark):
        return layers(charts.quality_intervals(baseline_report(), "de", dark=dark))[-1]["encoding"]["color"]["value"]

    assert label(True) != label(False)


def test_every_cost_line_has_a_colour_of_its_own():
    assert len(charts.LINE_COLOURS) == len(set(charts.LINE_COLOURS)) == len(LINES["en"]) == len(LINES["de"])
