"""Every error is a problem document with a field, a value and advice."""

import logging

import pytest
from documents import case, fake_assess
from litestar.testing import TestClient

from advisor.api.app import MAX_BODY_BYTES, create_app
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput, Failed, UnknownName
from advisor.store import Store, StoreUnavailable

CASE = case().model_dump(mode="json")
DEEP = b'{"case":' * 100_000


def client_of(tmp_path, assess=fake_assess):
    app = create_app(database_url=f"sqlite:///{tmp_path}/store.db", assess=assess, catalog=load_catalog())
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def client(tmp_path):
    with client_of(tmp_path) as client:
        yield client


def problem(answer, status):
    """The body, after a check of what holds for every problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and body["title"] and body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["instance"].endswith(f"#{body['request_id']}")
    return body


def with_change(*path, value):
    """The case with one value replaced or added."""
    import copy

    changed = copy.deepcopy(CASE)
    target = changed
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "field", "message"),
    [
        (("use_case", "requests_per_mnth"), 5, "case.use_case.requests_per_mnth", "did you mean 'requests_per_month'?"),
        (("use_case", "requests_per_month"), -4, "case.use_case.requests_per_month", "greater than or equal to 0"),
        (("use_case", "task"), "sumarization", "case.use_case.task", "did you mean 'summarization'?"),
        (("use_case", "requests_per_month"), True, "case.use_case.requests_per_month", "expected a number, got True"),
        (("budget", "horizon_months"), 1.5, "case.budget.horizon_months", "integer"),
    ],
)
def test_a_mistake_in_a_case_is_named_with_field_value_and_advice(client, path, value, field, message):
    body = problem(client.post("/v1/assessments", json={"case": with_change(*path, value=value)}), 400)
    assert [error["field"] for error in body["errors"]] == [field]
    assert message in body["errors"][0]["message"] and body["errors"][0]["value"] == repr(value)
    assert field in body["detail"]


def test_several_mistakes_are_named_at_once(client):
    wrong = with_change("use_case", "requests_per_month", value=-1) | {"budgett": {}}
    fields = {error["field"] for error in problem(client.post("/v1/cases", json=wrong), 400)["errors"]}
    assert fields == {"use_case.requests_per_month", "budgett"}


def test_a_mistake_in_a_report_is_named_without_the_branch_of_the_union(client):
    body = problem(client.post("/v1/measurements", json={"report": "run", "idd": "x"}), 400)
    by_field = {error["field"]: error["message"] for error in body["errors"]}
    assert by_field["idd"] == "unknown field; did you mean 'id'?"
    assert by_field["plan"] == "required field is missing"


def test_a_mistake_in_a_report_inside_a_request_is_named_by_its_place(client):
    request = {"case": CASE, "measurements": [{"report": "baseline", "suit": "x"}]}
    body = problem(client.post("/v1/assessments", json=request), 400)
    assert {"field": "measurements.0.suit", "value": "'x'", "message": "unknown field; did you mean 'suite'?"} in body[
        "errors"
    ]


@pytest.mark.parametrize(("draws", "status"), [(0, 400), (1, 201), (100_000, 201), (100_001, 400)])
def test_draws_are_bounded(client, draws, status):
    assert client.post("/v1/assessments", json={"case": CASE, "draws": draws}).status_code == status


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "a JSON document is required"),
        (b"{", "truncated"),
        (b'{"case": NaN}', "malformed"),
        (b"[]", "valid dictionary"),
        (DEEP, "nested too deeply"),
    ],
    ids=["empty", "cut", "not a number", "a list", "too deep"],
)
def test_a_body_that_is_no_request_is_refused(client, body, detail):
    answer = client.post("/v1/assessments", content=body, headers={"content-type": "application/json"})
    assert detail in problem(answer, 400)["detail"]


def test_a_body_above_the_limit_is_refused(client):
    answer = client.post("/v1/cases", content=b" " * (MAX_BODY_BYTES + 1), headers={"content-type": "application/json"})
    problem(answer, 413)


def test_a_path_inside_a_case_is_refused_because_the_service_cannot_read_it(client):
    body = problem(client.post("/v1/assessments", json={"case": CASE | {"measurements": ["../secret.json"]}}), 400)
    assert "case.measurements.0: '../secret.json' is a path" in body["detail"]


def test_an_unknown_path_names_the_nearest_one(client):
    assert "did you mean /v1/assessments?" in problem(client.get("/v1/assesments"), 404)["detail"]
    assert "/v1/catalog/prices" in problem(client.get("/v1/catalog/price"), 404)["detail"]


@pytest.mark.parametrize("limit", ["0", "101", "x"])
def test_a_wrong_page_size_is_named(client, limit):
    body = problem(client.get("/v1/assessments", params={"limit": limit}), 400)
    assert body["errors"][0]["field"] == "limit" and body["errors"][0]["value"] == limit


def test_a_wrong_method_names_the_right_ones(client):
    answer = client.delete("/v1/assessments")
    problem(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (UnknownName("accelerator", "h10", ["h100"]), 400, "unknown accelerator 'h10': did you mean 'h100'?"),
        (BadInput("budget: too little"), 400, "budget: too little"),
        (Failed("the price catalogue is broken"), 500, "the price catalogue is broken"),
        (ZeroDivisionError("secret inner detail"), 500, "an unexpected error; the service's log has the details"),
        (RecursionError("maximum recursion depth exceeded"), 500, "an unexpected error"),
    ],
)
def test_an_error_of_the_calculation_has_its_status_and_says_no_more_than_it_may(
    tmp_path, caplog, error, status, detail
):
    def failing(*_, **__):
        raise error

    with caplog.at_level(logging.ERROR, "advisor.api"), client_of(tmp_path, failing) as client:
        body = problem(client.post("/v1/assessments", json={"case": CASE}), status)
    assert detail in body["detail"] and "secret" not in str(body)
    assert (body["request_id"] in caplog.text) is (status >= 500)


def test_a_store_that_is_down_is_not_ready_but_alive(client, monkeypatch):
    async def down(_self):
        raise StoreUnavailable("the store postgresql://user:***@host does not answer: refused")

    monkeypatch.setattr(Store, "check", down)
    body = problem(client.get("/readyz"), 503)
    assert "postgresql" not in str(body)
    assert client.get("/healthz").status_code == 200


def test_the_request_id_of_the_caller_comes_back_and_a_dangerous_one_is_replaced(client):
    assert client.get("/healthz", headers={"x-request-id": "order-7"}).headers["x-request-id"] == "order-7"
    strange = client.get("/nope", headers={"x-request-id": "a b\\u000a<script>"})
    assert problem(strange, 404)["request_id"] != "a b\\u000a<script>"


def test_metrics_group_by_route_and_not_by_id(client):
    made = client.post("/v1/assessments", json={"case": CASE, "draws": 100}).headers["location"]
    client.get(made)
    page = client.get("/metrics").text
    assert 'path="/v1/assessments/{assessment_id}"' in page
    assert made not in page
