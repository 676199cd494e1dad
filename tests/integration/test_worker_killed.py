"""`advisor worker` as a process that is killed or stopped in its work: no result is lost, none is there twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest
from litestar.testing import TestClient

from advisor.api.app import create_app
from advisor.contracts.case import Case
from advisor.files import read_contract
from advisor.store import Store
from advisor.store.audit import verify

pytest_plugins = ["api_databases"]
ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "examples" / "shop_product_texts.yaml"
ROUNDS = 5
CASES = 40
PATIENCE_S = 120


def worker(database_url, log):
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "advisor.cli", "worker", "--database-url", database_url, "--lease-s", "1"],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=stream,
        )


def reached(client, path, wanted):
    """Wait until the job is as wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job = client.get(path).json()
        if wanted(job):
            return job
        time.sleep(0.05)
    raise AssertionError(job)


async def walked(url):
    store = Store(url)
    try:
        return await verify(store)
    finally:
        await store.close()


@pytest.mark.slow
def test_a_job_outlives_every_worker_that_is_killed(database_url, tmp_path):
    case = read_contract(SHOP, Case).model_dump(mode="json")
    cases = [case | {"name": f"case {number}"} for number in range(CASES)]
    log = tmp_path / "worker.log"
    with TestClient(create_app(database_url=database_url)) as client:
        made = client.post("/v1/jobs", json={"kind": "portfolio", "cases": cases, "draws": 200})
        path, before = made.headers["location"], 0
        for _ in range(ROUNDS):
            process = worker(database_url, log)
            try:
                before = reached(client, path, lambda job, seen=before: job["num_done"] > seen)["num_done"]
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
        assert client.get(path).json()["state"] == "running"
        last = worker(database_url, log)
        try:
            job = reached(client, path, lambda job: job["state"] == "done")
        finally:
            last.send_signal(signal.SIGTERM)
        assert last.wait(60) == 0, log.read_text()
        assert (job["num_done"], job["num_refused"]) == (CASES, 0)
        rows = client.get(f"{path}/results", params={"limit": 100}).json()["items"]
        assert [row["case_name"] for row in rows] == [case["name"] for case in cases]
        assert len({UUID(row["assessment_id"]) for row in rows}) == CASES
        assert client.get("/v1/assessments").json()["total_items"] == CASES
    found = asyncio.run(walked(database_url))
    assert (found.first_break, found.entries) == (None, CASES + 2)
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_is_told_to_stop_finishes_its_case_and_gives_the_job_back(database_url, tmp_path):
    case = read_contract(SHOP, Case).model_dump(mode="json")
    cases = [case | {"name": f"case {number}"} for number in range(12)]
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    with TestClient(create_app(database_url=database_url)) as client:
        made = client.post("/v1/jobs", json={"kind": "portfolio", "cases": cases, "draws": 200})
        path = made.headers["location"]
        process = worker(database_url, first)
        try:
            reached(client, path, lambda job: job["num_done"] >= 2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, first.read_text()
        finally:
            process.kill()
        given_back = client.get(path).json()
        assert given_back["state"] == "queued" and 2 <= given_back["num_done"] < 12
        last = worker(database_url, second)
        try:
            reached(client, path, lambda job: job["state"] == "done")
        finally:
            last.terminate()
        assert last.wait(60) == 0
        rows = client.get(f"{path}/results", params={"limit": 100}).json()["items"]
        assert [row["position"] for row in rows] == list(range(12))
        assert client.get("/v1/assessments").json()["total_items"] == 12
    assert f"taken up at case {given_back['num_done']}" in second.read_text()
