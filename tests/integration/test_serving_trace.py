"""Ids, logs, timeouts and the drain: the program as its operator sees it."""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path

import httpx
import openai
import pytest
from test_serving_program import program

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, save_tiny_model, served

from serving.engines.echo import EchoEngine

SECRET = [{"role": "user", "content": "the secret words"}]


def test_the_log_tells_every_request_in_json_by_its_id_and_without_its_words(tmp_path):
    with program(tmp_path, "--engine", "echo", "--log-format", "json") as (process, url):
        with openai.OpenAI(base_url=url, api_key="sk-hidden", max_retries=0) as client:
            answer = client.chat.completions.with_raw_response.create(
                model="echo", messages=SECRET, extra_headers={"x-request-id": "order-17"}
            )
            assert answer.headers["x-request-id"] == "order-17"
            completion = answer.parse()
            forged = client.chat.completions.with_raw_response.create(
                model="echo", messages=SECRET, extra_headers={"x-request-id": "two words"}
            )
            assert forged.headers["x-request-id"].startswith("req_")
            with pytest.raises(openai.NotFoundError) as caught:
                client.chat.completions.create(model="other", messages=SECRET)
            assert caught.value.request_id.startswith("req_")
            assert httpx.get(f"{url}/nowhere").headers["x-request-id"].startswith("req_")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert "secret" not in err and "hidden" not in err
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    first = next(line for line in lines if line.get("request_id") == "order-17")
    assert first["completion_id"] == completion.id
    assert {"time", "level", "duration_s"} <= set(first)
    facts = ("method", "path", "status", "model", "version", "tenant", "outcome", "completion_tokens")
    assert [first[name] for name in facts] == [
        *("POST", "/v1/chat/completions", 200, "echo", "1-echo", "local", "completed"),
        completion.usage.completion_tokens,
    ]
    assert [line["error_code"] for line in lines if line.get("status") == 404] == ["model_not_found", "http_404"]
    records = [json.loads(line) for line in (tmp_path / "records" / "usage.jsonl").read_text().splitlines()]
    assert records[0]["request_id"] == "order-17"


class Deaf(EchoEngine):
    """Accepts everything and says nothing; one that fails in a way nobody foresaw."""

    def submit(self, generations):
        if generations[0].sampling.seed == 13:
            raise ZeroDivisionError(SECRET[0]["content"])


def deaf(records):
    from serving.model_dir import ServedModel
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    return import_app()([(ServedModel("deaf", None), Deaf())], Meter(NullSource("no driver")), records, timeout_s=0.2)


def test_a_request_that_takes_too_long_is_a_504_or_an_error_in_its_stream(tmp_path):
    with (
        served(deaf(tmp_path)) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(openai.InternalServerError, match=r"took more than 0\.2 s") as caught:
            client.chat.completions.create(model="deaf", messages=SECRET)
        assert (caught.value.status_code, caught.value.code) == (504, "request_timeout")
        with pytest.raises(openai.APIError, match=r"took more than 0\.2 s"):
            list(client.chat.completions.create(model="deaf", messages=SECRET, stream=True))
        with pytest.raises(openai.InternalServerError) as caught:
            client.completions.create(model="deaf", prompt="x", stream=True)
        assert caught.value.status_code == 504
    rows = [json.loads(line) for line in (tmp_path / "usage.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["failed"] * 3


def test_an_error_that_nobody_foresaw_is_logged_by_type_and_place_without_what_it_quotes(tmp_path, capfd):
    from serving.trace import configure_logs

    configure_logs("json")
    with served(deaf(tmp_path)) as url:
        answer = httpx.post(f"{url}/v1/completions", json={"model": "deaf", "prompt": "x", "seed": 13})
    assert answer.status_code == 500
    assert "secret" not in answer.text
    logged = capfd.readouterr().err
    assert "ZeroDivisionError" in logged and "in submit" in logged
    assert "secret" not in logged


def test_twenty_running_streams_are_finished_within_the_drain(tmp_path):
    """The signal comes when all twenty have begun; each still gets its last chunk, its usage and its record."""
    model = save_tiny_model(tmp_path / "tiny")
    body = {"model": "tiny", "prompt": "The", "max_tokens": 120, "logit_bias": {"0": -100}, "temperature": 0}
    options = {"stream": True, "stream_options": {"include_usage": True}}

    async def scene(url, process):
        begun = 0
        all_begun = asyncio.Event()
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=120) as client:

            async def read():
                nonlocal begun
                usage = finish = None
                first = True
                async for chunk in await client.completions.create(**body, **options):
                    if first:
                        begun, first = begun + 1, False
                        if begun == 16:  # as many as share a step; the other four wait in the queue
                            all_begun.set()
                    usage = chunk.usage or usage
                    finish = next((choice.finish_reason for choice in chunk.choices), None) or finish
                return finish, usage.completion_tokens

            readers = [asyncio.create_task(read()) for _ in range(20)]
            await asyncio.wait_for(all_begun.wait(), 60)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(openai.APIConnectionError):
                await client.models.list()
            return await asyncio.gather(*readers)

    with program(tmp_path, str(model), "--threads", "1", "--drain-s", "60") as (process, url):
        answers = asyncio.run(scene(url, process))
        process.communicate(timeout=60)
    assert answers == [("length", 120)] * 20
    assert process.returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "records" / "usage.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["completed"] * 20
