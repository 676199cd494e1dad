"""The PDF report: its words, its euro sign, its pages, in both languages."""

import io
import re
import time

import pytest
from documents import assessment
from pypdf import PdfReader

from advisor.contracts.assessment import SensitivityRow
from advisor.exports.forms import render
from advisor.exports.pdf_page import printable
from advisor.exports.words import WORDS


@pytest.fixture(scope="module")
def result():
    return assessment()


def pages_of(content):
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def words_of(content):
    return " ".join(" ".join(pages_of(content)).split())


@pytest.fixture(scope="module")
def german(result):
    return words_of(render(result, "pdf", "de"))


@pytest.fixture(scope="module")
def english(result):
    return words_of(render(result, "pdf", "en"))


def test_the_headline_stands_on_the_first_page_with_the_euro_sign(result):
    first = " ".join(pages_of(render(result, "pdf", "de"))[0].split())
    assert "334.000 €" in first and "EUR" not in first
    assert result.case.name in first
    assert "Empfehlung" in first


def test_euro_sign_and_umlauts_can_be_read_out(german):
    assert "€" in german
    for word in ("Bedingungen", "nächstbesten", "Qualität", "erfüllt"):
        assert word in german


def test_every_page_carries_number_catalogue_and_seed(result):
    pages = pages_of(render(result, "pdf", "en"))
    assert len(pages) > 3
    for place, text in enumerate(pages, 1):
        assert f"page {place} of {len(pages)}" in text
        assert result.catalog_version in text and f"seed {result.seed}" in text and result.id in text


def test_options_charts_inputs_and_sources_are_there(result, english):
    for key in ("options", "chart_best", "gates_heading", "risks", "assumptions", "warnings"):
        assert WORDS["en"][key] in english
    for row in result.assumptions:
        assert row.name[:12] in english


def test_reasons_are_those_of_the_assessment_in_the_language(result, german, english):
    assert "18,400 € cheaper on average" in english and "18.400 € günstiger" in german
    assert result.recommendation.translations[0].what_would_change_it[0][:40] in german


def test_a_german_report_has_no_english_sentence_of_gates_or_words(result, german):
    reasons = {gate.reason for option in result.options for gate in option.gates}
    assert not [reason for reason in reasons if reason in german]
    ours = {text.partition("{")[0].strip() for text in WORDS["en"].values()}
    assert not [text for text in ours if len(text) > 14 and text in german]


def test_the_languages_have_the_same_words_with_the_same_gaps():
    assert WORDS["en"].keys() == WORDS["de"].keys()
    for key, text in WORDS["en"].items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", WORDS["de"][key])), key


def test_the_same_assessment_gives_the_same_bytes_at_another_time(result):
    first = render(result, "pdf", "en")
    time.sleep(1.1)
    assert render(result, "pdf", "en") == first


def test_characters_without_a_glyph_are_replaced_and_markup_is_text(result):
    assert printable("CO₂ → 5\N{NARROW NO-BREAK SPACE}€") == "CO2 -> 5\N{NO-BREAK SPACE}€"
    assert printable("漢") == "?"
    named = result.model_copy(update={"case": result.case.model_copy(update={"name": "A & <b>bold</b> 漢"})})
    assert "A & <b>bold</b> ?" in words_of(render(named, "pdf", "en"))


def test_an_assessment_without_sensitivity_warnings_and_roadmap_still_prints(result):
    advice = result.recommendation.model_copy(update={"roadmap": (), "translations": ()})
    bare = result.model_copy(
        update={"sensitivity": (), "value_of_information": (), "warnings": (), "recommendation": advice}
    )
    assert WORDS["en"]["chart_tornado"].partition(",")[0] not in words_of(render(bare, "pdf", "en"))
    flat = result.model_copy(update={"sensitivity": (SensitivityRow(input="x", low_effect=0, high_effect=0),)})
    assert WORDS["en"]["chart_tornado"].partition(",")[0] not in words_of(render(flat, "pdf", "en"))
