"""New versions beside the old one, under load: shares, promotion, rollback, and no accepted request lost."""

import asyncio
import gc
import json
import shutil
import sys
import time
import weakref
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, save_tiny_model, served, wait_until

from serving.engine import EngineFailed
from serving.engines.echo import EchoEngine


class Slow(EchoEngine):
    """An echo that takes its time."""

    def submit(self, generations):
        loop = asyncio.get_running_loop()
        loop.call_later(0.15, super().submit, generations)


class Broken(EchoEngine):
    """An engine that accepts everything and finishes nothing."""

    def submit(self, generations):
        for generation in generations:
            generation.feed(EngineFailed("broken weights"))


ENGINES = {"good": EchoEngine, "slow": Slow, "broken": Broken}


def app_of(models, records, root, load, *, weights):
    from serving.service import Loader
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    return import_app()(models, Meter(NullSource("no driver")), records, loader=Loader(root, load, weights=weights))


@pytest.fixture
def echo(tmp_path):
    """A server of an echo with room for versions: address, records, root."""
    from serving.model_dir import ServedModel

    root = tmp_path / "models"
    for name in ENGINES:
        (root / name).mkdir(parents=True)
    models = [(ServedModel("house/echo", root / "good"), EchoEngine())]
    app = app_of(models, tmp_path / "records", root, lambda model: ENGINES[model.path.name](), weights=False)
    with served(app) as url:
        yield url, tmp_path / "records" / "usage.jsonl", root


def versions(url, *more, **body):
    return httpx.post(f"{url}/v1/admin/models/house/echo/versions{''.join(more)}", json=body, timeout=60)


def listed(url):
    rows = httpx.get(f"{url}/v1/admin/models/house/echo/versions").json()["data"]
    return {row["id"]: row for row in rows}


def ask_many(url, count, *, concurrency=16, model="house/echo", **more):
    """Answers, or the errors in their place, of many requests at once."""

    async def ask_all():
        room = asyncio.Semaphore(concurrency)
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:

            async def ask(number):
                async with room:
                    words = [{"role": "user", "content": f"words {number}"}]
                    try:
                        answer = await client.chat.completions.create(model=model, messages=words, **more)
                    except openai.APIError as error:
                        return error.code
                    return answer.choices[0].message.content

            return await asyncio.gather(*map(ask, range(count)))

    return asyncio.run(ask_all())


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_new_version_gets_its_share_is_promoted_and_every_request_is_answered(echo):
    url, usage, _ = echo
    made = versions(url, path="good", share=0.3, min_requests=1000)  # too few to judge: no rollback by chance
    assert made.status_code == 201
    assert [row["state"] for row in made.json()["data"]] == ["serving", "canary"]
    assert ask_many(url, 200) == [f"words {number}" for number in range(200)]
    by_version = [record["version"] for record in records(usage)]
    # binomial, n = 200, p = 0.3: mean 60, standard deviation 6.5
    assert 34 < by_version.count("2-good") < 86
    assert versions(url, "/2-good/promote").status_code == 200
    assert wait_until(lambda: listed(url)["1-good"]["state"] == "closed")
    assert ask_many(url, 20) == [f"words {number}" for number in range(20)]
    assert {record["version"] for record in records(usage)[200:]} == {"2-good"}


def test_a_user_stays_with_a_version(echo):
    url, usage, _ = echo
    versions(url, path="good", share=0.5, min_requests=1000)
    for user in [f"user {number}" for number in range(8)]:
        ask_many(url, 4, user=user)
    found = [record["version"] for record in records(usage)]
    groups = [set(found[start : start + 4]) for start in range(0, 32, 4)]
    assert all(len(group) == 1 for group in groups)
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    ("path", "reason", "lost"),
    [("broken", "100.0% of 5 requests failed", range(5, 60)), ("slow", "P95 0.1", range(1))],
)
def test_a_worse_version_is_rolled_back_by_itself(echo, path, reason, lost):
    """Twenty requests first, so that there is something to compare with; those that a broken one took say so."""
    url, usage, _ = echo
    ask_many(url, 20)
    versions(url, path=path, share=0.5, min_requests=5)
    answers = ask_many(url, 60, concurrency=4)
    assert all(answer in ("engine_failed", f"words {number}") for number, answer in enumerate(answers))
    assert answers.count("engine_failed") in lost
    row = listed(url)[f"2-{path}"]
    assert row["note"].startswith(f"rolled back: {reason}")
    assert wait_until(lambda: listed(url)[f"2-{path}"]["state"] == "closed")
    assert ask_many(url, 20) == [f"words {number}" for number in range(20)]
    assert len(records(usage)) == 100


def test_a_version_that_still_answers_is_drained_before_it_is_closed(echo):
    url, _, _ = echo
    versions(url, path="slow", share=1, min_requests=1000)
    began_s = time.monotonic()

    async def scene():
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
            words = [{"role": "user", "content": "late"}]
            asked = asyncio.create_task(client.chat.completions.create(model="house/echo", messages=words))
            while listed(url)["2-slow"]["in_flight"] == 0 and time.monotonic() < began_s + 10:
                await asyncio.sleep(0.005)
            versions(url, "/2-slow/rollback")
            return (await asked).choices[0].message.content

    assert asyncio.run(scene()) == "late"
    assert listed(url)["2-slow"]["note"] == "rolled back: by call"


def test_paths_that_lead_out_of_the_root_are_refused(echo, tmp_path):
    url, _, root = echo
    (tmp_path / "secret").mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "good" / "config.json").symlink_to("/etc/hostname")
    for path in ("../secret", str(tmp_path / "secret"), "link", "good", "/etc", "good/../../secret"):
        answer = versions(url, path=path, share=0.5)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "path_not_allowed"), path
    assert versions(url, path="nothing", share=0.5).status_code == 400
    assert versions(url, path="slow", share=1.5).status_code == 400
    assert versions(url, "/9-x/promote").status_code == 404
    assert httpx.post(f"{url}/v1/admin/models/other/versions", json={"path": "slow", "share": 1}).status_code == 404
    assert len(listed(url)) == 1
    assert versions(url, path="slow", share=0).status_code == 201
    assert versions(url, path="slow", share=0).status_code == 409


def test_a_page_in_a_browser_changes_nothing_where_no_key_is_asked_for(echo):
    url, _, _ = echo
    answer = httpx.post(
        f"{url}/v1/admin/models/house/echo/versions",
        json={"path": "slow", "share": 1},
        headers={"Origin": "https://evil.example"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


def test_tiny_models_change_under_load_and_the_old_weights_leave_the_memory(tmp_path):
    from serving.engines.transformers import load_engine
    from serving.model_dir import ServedModel

    root = tmp_path / "models"
    old = save_tiny_model(root / "old", seed=1)
    save_tiny_model(root / "new", seed=2)
    shutil.copytree(root / "new", root / "broken")
    (root / "broken" / "model.safetensors").write_bytes(b"no weights")
    engine = load_engine(old, threads=1)
    held = weakref.ref(engine._model)
    models = [(ServedModel("house/echo", old), engine)]
    del engine
    app = app_of(models, tmp_path / "records", root, lambda model: load_engine(model.path, threads=1), weights=True)
    models.clear()
    with served(app) as url:
        assert versions(url, path="broken", share=0.5).json()["error"]["code"] == "invalid_model"
        before = ask_many(url, 4, temperature=0, max_tokens=12)

        async def scene():
            asked = asyncio.create_task(asyncio.to_thread(ask_many, url, 60, temperature=0, max_tokens=12))
            assert (await asyncio.to_thread(versions, url, path="new", share=0.5)).status_code == 201
            assert (await asyncio.to_thread(versions, url, "/2-new/promote")).status_code == 200
            return await asked

        answers = asyncio.run(scene())
        after = ask_many(url, 4, temperature=0, max_tokens=12)
        assert all(mine != theirs for mine, theirs in zip(before, after, strict=True))
        assert all(answer not in ("engine_failed", "overloaded") for answer in answers)
        assert all(answer in pair for answer, pair in zip(answers, zip(before, after, strict=True), strict=False))
        assert wait_until(lambda: listed(url)["1-old"]["state"] == "closed")
        assert wait_until(lambda: gc.collect() >= 0 and held() is None), "the old weights are still held"
    assert len(records(tmp_path / "records" / "usage.jsonl")) == 68


def test_only_administrators_load_and_only_where_a_root_is_given(tmp_path):
    from serving.access import Access, add_key
    from serving.model_dir import ServedModel
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    file = tmp_path / "keys.yaml"
    keys = {
        role: add_key(file, name=role, tenant="t", role=role, quota=None, expires_at=None)
        for role in ("monitor", "admin")
    }
    models = [(ServedModel("house/echo", None), EchoEngine())]
    app = import_app()(models, Meter(NullSource("no driver")), tmp_path / "records", access=Access(file))
    with served(app) as url:
        address = f"{url}/v1/admin/models/house/echo/versions"
        codes = [
            httpx.post(address, json={"path": "x", "share": 1}, headers={"Authorization": f"Bearer {key}"}).json()[
                "error"
            ]["code"]
            for key in (keys["monitor"], keys["admin"])
        ]
        assert codes == ["insufficient_permissions", "loading_not_allowed"]
        assert httpx.get(address).status_code == 401
