"""Roadmap and staged paths of the report: people, money and triggers where the record has them."""

import io
from types import SimpleNamespace

import pytest
from documents import assessment, spread
from pypdf import PdfReader

from advisor.exports import pdf_plan
from advisor.exports.pdf_page import Paper


def printed(part, result, language):
    paper = Paper(title="t", author="a", foot="f", page="{n}")
    part(paper, result, language)
    paper.text("end")
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.bytes())).pages).replace("\n", " ")


def path(**changes):
    first, second = (option.id for option in assessment().options[:2])
    values = {
        "pilot_option_id": first, "target_option_id": second, "decision_date": "2027-06", "pilot_months": 6.0,
        "trigger_requests_per_month": 90_000.0, "trigger_quality_fraction": 0.7, "p_triggered": 0.25,
        "total": spread(300_000), "saving_over_best": 12_000.0,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def test_older_records_have_no_columns_for_people_and_money():
    text = printed(pdf_plan.roadmap, assessment(), "de")
    assert "Fahrplan" in text and "Geschäftsziel" in text
    assert "Personen" not in text and "Geld" not in text


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_trigger_names_volume_and_quality(language):
    found = SimpleNamespace(options=assessment().options, staged=(path(),))
    text = printed(pdf_plan.staged_paths, found, language)
    volume = {"en": "from 90,000 requests a month", "de": "ab 90.000 Anfragen im Monat"}[language]
    assert volume in text and "2027-06 (6)" in text


def test_a_path_without_trigger_says_so():
    never = path(trigger_requests_per_month=None, trigger_quality_fraction=None)
    found = SimpleNamespace(options=assessment().options, staged=(never,))
    assert "no trigger within the range" in printed(pdf_plan.staged_paths, found, "en")


def test_no_path_prints_nothing():
    assert printed(pdf_plan.staged_paths, assessment(), "en").split() == ["end", "f", "1"]


def test_a_step_names_people_and_money_and_what_goes_on_for_good(monkeypatch):
    people = (SimpleNamespace(role="ml_engineer", fte_months=1.5), SimpleNamespace(role="annotator", fte_months=0.0))
    once = SimpleNamespace(
        step=1, title="first", months=0.5, detail="do", people=people, cost=spread(12_000.0), cost_per="step"
    )
    monthly = SimpleNamespace(
        step=10, title="last", months=0.0, detail="go on", people=(), cost=spread(800.0), cost_per="month"
    )
    monkeypatch.setattr(pdf_plan, "advice_in", lambda *_: SimpleNamespace(roadmap=(once, monthly)))
    text = printed(pdf_plan.roadmap, assessment(), "en")
    assert "ML engineer 1.5" in text and "annotator" not in text
    assert " 12 " in text and "0.8 a month" in text
