"""Answers held to a schema, calls of functions, bias and penalties: the real client, a tiny model, a real server.

The model's weights are random, so nothing but the grammar makes its words JSON.
"""

import concurrent.futures
import json
import sys
from pathlib import Path

import jsonschema
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import CHAT_TEMPLATE, import_app, save_tiny_model, served

HELLO = [{"role": "user", "content": "Hello"}]
SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"enum": ["red", "green"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "done": {"type": "boolean"},
    },
    "required": ["colour", "count", "done"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "adds",
        "parameters": {
            "type": "object",
            "properties": {"a": {"enum": [1, 2]}, "b": {"type": "boolean"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    },
}
NOW = {"type": "function", "function": {"name": "now"}}
TOOL_TEMPLATE = "{% for tool in tools or [] %}<tool_call>{{ tool.function.name }} {% endfor %}" + CHAT_TEMPLATE.replace(
    "{{ message.content }}", "{{ message.content }}{{ message.tool_calls | tojson if message.tool_calls else '' }}"
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    from serving.engines.echo import EchoEngine
    from serving.engines.transformers import load_engine
    from serving.model_dir import ServedModel
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    folder = tmp_path_factory.mktemp("structured")
    plain, tools = save_tiny_model(folder / "plain"), save_tiny_model(folder / "tools", seed=1)
    (tools / "chat_template.jinja").write_text(TOOL_TEMPLATE, encoding="utf-8")
    engines = [(ServedModel(path.name, path), load_engine(path, threads=1)) for path in (plain, tools)]
    engines.append((ServedModel("echo", None), EchoEngine()))
    with (
        served(import_app()(engines, Meter(NullSource("no driver")), folder / "records")) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as made,
    ):
        yield made


@pytest.mark.parametrize("temperature", [0, 1.5])
def test_an_answer_fits_its_schema_whatever_the_weights_say(client, temperature):
    answers = client.chat.completions.create(
        model="plain", messages=HELLO, response_format=FORMAT, temperature=temperature, seed=3, n=4, max_tokens=120
    )
    for choice in answers.choices:
        assert choice.finish_reason == "stop"
        jsonschema.validate(json.loads(choice.message.content), SCHEMA)


def test_free_and_held_answers_share_a_batch(client):
    def ask(more):
        return client.chat.completions.create(model="plain", messages=HELLO, temperature=0, max_tokens=40, **more)

    alone = ask({})
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, [{}, {"response_format": FORMAT}, {}, {"response_format": FORMAT}]))
    assert [answer.choices[0].message.content for answer in found[::2]] == [alone.choices[0].message.content] * 2
    assert json.loads(found[1].choices[0].message.content) == json.loads(found[3].choices[0].message.content)


def test_a_stream_adds_up_to_fitting_json_and_json_object_begins_an_object(client):
    stream = client.chat.completions.create(
        model="plain", messages=HELLO, response_format=FORMAT, temperature=0, stream=True, max_tokens=120
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    jsonschema.validate(json.loads(text), SCHEMA)
    any_object = client.chat.completions.create(
        model="plain", messages=HELLO, response_format={"type": "json_object"}, temperature=0, max_tokens=60
    )
    assert any_object.choices[0].message.content.startswith("{")


def test_the_responses_api_holds_to_a_schema_too(client):
    answer = client.responses.create(
        model="plain",
        input="Hello",
        text={"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
        max_output_tokens=120,
    )
    jsonschema.validate(json.loads(answer.output_text), SCHEMA)


def test_a_schema_that_cannot_be_held_is_a_400(client):
    broken = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "no such type"}}}
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="plain", messages=HELLO, response_format=broken)
    assert caught.value.param == "response_format"
    assert "no such type" in caught.value.message


@pytest.mark.parametrize("stream", [False, True])
def test_a_forced_call_is_a_call_with_fitting_arguments(client, stream):
    asked = {"model": "tools", "messages": HELLO, "tools": [ADD, NOW], "temperature": 0, "max_tokens": 120}
    chosen = {"type": "function", "function": {"name": "add"}}
    answer = client.chat.completions.create(**asked, tool_choice=chosen, stream=stream)
    if stream:
        chunks = [chunk.choices[0] for chunk in answer if chunk.choices]
        (call,) = [call for chunk in chunks for call in chunk.delta.tool_calls or ()]
        assert call.index == 0
        assert not any(chunk.delta.content for chunk in chunks)
        finish = chunks[-1].finish_reason
    else:
        (call,) = answer.choices[0].message.tool_calls
        finish = answer.choices[0].finish_reason
        assert answer.choices[0].message.content is None
    assert finish == "tool_calls"
    assert call.function.name == "add"
    assert call.id.startswith("call_")
    jsonschema.validate(json.loads(call.function.arguments), ADD["function"]["parameters"])


def test_required_takes_one_of_the_functions_and_none_takes_no_function(client):
    asked = {"model": "tools", "messages": HELLO, "tools": [ADD, NOW], "temperature": 0}
    answer = client.chat.completions.create(**asked, tool_choice="required", max_tokens=120)
    assert answer.choices[0].message.tool_calls[0].function.name in ("add", "now")
    plain = client.chat.completions.create(**asked, tool_choice="none", max_tokens=5)
    bare = client.chat.completions.create(model="tools", messages=HELLO, temperature=0, max_tokens=5)
    assert plain.choices[0].message.content == bare.choices[0].message.content


def test_the_result_of_a_call_goes_back_to_the_model(client):
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    result = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "3"},
    ]
    told = client.chat.completions.create(model="tools", messages=[*HELLO, *result], max_tokens=3)
    without = client.chat.completions.create(model="tools", messages=HELLO, max_tokens=3)
    assert told.usage.prompt_tokens > without.usage.prompt_tokens + 5


@pytest.mark.parametrize("model", ["plain", "echo"])
def test_a_model_without_functions_says_so(client, model):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=model, messages=HELLO, tools=[ADD])
    assert (caught.value.param, caught.value.code) == ("tools", "unsupported_parameter")


def test_bias_forces_a_token_and_penalties_end_its_repetition(client):
    asked = {"model": "plain", "prompt": "a", "temperature": 0, "max_tokens": 12, "logprobs": 0}
    tokens = client.completions.create(**asked, logit_bias={"70": 100}).choices[0].logprobs.tokens
    assert len(tokens) == 12
    assert len(set(tokens)) == 1
    penalised = client.completions.create(**asked, logit_bias={"70": 2}, presence_penalty=2, frequency_penalty=2)
    assert penalised.choices[0].logprobs.tokens.count(tokens[0]) < 12
    with pytest.raises(openai.BadRequestError, match="no token id"):
        client.completions.create(**asked, logit_bias={"99999": 1})
