"""A store as one file, and back, on the same kind of database and on the other."""

import asyncio
import gzip
import json

import pytest
from documents import case, fake_assess
from job_waiting import job_ended
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.store import Store
from advisor.store.audit import verify

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json") | {"name": "quote ', emoji 🧾, backslash \\u0000"}
PATHS = ("/v1/cases", "/v1/assessments", "/v1/jobs", "/v1/audit")


@pytest.fixture
def filled(database_url):
    """A store with a document of several kinds, and what its lists answer."""
    with client_of(database_url) as client:
        client.post("/v1/cases", json=CASE)
        path = client.post("/v1/jobs", json={"cases": [CASE, CASE]}).headers["location"]
        job_ended(client, path)
        return database_url, [client.get(path).json() for path in PATHS]


def client_of(url):
    return TestClient(create_app(database_url=url, assess=fake_assess, catalog=load_catalog(), worker=True))


async def walked(url):
    store = Store(url)
    try:
        return await verify(store)
    finally:
        await store.close()


def test_a_backup_restores_everything_into_another_database(filled, tmp_path, capsys):
    url, answers = filled
    file, other = tmp_path / "store.json.gz", f"sqlite:///{tmp_path}/other/store.db"
    assert main(["db", "backup", str(file), "--database-url", url]) == 0
    assert file.stat().st_mode & 0o077 == 0
    assert main(["db", "restore", str(file), "--database-url", other]) == 0
    assert "rows read" in capsys.readouterr().out
    with client_of(other) as client:
        assert [client.get(path).json() for path in PATHS] == answers
    found = asyncio.run(walked(other))
    assert found.first_break is None and found.entries == 5


def test_a_backup_of_sqlite_restores_into_postgresql(database_url, tmp_path):
    source, file = f"sqlite:///{tmp_path}/source.db", tmp_path / "store.json.gz"
    with client_of(source) as client:
        client.post("/v1/cases", json=CASE)
        before = client.get("/v1/audit").json()
    assert main(["db", "backup", str(file), "--database-url", source]) == 0
    assert main(["db", "restore", str(file), "--database-url", database_url]) == 0
    with client_of(database_url) as client:
        assert client.get("/v1/audit").json() == before
        assert client.get("/v1/cases").json()["items"][0]["name"] == CASE["name"]


def test_a_database_with_rows_is_not_overwritten(filled, tmp_path, capsys):
    url, answers = filled
    file = tmp_path / "store.json.gz"
    main(["db", "backup", str(file), "--database-url", url])
    assert main(["db", "restore", str(file), "--database-url", url]) == 2
    assert "is not empty" in capsys.readouterr().err
    with client_of(url) as client:
        assert [client.get(path).json() for path in PATHS] == answers


@pytest.mark.parametrize("cut", [0.5, 0.98])
def test_half_a_backup_restores_nothing(filled, tmp_path, capsys, cut):
    url, _ = filled
    file, other = tmp_path / "store.json.gz", f"sqlite:///{tmp_path}/other.db"
    main(["db", "backup", str(file), "--database-url", url])
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * cut)])
    assert main(["db", "restore", str(file), "--database-url", other]) == 2
    assert "not a whole backup" in capsys.readouterr().err
    with client_of(other) as client:
        assert client.get("/v1/audit").json()["total_items"] == 0


@pytest.mark.parametrize("content", [b"", b"{}", gzip.compress(b'{"format": "else"}\n'), gzip.compress(b"[]\n"), None])
def test_what_is_no_backup_is_refused(tmp_path, capsys, content):
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    assert main(["db", "restore", str(file), "--database-url", f"sqlite:///{tmp_path}/s.db"]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_backup_of_a_newer_program_is_refused(tmp_path, capsys):
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(json.dumps({"format": "richtwert store", "schema": "9999"}).encode() + b"\n"))
    assert main(["db", "restore", str(file), "--database-url", f"sqlite:///{tmp_path}/s.db"]) == 2
    assert "newer program" in capsys.readouterr().err
