"""Stored assessments in other forms over HTTP, and through the typed client."""

import csv
import io

import httpx
import pytest
from documents import assessment, case, fake_assess
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.client import AdvisorClient, NotFound

NOWHERE = "018f0000-0000-7000-8000-000000000000"
FORMS = {
    ".md": ("text/markdown", b"# "),
    ".pdf": ("application/pdf", b"%PDF-"),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    "/focus.csv": ("text/csv", b"BilledCost,"),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('exports')}/store.db"
    with TestClient(create_app(database_url=url, assess=fake_assess, catalog=load_catalog())) as client:
        yield client


@pytest.fixture(scope="module")
def address(service):
    made = service.post("/v1/assessments", json={"case": case().model_dump(mode="json")})
    return made.headers["location"]


@pytest.mark.parametrize(("ending", "form"), FORMS.items())
def test_each_form_has_its_media_type_name_and_content(service, address, ending, form):
    media_type, beginning = form
    answer = service.get(address + ending)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.content.startswith(beginning)
    identity = address.rpartition("/")[2]
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="assessment-{identity}.')
    assert service.get(address + ending).content == answer.content


def test_the_language_is_a_parameter(service, address):
    assert "Empfehlung" in service.get(f"{address}.md", params={"language": "de"}).text
    assert "Empfehlung" not in service.get(f"{address}.md").text
    wrong = service.get(f"{address}.md", params={"language": "fr"})
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["field"] == "language"


@pytest.mark.parametrize("ending", FORMS)
def test_an_unknown_assessment_is_a_404_problem(service, ending):
    answer = service.get(f"/v1/assessments/{NOWHERE}{ending}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert NOWHERE in answer.json()["detail"]


@pytest.mark.parametrize("name", ["nonsense", "nonsense.pdf", f"{NOWHERE}.docx"])
def test_an_address_that_there_is_not_is_a_404_problem(service, name):
    answer = service.get(f"/v1/assessments/{name}")
    assert answer.status_code == 404 and f"nothing at /v1/assessments/{name}" in answer.json()["detail"]


@pytest.mark.parametrize(("ending", "form"), FORMS.items())
def test_a_caller_that_accepts_something_else_gets_a_406_problem(service, address, ending, form):
    answer = service.get(address + ending, headers={"Accept": "image/png"})
    assert answer.status_code == 406 and answer.json()["status"] == 406
    assert form[0] in answer.json()["detail"] and "image/png" in answer.json()["detail"]


def test_the_document_names_each_form_with_its_media_type(service):
    paths = service.get("/schema/openapi.json").json()["paths"]
    for ending, (media_type, _) in FORMS.items():
        operation = paths["/v1/assessments/{assessment_id}" + ending]["get"]
        assert list(operation["responses"]["200"]["content"]) == [media_type]
        assert {"404", "406"} <= set(operation["responses"])
        told = [item["name"] for item in operation["parameters"] if item["in"] != "header"]
        assert told == ["assessment_id", "language"]
    plain = paths["/v1/assessments/{assessment_id}"]["get"]["parameters"]
    assert [(item["name"], item["schema"]) for item in plain if item["in"] != "header"] == [
        ("assessment_id", {"type": "string", "format": "uuid"})
    ]


def test_the_client_reads_every_form(service, address):
    def forward(request):
        answer = service.request(request.method, request.url.raw_path.decode(), headers=dict(request.headers))
        headers = {"content-type": answer.headers["content-type"]}
        return httpx.Response(answer.status_code, content=answer.content, headers=headers)

    identity = address.rpartition("/")[2]
    with AdvisorClient("http://advisor.example", transport=httpx.MockTransport(forward)) as client:
        assert client.report_markdown(identity, language="de").startswith(f"# {assessment().case.name}")
        assert client.report_pdf(identity).startswith(b"%PDF-")
        assert client.workbook(identity).startswith(b"PK")
        assert next(csv.reader(io.StringIO(client.focus_csv(identity))))[0] == "BilledCost"
        with pytest.raises(NotFound, match=NOWHERE):
            client.report_pdf(NOWHERE)
