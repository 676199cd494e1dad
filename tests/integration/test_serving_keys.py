"""API keys and quotas: a real server, the real client, the program that makes the keys."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, served

HELLO = [{"role": "user", "content": "Hello"}]


def keys(file, *argv):
    command = [sys.executable, "-m", "serving", "keys", argv[0], *map(str, argv[1:]), "--file", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def guarded(tmp_path):
    """A server that asks for keys: its address, the file of keys, its records, a key of the tenant shop."""
    from serving.access import Access
    from serving.engines.echo import EchoEngine
    from serving.model_dir import ServedModel
    from serving.quota import Prices
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    file = tmp_path / "keys.yaml"
    made = keys(file, "add", "--name", "backend", "--tenant", "shop", "--tokens-per-day", 60)
    assert made.returncode == 0, made.stderr
    app = import_app()(
        [(ServedModel("echo", None), EchoEngine())],
        Meter(NullSource("no driver")),
        tmp_path / "records",
        access=Access(file),
        prices=Prices(input_per_mtok=1000.0, output_per_mtok=2000.0),
    )
    with served(app) as address:
        yield address, file, tmp_path / "records", made.stdout.strip()


def ask(address, key, **more):
    with openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
        return client.chat.completions.create(model="echo", messages=HELLO, **more)


def test_a_key_opens_and_its_tenant_pays(guarded):
    address, _, records, key = guarded
    assert ask(address, key).choices[0].message.content == "Hello"
    (row,) = [json.loads(line) for line in (records / "usage.jsonl").read_text().splitlines()]
    assert (row["tenant"], row["key"], row["currency"]) == ("shop", "backend", "EUR")
    assert row["cost"] == pytest.approx((row["prompt_tokens"] * 1000 + row["completion_tokens"] * 2000) / 1e6)


@pytest.mark.parametrize("key", ["wrong", "rw-wrong"])
def test_without_a_good_key_every_path_but_health_is_closed(guarded, key):
    address, _, _, _ = guarded
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(address, key)
    assert caught.value.code == "invalid_api_key"
    assert caught.value.response.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/v1/models", "/v1/models/echo", "/metrics"):
        assert httpx.get(f"{address}{path}").status_code == 401
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/feedback"):
        assert httpx.post(f"{address}{path}", json={}).status_code == 401
    assert httpx.get(f"{address}/health").status_code == 200


def test_a_used_up_quota_is_a_429_that_says_when_to_come_back(guarded):
    """Hello is 6 tokens and so is its echo; with 20 set aside for it, 26 fit while at most 34 of 60 are used."""
    address, _, _, key = guarded
    for _ in range(3):
        ask(address, key, max_tokens=20)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(address, key, max_tokens=20)
    assert caught.value.code == "insufficient_quota"
    assert 0 < int(caught.value.response.headers["Retry-After"]) <= 86400
    with pytest.raises(openai.RateLimitError):
        list(ask(address, key, max_tokens=20, stream=True))


def test_roles_and_changes_while_the_server_runs(guarded):
    address, file, _, key = guarded

    def figures(word):
        return httpx.get(f"{address}/metrics", headers={"Authorization": f"Bearer {word}"}).status_code

    assert figures(key) == 403
    monitor = keys(file, "add", "--name", "prometheus", "--tenant", "operations", "--role", "monitor").stdout.strip()
    assert figures(monitor) == 200
    assert "prometheus: tenant operations, monitor; no limit" in keys(file, "list").stdout
    assert keys(file, "revoke", "prometheus").returncode == 0
    assert figures(monitor) == 401
    expired = keys(file, "add", "--name", "old", "--tenant", "shop", "--expires", "2026-01-01").stdout.strip()
    with pytest.raises(openai.AuthenticationError, match="expired"):
        ask(address, expired)


def test_no_key_and_no_hash_of_a_prompt_is_stored(guarded):
    address, file, records, key = guarded
    ask(address, key)
    for path in (file, *records.iterdir()):
        text = path.read_text()
        assert key not in text
        assert "Hello" not in text
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("add", "--name", "backend", "--tenant", "x"), "there is such a key"),
        (("add", "--name", "y", "--tenant", "x", "--expires", "soon"), "expected a date"),
        (("revoke", "nobody"), "no such key"),
    ],
)
def test_mistakes_are_told(guarded, argv, message):
    _, file, _, _ = guarded
    done = keys(file, *argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
