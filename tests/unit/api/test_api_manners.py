"""What callers may rely on beside the bodies: tags, keys, closed parameters, headers, and that the document tells."""

from datetime import timedelta

import pytest
from documents import case, fake_assess
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.api.conditional import etag_of, matches
from advisor.catalog.load import load_catalog
from advisor.store import Store, now

CASE = case().model_dump(mode="json")
KEY = {"Idempotency-Key": "order-1"}


@pytest.fixture
def client(tmp_path):
    app = create_app(database_url=f"sqlite:///{tmp_path}/store.db", assess=fake_assess, catalog=load_catalog())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("asked", "held"),
    [('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_if_none_match_is_read_as_a_list_of_tags(asked, held):
    assert matches(asked, '"a"') is held


@pytest.mark.parametrize("path", ["", "?limit=3", "/{id}", "/{id}.md", "/{id}.pdf", "/{id}/focus.csv"])
def test_what_the_caller_has_is_not_sent_again(client, path):
    made = client.post("/v1/assessments", json={"case": CASE})
    address = "/v1/assessments" + path.replace("{id}", made.json()["id"])
    first = client.get(address)
    assert first.status_code == 200 and first.headers["etag"] == etag_of(first.content)
    again = client.get(address, headers={"If-None-Match": f'"old", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["x-request-id"] and "content-length" not in again.headers
    other = client.get(address, headers={"If-None-Match": '"old"'})
    assert other.status_code == 200 and other.content == first.content


def test_a_new_document_comes_with_the_tag_that_reading_it_gives(client):
    for path, body in (("/v1/cases", CASE), ("/v1/assessments", {"case": CASE})):
        made = client.post(path, json=body)
        assert client.get(made.headers["location"]).headers["etag"] == made.headers["etag"]


def test_a_problem_has_no_tag(client):
    assert "etag" not in client.get("/v1/cases/018f0000-0000-7000-8000-000000000000").headers


@pytest.mark.parametrize(("path", "body"), [("/v1/cases", CASE), ("/v1/assessments", {"case": CASE})])
def test_the_same_key_and_body_make_one_document_and_one_answer(client, path, body):
    first, again = (client.post(path, json=body, headers=KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert [again.headers[name] for name in ("location", "etag")] == [
        first.headers[name] for name in ("location", "etag")
    ]
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert client.get(path).json()["total_items"] == 1


def test_the_same_body_written_otherwise_is_the_same_body(client):
    reordered = dict(reversed(CASE.items()))
    first, again = (client.post("/v1/cases", json=body, headers=KEY) for body in (CASE, reordered))
    assert first.json() == again.json()


def test_a_key_with_another_body_is_refused_and_makes_nothing(client):
    client.post("/v1/cases", json=CASE, headers=KEY)
    other = client.post("/v1/cases", json=CASE | {"name": "another"}, headers=KEY)
    assert other.status_code == 422 and other.headers["content-type"] == "application/problem+json"
    assert "take a new key" in other.json()["detail"]
    assert client.get("/v1/cases").json()["total_items"] == 1


def test_a_key_belongs_to_one_route(client):
    assert client.post("/v1/cases", json=CASE, headers=KEY).status_code == 201
    assert client.post("/v1/assessments", json={"case": CASE}, headers=KEY).status_code == 201


def test_a_request_that_was_refused_does_not_use_the_key_up(client):
    assert client.post("/v1/cases", json={}, headers=KEY).status_code == 400
    assert client.post("/v1/cases", json=CASE, headers=KEY).status_code == 201


@pytest.mark.parametrize(("hours", "items"), [(23.9, 1), (24.1, 2)])
def test_a_key_is_remembered_for_a_day(tmp_path, hours, items):
    moment = [now()]
    store = Store(f"sqlite:///{tmp_path}/store.db", clock=lambda: moment[0])
    with TestClient(create_app(store=store, assess=fake_assess, catalog=load_catalog())) as client:
        client.post("/v1/cases", json=CASE, headers=KEY)
        moment[0] += timedelta(hours=hours)
        assert client.post("/v1/cases", json=CASE, headers=KEY).status_code == 201
        assert client.get("/v1/cases").json()["total_items"] == items
        assert client.post("/v1/cases", json=CASE, headers=KEY).headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 201])
def test_a_key_that_is_none_is_refused(client, key):
    answer = client.post("/v1/cases", json=CASE, headers={"Idempotency-Key": key.encode()})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]


def test_an_unknown_query_parameter_is_refused_with_the_legal_ones(client):
    answer = client.get("/v1/cases", params={"limt": 3})
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "unknown query parameter 'limt': did you mean 'limit'?; /v1/cases knows limit, offset"
    )
    assert "knows none" in client.get("/v1/catalog/grids", params={"zone": "DE"}).json()["detail"]


@pytest.mark.parametrize("path", ["/v1/cases", "/healthz", "/nowhere"])
def test_every_answer_tells_browsers_to_keep_away(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_the_document_tells_of_tags_keys_and_ids_and_its_examples_are_accepted(client):
    paths = client.get("/schema/openapi.json").json()["paths"]
    for path, item in paths.items():
        for method, operation in item.items():
            names = {row["name"] for row in operation["parameters"]}
            assert "X-Request-ID" in names
            assert all("X-Request-ID" in answer["headers"] for answer in operation["responses"].values())
            conditional = method == "get" and path.startswith("/v1/")
            assert ("If-None-Match" in names) is conditional and ("304" in operation["responses"]) is conditional
            stores = bool({"201", "202"} & set(operation["responses"]))
            assert ("Idempotency-Key" in names) is stores, path
            assert ("422" in operation["responses"]) is stores, path
    for path in ("/v1/cases", "/v1/assessments", "/v1/jobs"):
        for example in paths[path]["post"]["requestBody"]["content"]["application/json"]["examples"].values():
            assert client.post(path, json=example["value"]).status_code in (201, 202)
