"""Two assessments side by side: what changed, and what it comes from."""

import pytest
from documents import assessment

from advisor.contracts.assessment import Interval
from advisor.exports.compare import compare
from advisor.exports.compare_text import SAY, comparison_markdown, comparison_table


@pytest.fixture
def older():
    return assessment()


def with_option(result, place, **changes):
    options = list(result.options)
    options[place] = options[place].model_copy(update=changes)
    return result.model_copy(update={"options": tuple(options)})


def test_an_assessment_differs_in_nothing_from_itself(older):
    found = compare(older, older)
    assert (found.causes, found.facts, found.case_fields, found.inputs, found.gates, found.lines) == ((),) * 6
    assert [row.older == row.newer for row in found.options] == [True] * len(older.options)
    assert "same question with the same answer" in comparison_markdown(found, "en")


def test_a_field_of_the_case_is_named_with_both_values(older):
    budget = older.case.budget.model_copy(update={"total": 1_234_567.0})
    newer = older.model_copy(update={"case": older.case.model_copy(update={"budget": budget})})
    found = compare(older, newer)
    assert found.causes == ("case",)
    (field,) = found.case_fields
    assert (field.field, field.before_text, field.after_text) == ("budget.total", "4000000", "1234567")


def test_seed_and_catalogue_are_told_apart(older):
    newer = older.model_copy(update={"seed": older.seed + 1, "catalog_version": "another"})
    found = compare(older, newer)
    assert found.causes == ("simulation", "catalogue")
    assert [row.field for row in found.facts] == ["seed", "catalog_version"]


def test_an_input_that_was_measured_says_so(older):
    place, row = next((n, row) for n, row in enumerate(older.assumptions) if row.origin != "measured")
    inputs = list(older.assumptions)
    inputs[place] = row.model_copy(update={"value": Interval(p5=1, p50=2, p95=3), "origin": "measured"})
    found = compare(older, older.model_copy(update={"assumptions": tuple(inputs)}))
    assert found.causes == ("measurements",)
    (moved,) = found.inputs
    assert (moved.name, moved.origin_before, moved.origin_after) == (row.name, row.origin, "measured")


def test_a_gate_that_flips_is_listed_with_both_reasons(older):
    gates = list(older.options[0].gates)
    gates[0] = gates[0].model_copy(update={"passed": False, "reason": "no longer"})
    (flip,) = compare(older, with_option(older, 0, gates=tuple(gates))).gates
    assert (flip.passed_before, flip.passed_after, flip.reason_after) == (True, False, "no longer")


def test_options_that_came_and_went_are_named(older):
    newer = older.model_copy(update={"options": older.options[1:]})
    gone = compare(older, newer).options[-1]
    assert gone.option_id == older.options[0].id and gone.newer is None and gone.older.rank == 1
    came = compare(newer, older).options[0]
    assert came.older is None and came.newer.rank == 1
    assert SAY["de"]["gone"] in comparison_markdown(compare(older, newer), "de")
    assert SAY["de"]["added"] in comparison_markdown(compare(newer, older), "de")


def test_the_lines_that_moved_most_come_first(older):
    lines = [line.model_copy(update={"mean": line.mean + n}) for n, line in enumerate(older.options[0].cost.lines)]
    cost = older.options[0].cost.model_copy(update={"lines": tuple(lines)})
    moved = compare(older, with_option(older, 0, cost=cost)).lines
    sizes = [row.after - row.before for row in moved]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == pytest.approx(len(lines) - 1)


def test_lines_in_different_currencies_are_not_compared(older):
    cost = older.options[0].cost
    dollars = cost.model_copy(update={"currency": "USD", "lines": ()})
    assert compare(older, with_option(older, 0, cost=dollars)).lines == ()


@pytest.mark.parametrize("language", ["en", "de"])
def test_text_and_table_speak_the_language(older, language):
    advice = older.recommendation.model_copy(update={"option_id": older.options[1].id})
    found = compare(older, older.model_copy(update={"recommendation": advice, "seed": older.seed + 1}))
    other = SAY["en" if language == "de" else "de"]
    for text in (comparison_markdown(found, language), comparison_table(found, language)):
        assert SAY[language]["facts"] in text and other["title"] not in text
        changed = SAY[language]["changed"].format(before=older.options[0].id, after=older.options[1].id)
        assert " ".join(changed.split()) in " ".join(text.split())
    assert SAY["en"].keys() == SAY["de"].keys()
