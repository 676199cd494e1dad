"""Which request parameters are taken, dropped and refused."""

import json

import pytest

from serving.errors import ApiError
from serving.openai_schema import ChatRequest, CompletionRequest, ResponsesRequest, read_request

CHAT = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}


def chat(**more):
    return read_request(json.dumps({**CHAT, **more}).encode(), ChatRequest)


def refusal(call):
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("functions", [{"name": "f"}]),
        ("function_call", {"name": "f"}),
        ("min_p", 0.1),
        ("modalities", ["audio"]),
        ("echo", True),
        ("reasoning_effort", "high"),
        ("top_k", 5),
    ],
)
def test_a_parameter_that_would_change_the_answer_is_refused_by_name(name, value):
    error = refusal(lambda: chat(**{name: value}))
    assert (error.status, error.code, error.param) == (400, "unsupported_parameter", name)
    assert name in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user", "u1"),
        ("metadata", {"a": "b"}),
        ("store", True),
        ("tools", []),
        ("tools", None),
        ("tool_choice", "auto"),
        ("response_format", {"type": "text"}),
        ("frequency_penalty", 0),
        ("presence_penalty", 0.0),
        ("logit_bias", {}),
        ("temperature", None),
        ("stop", None),
    ],
)
def test_harmless_and_neutral_parameters_pass(name, value):
    assert chat(**{name: value}) == chat()


def test_an_unknown_parameter_is_refused_with_the_nearest_one():
    error = refusal(lambda: chat(temprature=0))
    assert (error.code, error.param) == ("unknown_parameter", "temprature")
    assert "'temperature'" in str(error)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"seed": 2**64}, "seed"),
        ({"stop": [""]}, "stop.0"),
        ({"stream": "yes"}, "stream"),
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "Hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, "messages.0.content"),
        ({"logprobs": False, "top_logprobs": 2}, None),
        ({"model": 5}, "model"),
        ({"presence_penalty": True}, "presence_penalty"),
        ({"frequency_penalty": 3}, "frequency_penalty"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools.0.function.name"),
        ({"tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"tool_choice": "required"}, None),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, None),
        ({"messages": [{"role": "tool", "content": "4"}]}, "messages.0"),
    ],
)
def test_a_wrong_value_is_a_400_that_names_the_field(more, param):
    error = refusal(lambda: chat(**more))
    assert error.status == 400
    assert error.param == param


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"a": NaN}', b'{"a": "\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_object_is_a_400(body):
    error = refusal(lambda: read_request(body, ChatRequest))
    assert (error.status, error.code) == (400, "invalid_json")


def test_a_missing_field_is_told_as_missing():
    error = refusal(lambda: read_request(b'{"model": "m"}', ChatRequest))
    assert (error.code, error.param) == ("missing_required_parameter", "messages")


def test_text_in_parts_is_joined_and_developer_is_system():
    request = chat(
        messages=[{"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]
    )
    assert request.messages[0].message.content == "ab"
    assert request.messages[0].message.role == "system"


def test_one_stop_text_is_a_list_of_one():
    assert chat(stop="x").stop == ["x"]


def test_the_responses_api_is_stateless_and_says_so():
    body = json.dumps({"model": "m", "input": "Hi", "previous_response_id": "resp_1"}).encode()
    assert refusal(lambda: read_request(body, ResponsesRequest)).param == "previous_response_id"


def test_instructions_come_before_the_input():
    body = json.dumps({"model": "m", "input": "Hi", "instructions": "Be brief"}).encode()
    roles = [message.role for message in read_request(body, ResponsesRequest).messages]
    assert roles == ["system", "user"]


@pytest.mark.parametrize("prompt", ["a", ["a", "b"], [1, 2], [[1], [2, 3]]])
def test_completions_take_text_and_tokens(prompt):
    assert read_request(json.dumps({"model": "m", "prompt": prompt}).encode(), CompletionRequest).prompt == prompt
