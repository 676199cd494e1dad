"""Every write is in one chain on both databases, and whoever changes something behind it is found."""

import asyncio
import hashlib
import json
from uuid import uuid4

import pytest
from documents import case, fake_assess
from litestar.testing import TestClient
from sqlalchemy import text

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.store import Change, Entry, Origin, Store, now
from advisor.store.audit import verify

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
FIELDS = ["sequence", "at", "tenant", "actor", "action", "kind", "document_id", "document_sha256", "request_id"]
FIELDS.append("previous_sha256")


@pytest.fixture
def client(database_url):
    with TestClient(create_app(database_url=database_url, assess=fake_assess, catalog=load_catalog())) as client:
        yield client


@pytest.fixture
def written(client, database_url):
    """Four cases and an assessment."""
    for number in range(4):
        client.post("/v1/cases", json=CASE | {"name": f"case {number}"}, headers={"X-Request-ID": f"order-{number}"})
    client.post("/v1/assessments", json={"case": CASE})
    return database_url


def walked(url, *statements, head=None):
    """What the walk finds after somebody has worked on the database."""

    async def walk():
        store = Store(url)
        try:
            async with store.sessions() as session:
                for statement in statements:
                    done = await session.execute(text(statement))
                    assert done.rowcount
                await session.commit()
            return await verify(store, head_sha256=head)
        finally:
            await store.close()

    return asyncio.run(walk())


def test_a_write_is_told_with_its_request_and_the_hash_of_what_is_given_out(client, written):
    page = client.get("/v1/audit").json()
    assert page["total_items"] == 5 and [item["sequence"] for item in page["items"]] == [5, 4, 3, 2, 1]
    first = page["items"][-1]
    assert (first["action"], first["kind"], first["request_id"]) == ("create", "case", "order-0")
    content = client.get(f"/v1/cases/{first['document_id']}").content
    assert hashlib.sha256(content).hexdigest() == first["document_sha256"]


def test_anybody_can_compute_the_chain_again(client, written):
    before = "0" * 64
    for item in reversed(client.get("/v1/audit").json()["items"]):
        row = json.dumps([item[name] for name in FIELDS], separators=(",", ":"))
        assert item["previous_sha256"] == before
        before = item["sha256"]
        assert hashlib.sha256(row.encode()).hexdigest() == before


def test_the_trail_comes_in_pages(client, written):
    first = client.get("/v1/audit", params={"limit": 3}).json()
    assert len(first["items"]) == 3
    assert [item["sequence"] for item in client.get(first["next"]).json()["items"]] == [2, 1]


def test_a_replayed_request_writes_no_second_entry(client):
    for _ in range(2):
        client.post("/v1/cases", json=CASE, headers={"Idempotency-Key": "k"})
    assert client.get("/v1/audit").json()["total_items"] == 1


def test_an_untouched_trail_holds(written):
    found = walked(written)
    assert found.entries == 5 and found.first_break is None
    assert walked(written, head=found.head_sha256).first_break is None


@pytest.mark.parametrize(
    ("statement", "sequence", "reason"),
    [
        ("UPDATE audit_trail SET actor = 'somebody' WHERE sequence = 3", 3, "it was changed"),
        ("UPDATE audit_trail SET sha256 = previous_sha256 WHERE sequence = 2", 2, "it was changed"),
        ("DELETE FROM audit_trail WHERE sequence = 2", 3, "entry 2 is missing"),
        ("UPDATE cases SET document = '{}' WHERE summary LIKE '%case 1%'", 2, "was changed after it was stored"),
        ("DELETE FROM cases WHERE summary LIKE '%case 2%'", 3, "nobody deleted it"),
        ("DELETE FROM audit_trail WHERE sequence = 5", None, "stands outside the trail"),
    ],
)
def test_the_first_break_is_named(written, statement, sequence, reason):
    found = walked(written, statement).first_break
    assert found is not None and found.sequence == sequence and reason in found.reason


def test_an_end_that_was_cut_off_is_seen_by_a_hash_that_was_noted(written):
    head = walked(written).head_sha256
    cut = ("DELETE FROM audit_trail WHERE sequence = 5", "DELETE FROM assessments")
    assert walked(written, *cut).first_break is None
    found = walked(written, head=head).first_break
    assert found is not None and "cut off" in found.reason


def test_audit_verify_says_so_in_words_and_exit_code(written, capsys):
    assert main(["audit", "verify", "--database-url", written]) == 0
    assert capsys.readouterr().out.startswith("5 entries, intact; head ")
    walked(written, "UPDATE audit_trail SET tenant = 'x' WHERE sequence = 4")
    assert main(["audit", "verify", "--database-url", written]) == 1
    assert capsys.readouterr().out.startswith("broken: entry 4: its fields do not give its hash")
    assert main(["audit", "verify", "--database-url", written, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_break"]["sequence"] == 4


def test_a_database_without_a_trail_is_not_touched_by_the_walk(tmp_path, capsys):
    assert main(["audit", "verify", "--database-url", f"sqlite:///{tmp_path}/none.db"]) == 1
    assert "advisor db upgrade" in capsys.readouterr().err


def test_writers_in_several_programs_keep_one_chain(database_url):
    """Three stores with connections of their own, forty writes at once."""

    async def together():
        stores = [Store(database_url) for _ in range(3)]
        try:
            for store in stores:
                await store.open()
            await asyncio.gather(*(write(stores[number % 3]) for number in range(40)))
            return await verify(stores[0])
        finally:
            for store in stores:
                await store.close()

    async def write(store):
        entry = Entry(uuid4(), now(), "{}", "{}")
        await store.write([Change("case", entry)], Origin(request_id="r"), body_sha256="")

    found = asyncio.run(together())
    assert (found.entries, found.first_break) == (40, None)
