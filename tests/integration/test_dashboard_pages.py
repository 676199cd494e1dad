"""The pages as Streamlit runs them, against a real API: content, both languages, deep links, outages."""

from pathlib import Path

import pytest
import streamlit as st
from documents import baseline_report
from streamlit.testing.v1 import AppTest

import dashboards
from advisor.client import AdvisorClient
from dashboards.cli import API_VARIABLE

pytest_plugins = ["dashboard_services"]
APP = Path(dashboards.__file__).with_name("app.py")
NOWHERE = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture
def page(monkeypatch):
    """A function that opens the dashboard on an API with a query."""

    def opened(api, **query):
        monkeypatch.setenv(API_VARIABLE, api)
        st.cache_data.clear()
        app = AppTest.from_file(str(APP), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception
        return app

    return opened


def texts(app):
    """Everything that the page says outside its tables."""
    parts = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.warning, *app.info, *app.success, *app.error]
    return "\n".join(str(part.value) for part in parts)


def cells(app):
    """Everything that stands in tables."""
    return "\n".join(table.value.to_csv() for table in [*app.table, *app.dataframe])


@pytest.mark.parametrize(
    ("language", "expected", "in_tables"),
    [
        (
            "de",
            ["Entscheidung", "Offenes Modell mit LoRA", "Sicherheit: wahrscheinlich", "Gemessene Qualität 81 %",
             "Warum Optionen ausscheiden", "Die Empfehlung ändert sich", "Qualität ist erwartet"],
            ["334.000", "nicht bekannt", "Datenstandort", "Anfragen je Monat", "angegeben", "Geschäftsziel"],
        ),
        (
            "en",
            ["Decision", "Open model, LoRA", "Confidence: likely", "Measured quality 81%",
             "Why options are excluded", "The recommendation changes", "is expected, not measured"],
            ["€334,000", "not known", "Data residency", "Requests per month", "given", "Business goal"],
        ),
    ],
)  # fmt: skip
def test_the_decision_shows_everything_in_the_chosen_language(page, filled_api, language, expected, in_tables):
    app = page(filled_api, lang=language)
    said, tabled = texts(app), cells(app)
    assert [text for text in expected if text not in said] == []
    assert [text for text in in_tables if text not in tabled] == []
    assert [metric.value for metric in app.metric][1].startswith("81")
    assert "residency" not in said.replace("Data residency", "")


def test_the_language_changes_with_the_select_box(page, filled_api):
    app = page(filled_api, lang="de")
    app.selectbox(key="lang").select("en").run()
    assert not app.exception
    assert "Ranking of the options" in texts(app) and "Rangfolge" not in texts(app)


def test_a_link_opens_one_assessment(page, filled_api):
    with AdvisorClient(filled_api) as client:
        older = next(item for item in client.assessments() if item.case_name == "Before measuring")
    app = page(filled_api, lang="en", assessment=older.id)
    assert app.selectbox(key="assessment").value == older.id
    assert older.id in texts(app)
    assert "No measurement went into this assessment" in texts(app)


def test_a_link_to_nothing_says_so_and_shows_the_newest(page, filled_api):
    app = page(filled_api, lang="en", assessment=NOWHERE)
    assert NOWHERE in app.warning[0].value
    assert "Measured quality 81%" in texts(app)


def test_an_empty_service_says_what_to_do(page, empty_api):
    assert "POST /v1/assessments" in page(empty_api, lang="de").info[0].value


@pytest.mark.parametrize(
    ("language", "cause"), [("de", "Der Rechendienst antwortet nicht."), ("en", "The advisor does not answer.")]
)
def test_an_outage_shows_cause_and_remedy(page, language, cause):
    app = page("http://127.0.0.1:1", lang=language)
    said = app.error[0].value
    assert cause in said and "127.0.0.1" in said and "advisor serve" in said
    assert app.button(key="retry")


def test_the_reader_chooses_the_options_of_the_cost_chart(page, filled_api):
    app = page(filled_api, lang="en")
    picker = app.multiselect[0]
    assert len(picker.value) == 4
    picker.set_value([]).run()
    assert not app.exception


def comparison_of(api, language):
    """The page of the comparison alone; the language comes from the entry script, which AppTest leaves out."""

    def script(language):
        from dashboards.views import comparison

        comparison.show(language)

    app = AppTest.from_function(script, default_timeout=60, kwargs={"language": language})
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(
    ("language", "expected", "in_tables"),
    [
        ("de", ["Vergleich", "Platzhalter: ein lokaler Server"], ["Platzhalter", "in-house ist besser", "✓ richtig"]),
        ("en", ["Comparison", "Stand-in: a local server"], ["stand-in", "in-house is better", "✓ right"]),
    ],
)
def test_the_comparison_shows_quality_verdicts_and_answers(
    page, filled_api, monkeypatch, language, expected, in_tables
):
    monkeypatch.setenv(API_VARIABLE, filled_api)
    st.cache_data.clear()
    app = comparison_of(filled_api, language)
    assert [text for text in expected if text not in texts(app)] == []
    assert [text for text in in_tables if text not in cells(app)] == []
    assert len(app.dataframe[0].value) == len({answer.item_id for answer in baseline_report().answers})
    app.toggle(key="only_different").set_value(True).run()
    assert len(app.dataframe[0].value) == 2


def test_without_a_comparison_the_page_says_how_to_get_one(empty_api, monkeypatch):
    monkeypatch.setenv(API_VARIABLE, empty_api)
    st.cache_data.clear()
    assert "advisor baseline run" in comparison_of(empty_api, "en").info[0].value
