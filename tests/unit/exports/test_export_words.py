"""Words of the exports: figures without idle zeros, translations where a record carries them."""

from types import SimpleNamespace

import pytest
from documents import assessment

from advisor.contracts.assessment import Caution
from advisor.exports.words import (
    confidence_text,
    figure,
    gate_text,
    nothing_text,
    risk_texts,
    source_text,
    warning_text,
)


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [(8.0, "8", "8"), (0.02, "0.02", "0,02"), (7562.5, "7,562", "7.562"), (5.481, "5.481", "5,481"), (0.0, "0", "0")],
)
def test_figures_end_with_a_digit_that_says_something(value, english, german):
    assert (figure(value, "en"), figure(value, "de")) == (english, german)


def test_a_translation_is_shown_where_the_record_has_one_and_no_english_where_not():
    translated = SimpleNamespace(reason="too far", translations=(SimpleNamespace(language="de", text="zu weit"),))
    bare = SimpleNamespace(reason="too far", translations=())
    assert [gate_text(gate, "de") for gate in (translated, bare)] == ["zu weit", ""]
    assert gate_text(translated, "en") == "too far"


def test_a_risk_names_the_role_that_answers_for_it():
    german = SimpleNamespace(language="de", reason="Grund", mitigation="Maßnahme", owner="Fachbereich")
    risk = SimpleNamespace(name="bias", reason="why", mitigation="test", owner="business", translations=(german,))
    assert risk_texts(risk, "en") == ("bias", "why", "test (business)")
    assert risk_texts(risk, "de") == ("Verzerrung", "Grund", "Maßnahme (Fachbereich)")


def test_nothing_feasible_is_said_in_the_language_of_the_reader():
    german = SimpleNamespace(language="de", text="nichts geht")
    found = SimpleNamespace(nothing_feasible=SimpleNamespace(headline="nothing goes", translations=(german,)))
    assert [nothing_text(found, language) for language in ("en", "de")] == ["nothing goes", "nichts geht"]
    assert nothing_text(assessment(), "en") == ""


def test_warnings_have_german_words_also_for_codes_that_come_later():
    assert warning_text(Caution(code="open_question.latency", message="measure"), "de") == "Offene Frage: Antwortzeit."
    assert warning_text(Caution(code="quality_assumed", message="expected"), "de").startswith("Die Qualität")
    assert warning_text(Caution(code="brand_new", message="english"), "de") == "Hinweis „brand new“."


def test_words_of_ours_in_sources_are_translated_and_citations_stay():
    assert source_text("the case: minutes per request", "de") == "der Fall: minutes per request"
    assert source_text("Wu et al. 2023", "de") == "Wu et al. 2023"
    assert source_text("the case", "en") == "the case"


def test_a_warning_in_the_language_goes_before_the_general_words():
    german = SimpleNamespace(language="de", text="die Datenschutzbeauftragten entscheiden")
    warning = SimpleNamespace(code="open_question.sensitivity", message="x", translations=(german,))
    assert warning_text(warning, "de") == german.text


def test_an_assessment_without_advice_says_so_instead_of_a_confidence():
    found = assessment()
    assert confidence_text(found, "de") == "wahrscheinlich"
    none = SimpleNamespace(recommendation=SimpleNamespace(verdict="none", confidence="clear"))
    assert [confidence_text(none, language) for language in ("en", "de")] == ["nothing feasible", "nichts zulässig"]
