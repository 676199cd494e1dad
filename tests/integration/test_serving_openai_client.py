"""The real `openai` client against a real server: a tiny model and the echo engine, sync and async."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, save_tiny_model, served, wait_until

HELLO = [{"role": "user", "content": "Hello Öl 🙂"}]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    from serving.engines.transformers import load_engine

    path = save_tiny_model(tmp_path_factory.mktemp("served") / "tiny")
    engine = load_engine(path, threads=1)
    yield path, engine
    engine.close()


@pytest.fixture(scope="module")
def url(tiny, records):
    from serving.engines.echo import EchoEngine
    from serving.model_dir import ServedModel
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    path, engine = tiny
    models = [(ServedModel("tiny", path), engine), (ServedModel("echo", None), EchoEngine())]
    with served(import_app()(models, Meter(NullSource("no driver")), records)) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as made:
        yield made


def usage_records(records):
    return [json.loads(line) for line in (records / "usage.jsonl").read_text().splitlines()]


def test_models_are_listed_and_retrieved(client):
    assert [model.id for model in client.models.list()] == ["tiny", "echo"]
    model = client.models.retrieve("tiny")
    assert model.object == "model"
    assert model.context_tokens == 256


def test_a_chat_answer_has_text_finish_reason_and_usage(client):
    answer = client.chat.completions.create(model="echo", messages=HELLO)
    assert answer.choices[0].message.content == "Hello Öl 🙂"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    size = len("Hello Öl 🙂".encode())
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (size + 1, size + 1)
    assert answer.usage.total_tokens == 2 * size + 2


def test_the_tiny_model_answers_as_generate_does(client, tiny):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path, _ = tiny
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    text = tokenizer.apply_chat_template(HELLO, add_generation_prompt=True, tokenize=False)
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=30, do_sample=False)
    expected = tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True).rstrip("\ufffd")
    answer = client.chat.completions.create(model="tiny", messages=HELLO, temperature=0, max_tokens=30)
    assert answer.choices[0].message.content == expected
    assert answer.usage.prompt_tokens == ids.shape[1]


def test_a_stream_adds_up_to_the_answer_and_ends_with_its_usage(client):
    asked = {"model": "tiny", "messages": HELLO, "temperature": 0, "max_completion_tokens": 40}
    whole = client.chat.completions.create(**asked)
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    told = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert told[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in told) == whole.choices[0].message.content
    assert told[-1].finish_reason == whole.choices[0].finish_reason
    assert [choice.finish_reason for choice in told[:-1]] == [None] * (len(told) - 1)
    assert chunks[-1].choices == [] and chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1
    assert len(chunks) > 10


def test_the_wire_format_of_a_stream(url):
    body = {"model": "echo", "messages": HELLO, "stream": True}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"
    deltas = [json.loads(line.removeprefix("data: "))["choices"][0] for line in lines[:-1]]
    assert "".join(delta["delta"].get("content", "") for delta in deltas) == "Hello Öl 🙂"
    assert not any("\ufffd" in json.dumps(delta, ensure_ascii=False) for delta in deltas)
    assert deltas[0]["finish_reason"] is None


def test_async_clients_are_answered_side_by_side(url, records):
    async def ask_all():
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:

            async def ask(number):
                answer = await client.chat.completions.create(
                    model="tiny", messages=[{"role": "user", "content": f"{number} dog"}], temperature=0, max_tokens=20
                )
                return answer.choices[0].message.content

            async def stream(number):
                parts = []
                async for chunk in await client.chat.completions.create(
                    model="tiny",
                    messages=[{"role": "user", "content": f"{number} dog"}],
                    temperature=0,
                    max_tokens=20,
                    stream=True,
                ):
                    parts += [choice.delta.content or "" for choice in chunk.choices]
                return "".join(parts)

            whole = await asyncio.gather(*map(ask, range(12)))
            streamed = await asyncio.gather(*map(stream, range(12)))
            return whole, streamed

    whole, streamed = asyncio.run(ask_all())
    assert whole == streamed
    assert len(set(whole)) > 6


def test_a_seed_repeats_an_answer_and_choices_differ(client):
    asked = {"model": "tiny", "messages": HELLO, "max_tokens": 16, "n": 3, "seed": 5}
    first, second = (client.chat.completions.create(**asked) for _ in range(2))
    texts = [choice.message.content for choice in first.choices]
    assert texts == [choice.message.content for choice in second.choices]
    assert len(set(texts)) == 3
    assert [choice.index for choice in first.choices] == [0, 1, 2]
    assert first.usage.completion_tokens <= 48


def test_streamed_choices_carry_their_index(client):
    stream = client.chat.completions.create(model="echo", messages=HELLO, n=2, stream=True)
    texts = {0: "", 1: ""}
    for chunk in stream:
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == {0: "Hello Öl 🙂", 1: "Hello Öl 🙂"}


def test_a_stop_sequence_is_not_shown_streamed_or_not(client):
    asked = {"model": "echo", "messages": [{"role": "user", "content": "one END two"}], "stop": ["END", "xyz"]}
    assert client.chat.completions.create(**asked).choices[0].message.content == "one "
    chunks = list(client.chat.completions.create(**asked, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "one "
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_max_tokens_ends_with_length(client):
    answer = client.chat.completions.create(model="echo", messages=HELLO, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "Hel"
    assert answer.usage.completion_tokens == 3


def test_log_probabilities_come_with_alternatives(client):
    answer = client.chat.completions.create(
        model="tiny", messages=HELLO, max_tokens=4, temperature=0, logprobs=True, top_logprobs=2
    )
    content = answer.choices[0].logprobs.content
    assert 1 <= len(content) <= 4
    for token in content:
        assert token.logprob <= 0
        assert token.token == token.top_logprobs[0].token  # greedy: the chosen token is the first alternative
        assert len(token.top_logprobs) == 2
    streamed = client.chat.completions.create(
        model="tiny", messages=HELLO, max_tokens=4, temperature=0, logprobs=True, top_logprobs=2, stream=True
    )
    told = [
        token.logprob
        for chunk in streamed
        for choice in chunk.choices
        if choice.logprobs
        for token in choice.logprobs.content
    ]
    assert told == pytest.approx([token.logprob for token in content], abs=1e-5)


def test_completions_continue_one_prompt_or_several(client):
    answer = client.completions.create(model="echo", prompt=["ab", "Öl"], max_tokens=50)
    assert [choice.text for choice in answer.choices] == ["ab", "Öl"]
    assert answer.choices[0].finish_reason == "stop"
    by_token = client.completions.create(model="echo", prompt=[97, 98])
    assert by_token.choices[0].text == "ab"
    chunks = list(client.completions.create(model="echo", prompt="ab", stream=True))
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == "ab"


def test_completion_log_probabilities_line_up(client):
    answer = client.completions.create(model="tiny", prompt="The quick", max_tokens=5, temperature=0, logprobs=2)
    logprobs = answer.choices[0].logprobs
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.text_offset)
    assert all(len(top) <= 2 for top in logprobs.top_logprobs)


def test_completions_default_to_sixteen_tokens(client):
    assert client.completions.create(model="echo", prompt="a" * 40).usage.completion_tokens == 16


def test_the_responses_api_answers(client):
    answer = client.responses.create(model="echo", input="Hello Öl", instructions="Be brief")
    assert answer.output_text == "Hello Öl"
    assert answer.status == "completed"
    assert answer.usage.output_tokens == len("Hello Öl".encode()) + 1
    cut = client.responses.create(model="echo", input=[{"role": "user", "content": "Hello"}], max_output_tokens=2)
    assert cut.status == "incomplete"
    assert cut.incomplete_details.reason == "max_output_tokens"
    assert cut.output_text == "He"


def test_the_responses_api_streams_events_in_order(client):
    events = list(client.responses.create(model="echo", input="Hi Öl", stream=True))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "Hi Öl"
    assert events[-1].response.output_text == "Hi Öl"
    with client.responses.stream(model="echo", input="Hi") as stream:
        assert stream.get_final_response().output_text == "Hi"


def test_an_unknown_model_is_a_404_that_names_the_known_ones(client):
    with pytest.raises(openai.NotFoundError, match="echo, tiny") as caught:
        client.chat.completions.create(model="completely-other", messages=HELLO)
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nope")


def test_a_bad_role_is_a_400(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="echo", messages=[{"role": "wizard", "content": "Hi"}])
    assert caught.value.param == "messages.0.role"
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_the_context_is_a_400(client, stream):
    with pytest.raises(openai.BadRequestError, match="256") as caught:
        client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "a " * 400}], stream=stream)
    assert caught.value.code == "context_length_exceeded"


def test_an_unsupported_parameter_is_a_400(client):
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="echo", messages=HELLO, tools=tools)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "tools")


def test_messages_that_the_template_refuses_are_a_400(client):
    with pytest.raises(openai.BadRequestError, match="these words are refused"):
        client.chat.completions.create(model="tiny", messages=[{"role": "user", "content": "refuse me"}])


def test_a_full_queue_is_a_503_with_retry_after(client, tiny, monkeypatch):
    monkeypatch.setattr(tiny[1].supervisor.worker, "_most_waiting", -1000)
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="tiny", messages=HELLO)
    assert caught.value.status_code == 503
    assert caught.value.response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("GET", "/v1/chat/completions", 405), ("POST", "/v1/chat/completions", 400)],
)
def test_other_errors_have_the_same_shape(url, method, path, status):
    answer = httpx.request(method, url + path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_a_body_that_is_too_large_is_a_413(url):
    answer = httpx.post(f"{url}/v1/chat/completions", content=b"x" * 5_000_000)
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [False, True])
def test_a_dropped_connection_stops_the_generation(url, tiny, records, stream):
    engine = tiny[1]
    before = len(usage_records(records))
    body = {"model": "tiny", "prompt": "The", "max_tokens": 250, "n": 8, "seed": 1, "stream": stream}
    slow_step = engine.supervisor.worker.batch.step

    def slowly():
        import time

        time.sleep(0.02)
        slow_step()

    engine.supervisor.worker.batch.step = slowly
    try:
        with (
            contextlib.suppress(httpx.ReadTimeout),
            httpx.stream("POST", f"{url}/v1/completions", json=body, timeout=0.5) as answer,
        ):
            next(answer.iter_bytes())
        assert wait_until(lambda: len(usage_records(records)) > before, 3)
    finally:
        engine.supervisor.worker.batch.step = slow_step
    record = usage_records(records)[-1]
    assert record["status"] == "cancelled"
    assert wait_until(lambda: engine.load().running == 0, 3)


def test_usage_is_recorded_without_words(client, records):
    before = len(usage_records(records))
    answer = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "secret words"}])
    (record,) = usage_records(records)[before:]
    assert record["id"] == answer.id
    assert record["prompt_tokens"] == answer.usage.prompt_tokens
    assert record["completion_tokens"] == answer.usage.completion_tokens
    assert record["energy_j"] is None and record["energy_note"] == "no driver"
    assert "secret" not in (records / "usage.jsonl").read_text()


def test_feedback_is_kept(url, records):
    given = {"completion_id": "chatcmpl-1", "rating": "bad", "answer": "x", "preferred_answer": "Größe"}
    answer = httpx.post(f"{url}/v1/feedback", json=given)
    assert answer.status_code == 201
    last = json.loads((records / "feedback.jsonl").read_text().splitlines()[-1])
    assert last["id"] == answer.json()["id"]
    assert last["feedback"]["preferred_answer"] == "Größe"
    refused = httpx.post(f"{url}/v1/feedback", json={"completion_id": "chatcmpl-1", "ratin": "bad"})
    assert refused.status_code == 400
    assert "did you mean 'rating'" in refused.json()["error"]["message"]
    assert httpx.post(f"{url}/v1/feedback", json={"completion_id": "chatcmpl-1"}).status_code == 400


def test_health_and_metrics_count_what_was_asked(url, client):
    assert httpx.get(f"{url}/health").json()["status"] == "ok"

    def value(name):
        lines = httpx.get(f"{url}/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    tokens, first = value("generation_tokens_total{"), value("time_to_first_token_seconds_count{")
    requests = value('requests_total{endpoint="chat.completions",model="echo",status="completed"}')
    client.chat.completions.create(model="echo", messages=HELLO, max_tokens=5)
    assert value("generation_tokens_total{") == tokens + 5
    assert value("time_to_first_token_seconds_count{") == first + 1
    assert value('requests_total{endpoint="chat.completions",model="echo",status="completed"}') == requests + 1
    assert value("num_requests_running{") == value("num_requests_waiting{") == 0
