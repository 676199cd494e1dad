"""Staged paths and pruned candidates in words, in both languages."""

from pathlib import Path

import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.files import read_contract
from advisor.report import markdown
from advisor.staged_text import HEADINGS, pruned_lines, staged_lines

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"


@pytest.fixture(scope="module")
def result():
    return assess(
        read_contract(EXAMPLES / "machine_builder_service_desk.yaml", Case), catalog=load_catalog(), draws=500
    )


def test_a_path_names_its_trigger_its_date_and_what_stays(result):
    (line, *_) = staged_lines(result, "de")
    path = result.staged[0]
    assert path.decision_date in line
    assert "Umsteigen ab" in line or "Umsteigen, wenn" in line or "nirgends" in line
    assert "Prüfmenge" in line
    assert "evaluation set" in staged_lines(result, "en")[0]


def test_a_path_is_reckoned_from_options_that_are_shown(result):
    shown = {option.id: option for option in result.options}
    for path in result.staged:
        assert shown[path.pilot_option_id].hardware is None
        assert shown[path.target_option_id].hardware is not None
        assert path.pilot_cost.p50 < path.total.p50


def test_every_pruned_candidate_has_a_line_with_what_decided(result):
    for language, word in (("en", "better in"), ("de", "besser bei")):
        lines = pruned_lines(result, language)
        assert len(lines) == len(result.pruned)
        assert any(word in line for line in lines)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_document_has_both_sections(result, language):
    text = markdown(result, language)
    for heading in HEADINGS[language].values():
        assert f"## {heading}" in text


def test_warnings_speak_german_too(result):
    own = {"error_cost_not_counted", "quality_assumed"}
    found = {each.code: each for each in result.warnings if each.code in own}
    assert set(found) == own
    assert all(each.translations[0].language == "de" for each in found.values())
