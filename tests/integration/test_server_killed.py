"""`advisor serve` killed while many write: what it has accepted is there, and asked again it is not there twice."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

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


def written(url, key):
    """The id of the case that this key has made; None where the server died over it."""
    try:
        answer = httpx.post(f"{url}/v1/cases", json=CASE | {"name": key}, headers={"Idempotency-Key": key}, timeout=60)
    except httpx.TransportError:
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
