"""`advisor serve` killed or stopped while many write: what it has accepted is there, and not there twice."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest
from advisor_server import Server
from documents import case

from advisor.store import Store
from advisor.store.audit import verify

pytest_plugins = ["api_databases"]
CASE = case().model_dump(mode="json")
ROUNDS = 4
WRITERS = 8


def answered(url, key):
    """The answer to a case with this key; None where the server died over it, or is gone."""
    try:
        return httpx.post(f"{url}/v1/cases", json=CASE | {"name": key}, headers={"Idempotency-Key": key}, timeout=60)
    except httpx.TransportError:
        return None


def written(url, key):
    """The id of the case that this key has made; None where there is no answer."""
    answer = answered(url, key)
    if answer is None:
        return None
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def walked(url):
    store = Store(url)
    try:
        return await verify(store)
    finally:
        await store.close()


@pytest.mark.slow
def test_no_accepted_write_is_lost_and_none_is_there_twice(database_url, tmp_path):
    accepted: dict[str, str] = {}
    asked: list[str] = []

    def writing(url, writer, number):
        """Write until the server is gone."""
        for count in range(10_000):
            key = f"{number}-{writer}-{count}"
            asked.append(key)
            identity = written(url, key)
            if identity is None:
                return
            accepted[key] = identity

    for number in range(ROUNDS):
        server = Server(database_url, tmp_path / f"server-{number}.log")
        with ThreadPoolExecutor(WRITERS) as pool:
            running = [pool.submit(writing, server.url, writer, number) for writer in range(WRITERS)]
            before = len(accepted)
            while len(accepted) < before + 20 * (number + 1):
                time.sleep(0.01)
            server.stop(signal.SIGKILL)
            for each in running:
                each.result()
    server = Server(database_url, tmp_path / "server-last.log")
    try:
        for key in asked:
            identity = written(server.url, key)
            assert identity is not None and accepted.get(key, identity) == identity
        assert httpx.get(f"{server.url}/v1/cases").json()["total_items"] == len(asked)
    finally:
        server.stop()
    found = asyncio.run(walked(database_url))
    assert (found.first_break, found.entries) == (None, len(asked))


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_is_told_to_stop_answers_all_that_it_has_taken_and_the_next_one_takes_the_rest(
    database_url, tmp_path
):
    """The new server starts while the old one answers; writers that find the old one gone turn to the new one."""
    old = Server(database_url, tmp_path / "old.log")
    new = Server(database_url, tmp_path / "new.log")
    told, finished = Event(), Event()
    first: dict[str, str] = {}
    second: dict[str, httpx.Response] = {}

    def writing(writer):
        for count in range(10_000):
            key = f"{writer}-{count}"
            identity = None if told.is_set() else written(old.url, key)
            if identity is not None:
                first[key] = identity
                continue
            second[key] = answered(new.url, key)
            if finished.is_set():
                return

    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            running = [pool.submit(writing, writer) for writer in range(WRITERS)]
            while len(first) < 24:
                time.sleep(0.01)
            assert old.stop(signal.SIGTERM) == 0
            told.set()
            while len(second) < 2 * WRITERS:
                time.sleep(0.01)
            finished.set()
            for each in running:
                each.result()
        assert {answer.status_code for answer in second.values()} == {201} and not set(first) & set(second)
        cut_off = [key for key, answer in second.items() if "idempotency-replayed" in answer.headers]
        assert not cut_off, "the old server stored these and did not answer"
        assert httpx.get(f"{new.url}/v1/cases").json()["total_items"] == len(first) + len(second)
        assert all(httpx.get(f"{new.url}/v1/cases/{identity}").status_code == 200 for identity in first.values())
    finally:
        old.stop()
        new.stop()
    assert "Traceback" not in old.log.read_text(encoding="utf-8")
    found = asyncio.run(walked(database_url))
    assert (found.first_break, found.entries) == (None, len(first) + len(second))
