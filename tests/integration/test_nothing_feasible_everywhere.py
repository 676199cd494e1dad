"""A case without a way, through the program, over HTTP and on the dashboard."""

import json
import subprocess
import sys

import streamlit as st
from litestar.testing import TestClient
from streamlit.testing.v1 import AppTest

from advisor.api.app import create_app
from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import Assessment
from advisor.contracts.case import Case
from dashboards.gate_tables import relaxations, risks

IMPOSSIBLE = {
    "name": "No way",
    "use_case": {"task": "chat", "requests_per_month": 5000},
    "budget": {"total": 100, "deadline_months": 0.2},
}


def test_the_program_answers_with_exit_code_zero_in_both_languages(tmp_path):
    (tmp_path / "case.yaml").write_text(json.dumps(IMPOSSIBLE), encoding="utf-8")
    for language, words in (
        ("en", ["nothing feasible", "Nothing is feasible", "What would have to be relaxed"]),
        ("de", ["nichts zulässig", "Nichts ist zulässig", "Was gelockert werden müsste"]),
    ):
        for form in ("table", "markdown"):
            command = [sys.executable, "-m", "advisor.cli", "assess", "case.yaml", "--draws", "300"]
            command += ["--language", language, "--format", form]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            assert [word for word in words if word not in done.stdout] == []


def test_the_service_answers_and_keeps_it(tmp_path):
    app = create_app(database_url=f"sqlite:///{tmp_path}/store.db", assess=assess, catalog=load_catalog())
    with TestClient(app) as client:
        answer = client.post("/v1/assessments", json={"case": IMPOSSIBLE, "draws": 300})
        assert answer.status_code == 201, answer.text
        made = answer.json()
        kept = client.get("/v1/assessments").json()
    found = Assessment.model_validate(made.get("assessment", made))
    assert found.recommendation.verdict == "none"
    assert found.nothing_feasible.cheapest.relaxations
    assert kept


def test_the_dashboard_says_what_to_relax_and_lists_risks():
    result = assess(Case.model_validate(IMPOSSIBLE), catalog=load_catalog(), draws=300)
    german, english = relaxations(result, "de"), relaxations(result, "en")
    assert len(german) == len(english) == len(result.nothing_feasible.options)
    assert "**Termin**: Termin in" in german[0]["Was gelockert werden müsste"]
    assert "**Deadline**: deadline in" in english[0]["What would have to be relaxed"]
    assert [row["Risiko"] for row in risks(result, "de")] == ["Verzerrung"]


def test_the_page_draws_it(monkeypatch):
    result = assess(Case.model_validate(IMPOSSIBLE), catalog=load_catalog(), draws=300)

    def page() -> None:
        from dashboards.views import decision

        decision.show("de")

    from dashboards.views import decision

    monkeypatch.setattr(decision, "_picked", lambda language: result)
    st.cache_data.clear()
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    assert "Was gelockert werden müsste" in [part.value for part in app.subheader]
    assert any("Nichts ist zulässig" in str(part.value) for part in app.markdown)
