"""Keys, roles and tenants on both databases: who may do what, and that no tenant ever sees another's rows."""

import asyncio
import json
import re

import pytest
from calibration_reports import run as cpu_run
from documents import case, fake_assess
from job_waiting import job_ended
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.store import Store
from advisor.store.keys import ROLES, KeyRing

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
REPORT = cpu_run().model_dump(mode="json")
TRAINING = {"id": "a", "kind": "lora", "model": "Llama 3.1 8B", "accelerator": "L40S", "samples": 5000, "epochs": 3}
PORTFOLIO = {"kind": "portfolio", "cases": [CASE]}
NOWHERE = "018f0000-0000-7000-8000-000000000000"


def client_of(url, **given):
    return TestClient(create_app(database_url=url, assess=fake_assess, catalog=load_catalog(), **given))


@pytest.fixture
def ring(database_url):
    """Make keys as the command line does: `ring(tenant, role)` gives the headers of a new one."""

    def made(tenant, role="admin", name=None):
        async def add():
            store = Store(database_url)
            try:
                await store.open()
                found = KeyRing(store)
                name_ = name or f"{tenant}-{role}-{len(await found.keys())}"
                return await found.add(name=name_, tenant=tenant, role=role, expires_at=None)
            finally:
                await store.close()

        return {"Authorization": f"Bearer {asyncio.run(add())}"}

    return made


def test_without_any_key_the_service_is_open(database_url):
    with client_of(database_url) as client:
        assert client.post("/v1/cases", json=CASE).status_code == 201
        assert client.get("/v1/audit").json()["items"][0]["actor"] == "local"


def test_a_service_that_requires_keys_has_no_answer_without_one(database_url):
    with client_of(database_url, require_keys=True) as client:
        refused = client.get("/v1/cases")
        assert refused.status_code == 401 and refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.headers["content-type"] == "application/problem+json"
        assert "advisor keys add" in refused.json()["detail"]
        for path in ("/healthz", "/readyz", "/metrics", "/schema/openapi.json"):
            assert client.get(path).status_code == 200


def test_with_the_first_key_everybody_needs_one_and_documents_from_before_stay_with_local(database_url, ring):
    with client_of(database_url) as client:
        client.post("/v1/cases", json=CASE)
    key, other = ring("local"), ring("acme")
    with client_of(database_url) as client:
        assert client.get("/v1/cases").status_code == 401
        assert client.get("/v1/cases", headers=key).json()["total_items"] == 1
        assert client.get("/v1/cases", headers=other).json()["total_items"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer rwa_wrong"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"X-API-Key": "ü".encode("latin-1")},
        {"X-API-Key": b"\xff\xfe"},
    ],
)
def test_a_wrong_key_is_refused_and_never_an_error(database_url, ring, headers):
    ring("acme")
    with client_of(database_url) as client:
        assert client.get("/v1/cases", headers=headers).status_code == 401


def test_an_open_service_does_not_look_at_headers_that_something_in_between_has_set(database_url):
    with client_of(database_url) as client:
        assert client.get("/v1/cases", headers={"Authorization": "Basic dXNlcjpwYXNz"}).status_code == 200


def test_a_running_service_asks_for_keys_soon_after_the_first_was_made(database_url, ring, monkeypatch):
    monkeypatch.setattr("advisor.api.access.REMEMBERED_S", 0.0)
    with client_of(database_url) as client:
        assert client.get("/v1/cases").status_code == 200
        key = ring("acme")
        assert client.get("/v1/cases").status_code == 401
        assert client.get("/v1/cases", headers=key).status_code == 200


def test_a_key_works_in_either_header(database_url, ring):
    key = ring("acme")["Authorization"].removeprefix("Bearer ")
    with client_of(database_url) as client:
        assert client.get("/v1/cases", headers={"X-API-Key": key}).status_code == 200
        assert client.get("/v1/cases", headers={"Authorization": f"bearer {key}"}).status_code == 200


WRITES = {
    "/v1/cases": (CASE, {"manager", "procurement", "engineer", "admin"}),
    "/v1/assessments": ({"case": CASE}, {"manager", "procurement", "engineer", "admin"}),
    "/v1/jobs": (PORTFOLIO, {"manager", "procurement", "engineer", "admin"}),
    "/v1/measurements": (REPORT, {"engineer", "admin"}),
    "/v1/estimates/training": (TRAINING, set(ROLES)),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_it_may_and_no_more(database_url, ring, role):
    key = ring("acme", role)
    with client_of(database_url) as client:
        for path, (body, able) in WRITES.items():
            answer = client.post(path, json=body, headers=key)
            assert answer.is_success is (role in able), (path, answer.text)
            if role not in able:
                assert answer.status_code == 403 and f"of the role {role}" in answer.json()["detail"]
        assert client.get("/v1/audit", headers=key).is_success is (role in ("auditor", "admin"))
        for path in ("/v1/cases", "/v1/assessments", "/v1/jobs", "/v1/measurements", "/v1/catalog/grids"):
            assert client.get(path, headers=key).status_code == 200


def test_every_route_that_stores_needs_more_than_reading(database_url):
    app = create_app(database_url=database_url, assess=fake_assess, catalog=load_catalog())
    storing = {
        handler.operation_id: handler.opt.get("needs")
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if "origin" in handler.parsed_fn_signature.parameters or "caller" in handler.parsed_fn_signature.parameters
    }
    assert len(storing) == 12 and set(storing.values()) == {"decide", "measure", "erase"}


def filled(client, headers):
    """One document of every kind; their ids by the names that paths give them."""
    found = {}
    for name, body in (("case", CASE), ("assessment", {"case": CASE}), ("measurement", REPORT), ("job", PORTFOLIO)):
        found[f"{name}_id"] = client.post(f"/v1/{name}s", json=body, headers=headers).json()["id"]
    made = client.post("/v1/calibrations", json={"measurements": [found["measurement_id"]]}, headers=headers)
    return found | {"calibration_id": made.json()["id"]}


BODIES = {"handoff": {}, "revoke": {"report_id": "r-1"}, "cancel": {}}


def test_no_path_shows_or_changes_what_another_tenant_has(database_url, ring):
    """Every path of the OpenAPI document that names a document, so that new ones are asked too."""
    mine, theirs = ring("acme"), ring("other")
    with client_of(database_url) as client:
        ids = filled(client, theirs)
        paths = client.get("/schema/openapi.json").json()["paths"]
        named = {path: item for path, item in paths.items() if "{" in path}
        assert {name for path in named for name in re.findall(r"{(\w+)}", path)} == set(ids)
        for path, item in named.items():
            address = path.format(**ids)
            for method in item:
                body = BODIES[path.rsplit("/", 1)[1]] if method == "post" else None
                answer = client.request(method, address, json=body, headers=mine)
                absent = client.request(method, path.format(**dict.fromkeys(ids, NOWHERE)), json=body, headers=mine)
                assert answer.status_code == absent.status_code == 404, (method, path, answer.text)
                if method == "get":
                    assert client.request(method, address, headers=theirs).status_code == 200, path
        for path, item in paths.items():
            if "get" in item and any(row["name"] == "limit" for row in item["get"]["parameters"]) and "{" not in path:
                seen = client.get(path, headers=mine).json()["items"]
                assert [item for item in seen if item.get("kind") != "key"] == [], path
                assert client.get(path, headers=theirs).json()["total_items"] > 0, path
        used = client.post("/v1/calibrations", json={"measurements": [ids["measurement_id"]]}, headers=mine)
        assert used.status_code == 400 and "no measurement" in used.json()["detail"]
        assert client.get(f"/v1/jobs/{ids['job_id']}", headers=theirs).json()["state"] == "queued"


def test_two_tenants_may_use_the_same_idempotency_key_and_keep_the_same_calibration(database_url, ring):
    tenants = [ring("acme"), ring("other")]
    with client_of(database_url) as client:
        found = [client.post("/v1/cases", json=CASE, headers=key | {"Idempotency-Key": "k"}) for key in tenants]
        assert len({answer.json()["id"] for answer in found}) == 2
        ids = filled(client, tenants[0])
        learnt = client.get(f"/v1/calibrations/{ids['calibration_id']}", headers=tenants[0]).json()
        kept = client.post("/v1/calibrations", json={"calibration": learnt}, headers=tenants[1])
        assert kept.status_code == 201 and kept.json()["id"] != ids["calibration_id"]
        assert client.get(kept.headers["location"], headers=tenants[1]).json() == learnt


def test_a_job_stores_in_the_name_of_whoever_asked_for_it(database_url, ring):
    key = ring("acme", "procurement", "erp")
    audit = ring("acme", "auditor")
    with client_of(database_url, worker=True) as client:
        path = client.post("/v1/jobs", json=PORTFOLIO, headers=key).headers["location"]
        assert job_ended(client, path, headers=key)["state"] == "done"
        assert client.get("/v1/assessments", headers=key).json()["total_items"] == 1
        told = client.get("/v1/audit", headers=audit).json()["items"]
        assert {item["actor"] for item in told if item["kind"] != "key"} == {"erp"}


def test_keys_are_made_listed_and_revoked_by_command(database_url, capsys):
    given = ["--database-url", database_url]
    assert main(["keys", "add", "--name", "erp", "--tenant", "acme", "--role", "procurement", *given]) == 0
    key = capsys.readouterr().out.strip()
    headers = {"Authorization": f"Bearer {key}"}
    with client_of(database_url) as client:
        assert client.get("/v1/cases", headers=headers).status_code == 200
    assert main(["keys", "list", "--format", "json", *given]) == 0
    listed = capsys.readouterr().out
    assert [row["name"] for row in json.loads(listed)["keys"]] == ["erp"] and key not in listed
    assert main(["keys", "revoke", "erp", *given]) == 0
    with client_of(database_url) as client:
        assert client.get("/v1/cases", headers=headers).status_code == 401
        assert client.get("/v1/cases").status_code == 401
    assert main(["audit", "verify", *given]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--role", "managr"], "did you mean 'manager'?"),
        (["--role", "admin", "--expires", "soon"], "expected a date"),
        (["--role", "admin", "--expires", "2020-01-31"], "is past"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_with_the_reason(tmp_path, capsys, arguments, words):
    given = ["--name", "a", "--tenant", "b", "--database-url", f"sqlite:///{tmp_path}/store.db"]
    assert main(["keys", "add", *given, *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_name_is_never_used_again(tmp_path, capsys):
    given = ["--database-url", f"sqlite:///{tmp_path}/store.db"]
    add = ["keys", "add", "--name", "a", "--tenant", "b", "--role", "admin", *given]
    assert main(add) == 0 and main(["keys", "revoke", "a", *given]) == 0
    assert main(add) == 2
    assert "there is, or was, such a key" in capsys.readouterr().err
    assert main(["keys", "revoke", "A1", *given]) == 2
    assert "unknown key 'A1'" in capsys.readouterr().err


def test_an_expired_key_is_refused(database_url):
    from datetime import timedelta

    from advisor.store import now

    moment = [now()]

    async def make():
        store = Store(database_url)
        try:
            await store.open()
            expires_at = now() + timedelta(hours=1)
            return await KeyRing(store).add(name="a", tenant="t", role="admin", expires_at=expires_at)
        finally:
            await store.close()

    headers = {"X-API-Key": asyncio.run(make())}
    for hours, status in ((0, 200), (2, 401)):
        moment[0] = now() + timedelta(hours=hours)
        store = Store(database_url, clock=lambda: moment[0])
        with TestClient(create_app(store=store, assess=fake_assess, catalog=load_catalog())) as client:
            assert client.get("/v1/cases", headers=headers).status_code == status
