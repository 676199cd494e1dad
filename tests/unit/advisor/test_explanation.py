"""The advice in words: reasons that can be traced, parts that add up, words for the confidence, the roadmap."""

import re
from pathlib import Path

import numpy as np
import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.explain import confidence
from advisor.files import read_contract
from advisor.phrases import title
from advisor.reasons import contributions_of, rounded_parts
from advisor.report import markdown, table_text
from advisor.roadmap import LAST, MONTH_SHARES, months_of, parts_of_line, steps_used

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
INTERVAL_LEVEL = "(90 % between"
NUMBER = re.compile(r"[<>]?\d[\d,.]*%?")
ENGLISH = re.compile(r"\b(the|and|which|with|than|against|between|needed|per month|not)\b")


@pytest.fixture(scope="module")
def results():
    catalog = load_catalog()
    return {name: assess(read_contract(EXAMPLES / f"{name}.yaml", Case), catalog=catalog, draws=600) for name in NAMES}


def numbers_of(result, sentence):
    """Numbers of a sentence; names of models carry digits too, and 90 % is the level of every interval."""
    for option in result.options:
        sentence = sentence.replace(title(option, "en"), "").replace(option.label, "")
    return [found.rstrip(".,") for found in NUMBER.findall(sentence.replace(INTERVAL_LEVEL, ""))]


def pointed(result, pointer):
    value = result.model_dump(mode="json")
    for part in pointer.strip("/").split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_every_reason_is_a_figure_that_points_to_its_lines(results, name):
    result = results[name]
    advice = result.recommendation
    assert len(advice.reasons) >= 3
    for place, sentence in enumerate(advice.reasons):
        shown = [figure.shown.split("\N{NO-BREAK SPACE}")[0] for figure in advice.figures if figure.reason == place]
        assert sorted(numbers_of(result, sentence)) == sorted(shown)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_of_a_reason_is_the_sum_of_what_it_points_to(results, name):
    result = results[name]
    for figure in result.recommendation.figures:
        plus = sum(pointed(result, pointer) for pointer in figure.plus)
        minus = sum(pointed(result, pointer) for pointer in figure.minus)
        assert figure.plus or figure.minus
        assert figure.value == pytest.approx(plus - minus, abs=1e-6 * max(1.0, abs(plus)))


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_blocks_add_up_to_the_difference_to_the_runner_up(results, name):
    result = results[name]
    best = result.options[0]
    second = next(option for option in result.options if option.id == result.recommendation.runner_up_id)
    parts = sum(part.difference for part in result.recommendation.contributions)
    assert result.recommendation.contributions == contributions_of(best, second)
    tolerance = 1e-3 * max(best.cost.total.mean, second.cost.total.mean)
    assert parts == pytest.approx(second.cost.total.mean - best.cost.total.mean, abs=tolerance)
    total, *blocks = (float(found.replace(",", "")) for found in numbers_of(result, result.recommendation.reasons[0])
                      if "%" not in found)  # fmt: skip
    signs = [-1.0 if mark == "−" else 1.0 for mark in re.findall(r"[+−](?=\d)", result.recommendation.reasons[0])]
    assert sum(sign * block for sign, block in zip(signs, blocks, strict=True)) == pytest.approx(total)


def test_rounded_parts_keep_their_sum():
    """Three digits of the largest: the step is 100; 12,340 + 5,160 + 250 = 17,750, shown as 17,800 (half to even)."""
    parts = rounded_parts([12_340.0, 5_160.0, 250.0])
    assert sum(parts) == 17_800
    assert all(part % 100 == 0 for part in parts)
    assert rounded_parts([0.0, 0.0]) == [0.0, 0.0]
    assert rounded_parts([-120.0, 20.0]) == [-120.0, 20.0]


@pytest.mark.parametrize(
    ("p_best", "p95_regret", "mean_cost", "word"),
    [
        (0.8, 10.0, 100.0, "clear"),
        (0.799, 10.0, 100.0, "likely"),
        (0.8, 100.0, 100.0, "clear"),
        (0.8, 100.1, 100.0, "likely"),
        (0.5, 10.0, 100.0, "likely"),
        (0.499, 10.0, 100.0, "open"),
        (0.0, None, 100.0, "open"),
    ],
)
def test_words_for_confidence_are_bound_to_numbers(p_best, p95_regret, mean_cost, word):
    assert confidence(p_best, p95_regret, mean_cost) == word


@pytest.mark.parametrize("name", NAMES)
def test_the_months_of_the_roadmap_add_up_to_the_time_to_value(results, name):
    result = results[name]
    steps = result.recommendation.roadmap
    assert [step.step for step in steps] == list(range(1, 11))
    assert sum(step.months for step in steps) == pytest.approx(result.options[0].time_to_value_months.p50, abs=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_money_of_the_roadmap_adds_up_to_the_one_off_lines_and_the_last_step_is_per_month(results, name):
    result = results[name]
    best, steps = result.options[0], result.recommendation.roadmap
    wanted = sum(line.mean for line in best.cost.lines if line.phase == "one_off")
    found = sum(step.cost.mean for step in steps if step.cost is not None and step.cost_per == "step")
    assert found == pytest.approx(wanted, rel=2e-3, abs=1.0)
    last = steps[LAST - 1]
    months = next(row.value for row in result.assumptions if row.name == "horizon_months")
    recurring = sum(line.mean for line in best.cost.lines if line.phase == "recurring")
    assert last.cost_per == "month"
    assert last.cost.mean == pytest.approx(recurring / months, rel=2e-3, abs=1.0)


@pytest.mark.parametrize("name", NAMES)
def test_every_input_and_line_that_a_step_names_exists(results, name):
    result = results[name]
    known = {row.name for row in result.assumptions}
    lines = {line.name for line in result.options[0].cost.lines}
    for step in result.recommendation.roadmap:
        assert set(step.inputs) <= known
        assert set(step.lines) <= lines
        assert all(one.fte_months >= 0 for one in step.people)


def test_people_are_positions_times_months(results):
    for result in results.values():
        for step in result.recommendation.roadmap:
            for one in step.people:
                if step.cost_per == "step" and one.fte is not None:
                    assert one.fte * step.months == pytest.approx(one.fte_months, rel=0.02)


def test_every_one_off_line_is_divided_whole_over_steps_that_the_option_takes(results):
    for result in results.values():
        for option in result.options:
            for line in option.cost.lines:
                parts = parts_of_line(line.name, option)
                assert sum(parts.values()) == pytest.approx(1.0)
                assert set(parts) <= set(steps_used(option))


def test_months_without_a_share_stay_in_the_first_step():
    assert months_of([0.0, 0.0], 2.0) == [2.0, 0.0]
    assert sum(months_of(MONTH_SHARES, 4.43)) == pytest.approx(4.43)
    assert np.all(np.array(months_of(MONTH_SHARES, 0.05)) >= -0.02)


@pytest.mark.parametrize("name", NAMES)
def test_the_german_advice_holds_no_english_sentence(results, name):
    german = results[name].recommendation.translations[0]
    texts = [german.headline, german.confidence_reason, *german.reasons, *german.what_would_change_it]
    texts += [*german.measure_first, *(step.title for step in german.roadmap), *(s.detail for s in german.roadmap)]
    for text in texts:
        assert not ENGLISH.search(text), text


@pytest.mark.parametrize(("language", "words"), [("en", "Roadmap of the"), ("de", "Fahrplan der empfohlenen Option")])
def test_table_and_markdown_show_the_roadmap_and_what_to_measure(results, language, words):
    result = results[NAMES[0]]
    for text in (markdown(result, language), table_text(result, language)):
        assert words in text
        assert {"en": "What to measure first", "de": "Was zuerst zu messen ist"}[language] in text


@pytest.mark.parametrize("name", NAMES)
def test_prices_rates_and_sizes_stand_among_the_inputs_with_source(results, name):
    result = results[name]
    rows = {row.name: row for row in result.assumptions}
    assert len(rows) == len(result.assumptions)
    assert {"usd_per_eur", "horizon_months"} <= set(rows)
    for option in result.options:
        if option.kind in ("proprietary_api", "hosted_open_api"):
            assert rows[f"output_usd_per_mtok.{option.id}"].value > 0
        if option.accelerator is not None:
            assert rows[f"peak_flop_per_s.{option.accelerator}"].source


def test_how_hardware_is_held_is_said_in_the_readers_language(results):
    result = results["insurer_claims_letters"]
    assert ", bought)" in markdown(result, "en")
    german = markdown(result, "de")
    assert ", gekauft)" in german
    assert ", bought)" not in german
