"""The OpenAPI document says what the service does."""

from collections.abc import Iterator
from typing import Any

import pytest
from documents import baseline_report, case, fake_assess, run_report
from jsonschema import Draft202012Validator
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('openapi')}/store.db"
    with TestClient(create_app(database_url=url, assess=fake_assess, catalog=load_catalog())) as client:
        yield client


@pytest.fixture(scope="module")
def document(client):
    return client.get("/schema/openapi.json").json()


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from nodes(part)


def test_it_is_version_three_one_and_names_every_route(document):
    assert document["openapi"].startswith("3.1")
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert operations == {
        "POST /v1/assessments",
        "GET /v1/assessments",
        "GET /v1/assessments/{assessment_id}",
        "DELETE /v1/assessments/{assessment_id}",
        "POST /v1/assessments/{assessment_id}/handoff",
        "POST /v1/cases",
        "GET /v1/cases",
        "GET /v1/cases/{case_id}",
        "DELETE /v1/cases/{case_id}",
        "GET /v1/assessments/{assessment_id}.md",
        "GET /v1/assessments/{assessment_id}.pdf",
        "GET /v1/assessments/{assessment_id}.xlsx",
        "GET /v1/assessments/{assessment_id}/focus.csv",
        "POST /v1/measurements",
        "GET /v1/measurements",
        "GET /v1/measurements/{measurement_id}",
        "DELETE /v1/measurements/{measurement_id}",
        "POST /v1/calibrations",
        "GET /v1/calibrations",
        "GET /v1/calibrations/{calibration_id}",
        "DELETE /v1/calibrations/{calibration_id}",
        "POST /v1/calibrations/{calibration_id}/revoke",
        "POST /v1/estimates/training",
        "POST /v1/estimates/memory",
        "POST /v1/estimates/serving",
        "GET /v1/catalog/models",
        "GET /v1/catalog/accelerators",
        "GET /v1/catalog/prices",
        "GET /v1/catalog/grids",
        "POST /v1/jobs",
        "GET /v1/jobs",
        "GET /v1/jobs/{job_id}",
        "DELETE /v1/jobs/{job_id}",
        "GET /v1/jobs/{job_id}/results",
        "POST /v1/jobs/{job_id}/cancel",
        "GET /v1/audit",
        "GET /healthz",
        "GET /readyz",
    }


def test_every_reference_resolves(document):
    references = {node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)}
    assert len(references) > 40
    for reference in references:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target


def test_every_object_of_a_contract_refuses_unknown_keys(document):
    schemas = document["components"]["schemas"]
    open_ones = {
        name
        for name, schema in schemas.items()
        if "properties" in schema and schema.get("additionalProperties") is not False
    }
    assert open_ones == set()
    assert not [name for name in schemas if name.endswith(("-Input", "-Output"))]


def test_unions_carry_their_discriminator(document):
    schemas = document["components"]["schemas"]
    names = {
        "run": "RunReport",
        "baseline": "BaselineReport",
        "machine": "MachineMeasurement",
        "serving": "ServingMeasurement",
    }
    mapping = {kind: f"#/components/schemas/{name}" for kind, name in names.items()}
    assert schemas["Report"]["discriminator"] == {"propertyName": "report", "mapping": mapping}
    items = schemas["AssessmentRequest"]["properties"]["measurements"]["items"]
    assert items["discriminator"]["mapping"] == mapping


def test_bounds_patterns_and_descriptions_are_there(document):
    schemas = document["components"]["schemas"]
    assert schemas["AssessmentRequest"]["properties"]["draws"]["maximum"] == 100_000
    assert schemas["Case"]["properties"]["name"]["pattern"]
    assert "seldom" not in schemas["Gate"]["description"] and "hard condition" in schemas["Gate"]["description"]


def test_every_operation_is_described_and_documents_its_errors_as_problems(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["description"] and operation["operationId"], (method, path)
            errors = {code: answer for code, answer in operation["responses"].items() if code >= "400"}
            assert {"500", "503"} <= set(errors), (method, path)
            assert ("404" in errors) is ("{" in path)
            assert ("413" in errors) is (method == "post")
            for answer in errors.values():
                schema = answer["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}


def test_no_address_elsewhere_is_needed_to_read_it(client):
    assert client.get("/schema").status_code == 404
    assert client.get("/schema").headers["content-type"] == "application/problem+json"


def conforms(document: dict[str, Any], name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(value)


def test_requests_and_answers_conform_to_their_schemas(client, document):
    request = {"case": case().model_dump(mode="json"), "measurements": [baseline_report().model_dump(mode="json")]}
    conforms(document, "AssessmentRequest", request)
    made = client.post("/v1/assessments", json=request)
    conforms(document, "Assessment", made.json())
    report = run_report().model_dump(mode="json")
    conforms(document, "Report", report)
    conforms(document, "MeasurementSummary", client.post("/v1/measurements", json=report).json())
    conforms(document, "AssessmentPage", client.get("/v1/assessments").json())
    conforms(document, "MeasurementPage", client.get("/v1/measurements").json())
    stored = client.get("/v1/measurements").json()["items"][0]["id"]
    calibration = {"measurements": [stored]}
    conforms(document, "CalibrationRequest", calibration)
    made = client.post("/v1/calibrations", json=calibration)
    conforms(document, "CalibrationSummary", made.json())
    conforms(document, "CalibrationPage", client.get("/v1/calibrations").json())
    conforms(document, "Calibration", client.get(made.headers["location"]).json())
    conforms(document, "Problem", client.get("/nothing").json())
    for table in ("Models", "Accelerators", "Prices", "Grids"):
        conforms(document, f"{table}Table", client.get(f"/v1/catalog/{table.lower()}").json())


def test_catalogue_tables_cite_their_sources(client):
    for table in ("models", "accelerators", "prices", "grids"):
        body = client.get(f"/v1/catalog/{table}").json()
        rows = [row for key, part in body.items() if key not in ("sources", "catalog_version") for row in part]
        cited = {row["source"] for row in rows if "/" not in row["source"]}
        assert rows and cited == {source["id"] for source in body["sources"]}, table


@pytest.mark.parametrize("topic", ["training", "memory", "serving"])
def test_estimates_document_one_and_many_and_their_examples_are_answered_as_documented(client, document, topic):
    operation = document["paths"][f"/v1/estimates/{topic}"]["post"]
    assert {"200", "400", "413"} <= set(operation["responses"])
    body = operation["requestBody"]["content"]["application/json"]
    questions = body["schema"]["$ref"].split("/")[-1]
    answers = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
    one, many = document["components"]["schemas"][questions]["oneOf"]
    assert many["type"] == "array" and many["maxItems"] == 1000 and many["items"] == one
    assert set(body["examples"]) == {"one", "many"}
    for example in body["examples"].values():
        conforms(document, questions, example["value"])
        answer = client.post(f"/v1/estimates/{topic}", json=example["value"])
        assert answer.status_code == 200, answer.text
        conforms(document, answers, answer.json())
    broken = client.post(f"/v1/estimates/{topic}", json=[{"id": "x"}])
    conforms(document, answers, broken.json())
    parameters = {item["name"]: item["schema"] for item in operation["parameters"]}
    assert parameters["draws"]["minimum"] == 100 and parameters["draws"]["maximum"] == 10_000
    assert not any(item["required"] for item in operation["parameters"])


def test_models_that_are_no_longer_offered_are_listed_and_marked(client):
    rows = client.get("/v1/catalog/models").json()["base_models"]
    catalog = load_catalog()
    assert {row["id"]: row["offered"] for row in rows} == {row.id: row.offered for row in catalog.base_models}
    assert {row["offered"] for row in rows} == {True, False}
