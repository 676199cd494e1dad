"""Figures of the store for Prometheus, on both databases: jobs, the audit trail, and a database that is gone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest
from advisor_server import started_worker
from documents import case, fake_assess
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from advisor.api.app import create_app
from advisor.api.figures import AuditWatch, Figures
from advisor.api.worker_page import figures_page
from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput, Failed
from advisor.store import Store

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")


def samples(page):
    """Value by name and labels."""
    families = text_string_to_metric_families(page)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.fixture
def client(database_url):
    with TestClient(create_app(database_url=database_url, assess=fake_assess, catalog=load_catalog())) as client:
        yield client


def looked(url, statement=None):
    """The figures after a walk along the trail, behind which somebody may have worked on the database."""

    async def look():
        store = Store(url)
        try:
            if statement is not None:
                async with store.sessions() as session:
                    await session.execute(text(statement))
                    await session.commit()
            watch = AuditWatch(store, every_s=3600)
            await watch.walk()
            return samples((await Figures(store, watch).text()).decode())
        finally:
            await store.close()

    return asyncio.run(look())


def test_jobs_are_counted_by_state_with_their_cases(client):
    before = samples(client.get("/metrics").text)
    assert before["advisor_jobs", "queued"] == before["advisor_job_cases", "queued"] == 0
    assert ("advisor_oldest_queued_job_age_seconds",) not in before
    for number in (2, 3):
        assert client.post("/v1/jobs", json={"kind": "portfolio", "cases": [CASE] * number}).status_code == 202
    after = samples(client.get("/metrics").text)
    assert after["advisor_jobs", "queued"] == 2 and after["advisor_job_cases", "queued"] == 5
    assert after["advisor_jobs", "done"] == 0 and after["advisor_store_up",] == 1
    assert 0 <= after["advisor_oldest_queued_job_age_seconds",] < 60


def test_a_trail_that_was_changed_is_told_as_broken(client, database_url, caplog):
    for number in range(3):
        client.post("/v1/cases", json=CASE | {"name": f"case {number}"})
    found = looked(database_url)
    assert found["advisor_audit_intact",] == 1 and found["advisor_audit_entries",] == 3
    broken = looked(database_url, "UPDATE audit_trail SET actor = 'nobody' WHERE sequence = 2")
    assert broken["advisor_audit_intact",] == 0 and broken["advisor_audit_entries",] == 1
    assert broken["advisor_audit_walked_timestamp_seconds",] >= found["advisor_audit_walked_timestamp_seconds",]
    assert "the audit trail is broken: its fields do not give its hash" in caplog.text


def test_without_a_database_the_page_says_so_and_nothing_that_it_cannot_know(tmp_path):
    found = looked("postgresql://nobody@127.0.0.1:1/nothing")
    assert found == {("advisor_store_up",): 0}


def test_the_page_of_a_worker_fails_when_its_loop_hangs_and_answers_again_after(tmp_path, monkeypatch):
    monkeypatch.setattr("advisor.api.worker_page.ANSWER_S", 0.05)

    async def hang():
        store = Store(f"sqlite:///{tmp_path}/store.db")
        await store.open()
        try:
            async with figures_page(Figures(store), "127.0.0.1", 0) as port:
                url = f"http://127.0.0.1:{port}/metrics"
                hanging = ThreadPoolExecutor(1).submit(httpx.get, url).result()  # waits in the loop itself
                monkeypatch.setattr("advisor.api.worker_page.ANSWER_S", 10)
                return hanging.status_code, (await anyio.to_thread.run_sync(httpx.get, url)).status_code
        finally:
            await store.close()

    assert asyncio.run(hang()) == (500, 200)


@pytest.mark.parametrize(
    ("host", "port", "error"),
    [("127.0.0.1", 99999, BadInput), ("nowhere.invalid", 0, Failed), ("192.0.2.1", 0, Failed)],
)
def test_a_page_that_cannot_be_there_is_refused(host, port, error):
    async def opened():
        async with figures_page(Figures(Store("sqlite://")), host, port):
            pass

    with pytest.raises(error, match="--metrics-port"):
        asyncio.run(opened())


def test_a_worker_shows_figures_walks_the_trail_and_stops_cleanly(database_url, tmp_path):
    with started_worker(database_url, tmp_path / "w.log", "--metrics-port", "0", "--audit-every-h", "1") as worker:
        found = samples(worker.until(lambda: worker.page() if "advisor_audit_intact 1.0" in worker.page() else None))
        assert found["advisor_store_up",] == 1
        assert worker.stop() == 0
    assert "Traceback" not in worker.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        ("is set, DATABASE_URL is not", {}),
        ("give it in one place", {"DATABASE_URL": "postgresql://u:p@h/n"}),
        ("cannot be read", {"DATABASE_URL": "postgresql://u@h/n", "DATABASE_PASSWORD_FILE": "nowhere"}),
        ("is empty", {"DATABASE_URL": "postgresql://u@h/n", "content": "\n"}),
    ],
)
def test_a_password_file_that_cannot_be_meant_is_refused(tmp_path, monkeypatch, words, environment):
    from advisor.store.address import url_of_environment

    (tmp_path / "password").write_text(environment.pop("content", "geheim\n"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=words):
        url_of_environment()


def test_a_password_from_a_file_stands_in_the_address_as_it_is(tmp_path, monkeypatch):
    from advisor.store.address import database_address, url_of_environment

    (tmp_path / "password").write_text("ge@heim/:%\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://richtwert@database:5432/richtwert")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    found = database_address(url_of_environment())
    assert (found.password, found.host, found.username) == ("ge@heim/:%", "database", "richtwert")
