"""A gateway in front of another server: keys and records here, answers from there, nothing lost or added on the way."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import openai
import pytest
from baseline_server import Server

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, served

HELLO = [{"role": "user", "content": "Hello there"}]


def echo_app(records, file=None):
    """The server behind: our own, so a real one; with a file of keys it asks for one."""
    from serving.access import Access
    from serving.engines.echo import EchoEngine
    from serving.model_dir import ServedModel

    return app_of([(ServedModel("big/model", None), EchoEngine())], records, access=Access(file))


def app_of(models, records, **more):
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    return import_app()(models, Meter(NullSource("no driver")), records, **more)


def gateway_app(url, key, records, **more):
    from serving.address import UpstreamAddress
    from serving.quota import Prices

    upstream = UpstreamAddress("big/model", f"{url.rstrip('/').removesuffix('/v1')}/v1", key)
    prices = Prices(input_per_mtok=1.0, output_per_mtok=1.0)
    return app_of([], records, prices=prices, upstreams={"house": upstream}, **more)


@pytest.fixture
def behind(tmp_path):
    """Address, key and records of the server behind."""
    from serving.access import add_key

    key = add_key(tmp_path / "keys.yaml", name="gateway", tenant="gateway", role="user", quota=None, expires_at=None)
    with served(echo_app(tmp_path / "behind", tmp_path / "keys.yaml")) as address:
        yield address, key, tmp_path / "behind" / "usage.jsonl"


@pytest.fixture
def gateway(behind, tmp_path):
    """Address of the gateway, and its usage records."""
    with served(gateway_app(behind[0], behind[1], tmp_path / "records")) as address:
        yield address, tmp_path / "records" / "usage.jsonl"


@pytest.fixture
def faulty(tmp_path):
    """A gateway before a server that misbehaves when asked to, that server, and the gateway's records."""
    server = Server(models=("big/model",), key="upstream-secret")
    with served(gateway_app(server.url, "upstream-secret", tmp_path / "records")) as address:
        yield address, server, tmp_path / "records" / "usage.jsonl"
    server.close()


def ask(address, words, **more):
    with openai.OpenAI(base_url=f"{address}/v1", api_key="client-secret", max_retries=0) as client:
        return client.chat.completions.create(model="house", messages=[{"role": "user", "content": words}], **more)


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=f"{gateway[0]}/v1", api_key="client-secret", max_retries=0) as made:
        yield made


def last_record(path):
    return json.loads(path.read_text().splitlines()[-1])


def test_a_request_is_answered_by_the_upstream_under_our_name(client, gateway, behind):
    assert [model.id for model in client.models.list()] == ["house"]
    answer = client.chat.completions.create(model="house", messages=HELLO)
    assert answer.choices[0].message.content == "Hello there"
    assert last_record(behind[2])["model"] == "big/model"
    record = last_record(gateway[1])
    assert (record["model"], record["status"], record["usage_note"]) == ("house", "completed", "")
    assert record["prompt_tokens"] == answer.usage.prompt_tokens
    assert record["completion_tokens"] == answer.usage.completion_tokens
    assert record["cost"] == pytest.approx(answer.usage.total_tokens / 1e6)


def test_completions_and_responses_pass_too_and_embeddings_are_the_upstreams_matter(client, gateway):
    assert client.completions.create(model="house", prompt="abc").choices[0].text == "abc"
    assert client.responses.create(model="house", input="Hello").output_text == "Hello"
    assert last_record(gateway[1])["completion_tokens"] == 6
    with pytest.raises(openai.BadRequestError, match="makes no embeddings"):
        client.embeddings.create(model="house", input="x")


def test_neither_side_sees_the_key_of_the_other(faulty):
    address, server, _ = faulty
    body = {"model": "house", "messages": HELLO, "stream": True}
    httpx.post(f"{address}/v1/chat/completions", json=body, headers={"Authorization": "Bearer client-secret"})
    sent = {name.lower(): value for name, value in server.seen.headers[-1].items()}
    assert sent["authorization"] == "Bearer upstream-secret"
    assert "client-secret" not in str(server.seen.headers)


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_stream_comes_through_whole_and_its_usage_is_recorded_either_way(client, gateway, wants_usage):
    more = {"stream_options": {"include_usage": True}} if wants_usage else {}
    chunks = list(client.chat.completions.create(model="house", messages=HELLO, stream=True, **more))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Hello there"
    assert any(chunk.usage is not None for chunk in chunks) is wants_usage
    record = last_record(gateway[1])
    assert (record["status"], record["usage_note"]) == ("completed", "")
    assert record["completion_tokens"] == len("Hello there") + 1
    assert record["ttft_s"] is not None


@pytest.mark.parametrize(("behaviour", "status"), [("500", 500), ("429", 429)])
def test_the_upstreams_errors_are_the_clients_errors(faulty, behaviour, status):
    address, _, records = faulty
    with pytest.raises(openai.APIStatusError) as caught:
        ask(address, f"{behaviour}|x")
    assert caught.value.status_code == status
    assert ("retry-after" in caught.value.response.headers) is (status == 429)
    assert last_record(records)["status"] == "failed"


def test_a_stream_that_breaks_off_ends_in_an_error_event_and_a_record(faulty):
    address, _, records = faulty
    body = {"model": "house", "messages": [{"role": "user", "content": "cut|one two three four"}], "stream": True}
    answer = httpx.post(f"{address}/v1/chat/completions", json=body, timeout=30)
    assert "upstream_failed" in answer.text
    record = last_record(records)
    assert record["status"] == "failed"
    assert "told no usage" in record["usage_note"]


def test_an_upstream_that_takes_too_long_is_a_504_or_an_error_in_the_stream(tmp_path):
    server = Server(models=("big/model",), key="k", piece_delay_s=0.3)
    with served(gateway_app(server.url, "k", tmp_path / "records", timeout_s=0.5)) as address:
        words = [{"role": "user", "content": "one two three four five"}]
        with (
            openai.OpenAI(base_url=f"{address}/v1", api_key="x", max_retries=0) as client,
            pytest.raises(openai.APIError, match=r"took more than 0\.5 s"),
        ):
            list(client.chat.completions.create(model="house", messages=words, stream=True))
        with pytest.raises(openai.InternalServerError) as caught:
            ask(address, "silent|x")
        assert (caught.value.status_code, caught.value.code) == (504, "request_timeout")
    server.close()
    rows = [json.loads(line) for line in (tmp_path / "records" / "usage.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["failed"] * 2


def test_an_upstream_that_is_gone_is_a_503_and_unhealthy(tmp_path):
    with served(echo_app(tmp_path / "behind")) as behind, served(gateway_app(behind, None, tmp_path / "r")) as address:
        assert httpx.get(f"{address}/health").status_code == 200
        gone = behind.rpartition(":")[2]
    with served(gateway_app(f"http://127.0.0.1:{gone}", None, tmp_path / "r2")) as address:
        with pytest.raises(openai.InternalServerError) as caught:
            ask(address, "Hello")
        assert (caught.value.status_code, caught.value.code) == (503, "upstream_unavailable")
        assert httpx.get(f"{address}/health").json()["ended"] == ["house"]


def test_many_streams_at_once_are_all_recorded(gateway):
    async def run():
        async with openai.AsyncOpenAI(base_url=f"{gateway[0]}/v1", api_key="x", max_retries=0) as client:

            async def one(number):
                words = [{"role": "user", "content": f"Hello {number}"}]
                stream = await client.chat.completions.create(model="house", messages=words, stream=True)
                return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

            return await asyncio.gather(*(one(number) for number in range(40)))

    assert asyncio.run(run()) == [f"Hello {number}" for number in range(40)]
    assert len(gateway[1].read_text().splitlines()) == 40


def test_the_program_stands_in_front_of_an_upstream(behind, tmp_path):
    command = [sys.executable, "-m", "serving", "up", behind[0], "--port", "0"]
    command += ["--records", str(tmp_path / "program"), "--upstream-key-env", "UPSTREAM_SECRET"]
    environ = {**os.environ, "UPSTREAM_SECRET": behind[1]}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ) as process:
        try:
            line = process.stdout.readline()
            address = re.search(r"http://\S+", line)[0]
            assert "serving big/model on" in line
            assert behind[1] not in line
            with openai.OpenAI(base_url=address, api_key="x", max_retries=0) as client:
                answer = client.chat.completions.create(model="big/model", messages=HELLO)
            assert answer.choices[0].message.content == "Hello there"
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert process.returncode == 0
