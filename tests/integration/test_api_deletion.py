"""What is deleted is gone from everywhere but the trail, which still holds."""

import asyncio
import json
from datetime import timedelta

import pytest
from calibration_reports import run as cpu_run
from documents import case, fake_assess
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.store import Store, now
from advisor.store.audit import verify

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
BODIES = {
    "case": CASE,
    "assessment": {"case": CASE},
    "measurement": cpu_run().model_dump(mode="json"),
    "job": {"cases": [CASE]},
}


def client_of(url, **given):
    store = Store(url, **given)
    return TestClient(create_app(store=store, assess=fake_assess, catalog=load_catalog()))


async def walked(url):
    store = Store(url)
    try:
        return await verify(store)
    finally:
        await store.close()


@pytest.mark.parametrize("kind", BODIES)
def test_a_deleted_document_is_gone_and_the_trail_says_so_and_holds(database_url, kind):
    key = {"Idempotency-Key": "k"}
    with client_of(database_url) as client:
        first, other = (client.post(f"/v1/{kind}s", json=BODIES[kind], headers=each) for each in (key, {}))
        path = first.headers["location"]
        assert client.delete(path).status_code == 204
        assert client.get(path).status_code == client.delete(path).status_code == 404
        assert client.get(other.headers["location"]).status_code == 200
        assert client.get(f"/v1/{kind}s").json()["total_items"] == 1
        told = client.get("/v1/audit").json()["items"]
        assert (told[0]["action"], told[0]["document_id"]) == ("delete", first.json()["id"])
        assert told[0]["document_sha256"] == told[2]["document_sha256"]
        again = client.post(f"/v1/{kind}s", json=BODIES[kind], headers=key)
        assert again.is_success and again.headers["location"] != path
    assert asyncio.run(walked(database_url)).first_break is None


def test_a_calibration_may_come_back_under_its_id(database_url):
    with client_of(database_url) as client:
        stored = client.post("/v1/measurements", json=BODIES["measurement"]).json()["id"]
        path = client.post("/v1/calibrations", json={"measurements": [stored]}).headers["location"]
        learnt = client.get(path).json()
        assert client.delete(path).status_code == 204
        assert client.post("/v1/calibrations", json={"calibration": learnt}).headers["location"] == path
    assert asyncio.run(walked(database_url)).first_break is None


def test_purge_deletes_what_is_older_and_nothing_else(database_url, capsys):
    with client_of(database_url) as client:
        client.post("/v1/cases", json=CASE | {"name": "old"})
        client.post("/v1/measurements", json=BODIES["measurement"])
        client.post("/v1/cases", json=CASE | {"name": "new"})

    async def age():
        from sqlalchemy import update

        from advisor.store.tables import CaseRecord

        store = Store(database_url)
        try:
            async with store.sessions() as session:
                old = CaseRecord.summary.like('%"old"%')
                await session.execute(update(CaseRecord).where(old).values(created_at=now() - timedelta(days=400)))
                await session.commit()
        finally:
            await store.close()

    asyncio.run(age())
    given = ["db", "purge", "--older-than-days", "365", "--format", "json", "--database-url", database_url]
    assert main([*given, "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["deleted"]["case"] == 1
    with client_of(database_url) as client:
        assert client.get("/v1/cases").json()["total_items"] == 2
    assert main(given) == 0
    with client_of(database_url) as client:
        assert [item["name"] for item in client.get("/v1/cases").json()["items"]] == ["new"]
        assert client.get("/v1/measurements").json()["total_items"] == 1
    assert asyncio.run(walked(database_url)).first_break is None
