"""The written reports of a comparison, in both languages, and what it means at a case's volume."""

import json
import re

import pytest
from baseline_server import Server

from advisor import cli
from advisor.baseline.endpoints import _rows, preset
from advisor.baseline.render import html, markdown
from advisor.baseline.targets import parse_targets
from advisor.baseline.words import SENTENCES, WORDS, number, translated
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.errors import BadInput, UnknownName
from advisor.files import read_contract

PRICED = "openai/gpt-4.1-mini"


@pytest.fixture
def report(tmp_path):
    """A bought and an in-house endpoint on ten questions of two contracts, at a case's volume."""
    bought, own = Server(), Server(wrong=["q3", "q4"])
    suite, case = tmp_path / "suite.jsonl", tmp_path / "case.yaml"
    lines = [
        {"id": f"{k}", "messages": [{"role": "user", "content": f"energy|q{k}" if k % 2 else f"q{k}"}]}
        | {"expected": f"q{k}", "task": "classification", "language": "de" if k < 5 else "en"}
        for k in range(10)
    ]
    suite.write_text("".join(json.dumps(line) + "\n" for line in lines))
    case.write_text(
        "name: desk\nuse_case: {task: classification, requests_per_month: 1000, error_cost_per_request: 2}\n"
        "budget: {currency: EUR}\n"
    )
    targets = [f"vendor={bought.url},role=proprietary,price={PRICED}", f"own={own.url}"]
    command = ["baseline", "run", str(suite), "--output", str(tmp_path / "r.json"), "--yes", "--case", str(case)]
    try:
        assert cli.main([*command, "--target", targets[0], "--target", targets[1]]) == 0
    finally:
        bought.close()
        own.close()
    return read_contract(tmp_path / "r.json", BaselineReport)


def test_volume_turns_scores_and_prices_into_a_year(report):
    """12,000 requests a year; the own model got two of ten wrong at 2 EUR each."""
    vendor, own = report.at_volume
    assert vendor.requests_per_year == 12_000 and vendor.currency == "EUR"
    each = report.results[0].cost_usd / 10
    assert vendor.cost_per_year == pytest.approx(12_000 * each / 1.13, rel=0.2), "in euros at the catalogue's rate"
    assert own.wrong_per_year.p50 == pytest.approx(2_400)
    assert own.error_cost_per_year.p50 == pytest.approx(4_800)
    assert own.wrong_per_year.p5 < 2_400 < own.wrong_per_year.p95
    assert own.cost_per_year is None and "hardware" in own.note


def test_a_bought_endpoints_energy_is_modelled_and_says_so(report):
    vendor, own = report.results
    assert vendor.energy_j_per_request is None and "modelled, not measured" in vendor.energy_modelled_note
    spread = vendor.energy_modelled_j_per_request
    assert 0 < spread.p5 < spread.p50 < spread.p95
    assert own.energy_modelled_j_per_request is None, "an in-house model is measured or not known"
    assert "modelled: " in markdown(report) and "modelliert: " in markdown(report, "de")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_stands_alone(report, language):
    page = html(report, language)
    assert f'<html lang="{language}">' in page and "<script" not in page
    outside = re.findall(r"(?:href|src)=\"([^\"#][^\"]*)\"", page)
    assert not outside, outside
    assert page.count("<svg ") == 1 and "vendor" in page
    assert "aria-label" in page


def test_the_german_report_has_no_english_sentence_left(report):
    text = markdown(report, "de")
    for english, _ in WORDS.values():
        if "{" not in english and " " in english and len(english) > 12:
            assert english not in text
    for pattern, _ in SENTENCES:
        assert not re.search(rf"^- {pattern}$", text, re.MULTILINE), pattern
    assert "Keine Messung" not in text and "vendor minus own: +0,200" in text


def test_every_kept_sentence_has_its_german():
    assert translated("x: 3 answers were cut off at the limit of tokens", "de") == (
        "x: 3 Antworten wurden an der Tokengrenze abgeschnitten"
    )
    assert translated("a sentence nobody knows", "de") == "a sentence nobody knows"
    assert number(12345.5, "de", 1) == "12.345,5" and number(None, "de", 1) == "nicht bekannt"


def test_markup_in_a_name_does_not_reach_the_page(report):
    evil = report.model_copy(update={"suite": "<script>alert(1)</script>"})
    assert "<script>" not in html(evil) and "&lt;script&gt;" in html(evil)


def test_a_provider_is_named_by_its_preset(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    (spec,) = parse_targets(["gpt=@openai,model=gpt-4.1-mini"])
    assert spec.base_url == "https://api.openai.com/v1" and spec.role == "proprietary"
    assert spec.key_env == "OPENAI_API_KEY" and spec.token_limit == "max_completion_tokens"
    assert spec.temperature is None and spec.price_model == PRICED
    (own,) = parse_targets(["gpt=@openai,model=gpt-4.1-mini,temperature=0,price=openai/gpt-5"])
    assert own.temperature == 0.0 and own.price_model == "openai/gpt-5"


def test_a_preset_needs_its_key_a_model_and_a_name_that_is_known(monkeypatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    with pytest.raises(BadInput, match="GROQ_API_KEY is not set"):
        parse_targets(["x=@groq,model=m"])
    with pytest.raises(BadInput, match="model="):
        parse_targets(["x=@groq"])
    with pytest.raises(UnknownName, match="openrouter"):
        parse_targets(["x=@openroter,model=m"])


def test_every_preset_is_https_with_a_source_and_a_date():
    assert len(_rows()) >= 9
    for row in _rows():
        assert row.base_url.startswith("https://") and not row.base_url.endswith("/")
        assert row.source.startswith("https://") and re.fullmatch(r"\d{4}-\d{2}", row.as_of)
        assert preset(row.id) == row
