"""Calls of functions in a model's words, whole or in pieces."""

import json

import pytest

from serving.tools import ToolReader, format_of

CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'
LLAMA = '{"name": "add", "parameters": {"a": 1, "b": 2}}'
MISTRAL = '[{"name": "add", "arguments": {"a": 1, "b": 2}}]'


def read(form, text, *, size, names=("add",)):
    """What is shown and what is called when the text comes in pieces of `size`."""
    reader = ToolReader(form, names)
    shown = "".join(reader.push(text[start : start + size]) for start in range(0, len(text), size))
    rest, calls = reader.end()
    return shown + rest, [(call.name, json.loads(call.arguments)) for call in calls]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    ("form", "text", "shown"),
    [
        ("hermes", CALL, ""),
        ("hermes", f"Let me add.\n{CALL}", "Let me add.\n"),
        ("llama", LLAMA, ""),
        ("llama", f"  {LLAMA}\n", "  "),
        ("mistral", MISTRAL, ""),
        ("mistral", f"[TOOL_CALLS]{MISTRAL}", ""),
    ],
)
def test_a_call_is_found_in_every_form_however_the_text_is_cut(form, text, shown, size):
    assert read(form, text, size=size) == (shown, [("add", {"a": 1, "b": 2})])


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("hermes", "1 < 2, and <tool is a word"),
        ("hermes", "<tool_call>\nnot json"),
        ("hermes", '<tool_call>\n{"name": "unknown", "arguments": {}}\n</tool_call>'),
        ("llama", "a {b} c"),
        ("llama", '{"answer": 4}'),
        ("mistral", "[1] is a source"),
        ("mistral", ""),
    ],
)
def test_text_that_is_no_call_is_shown_whole(form, text, size):
    assert read(form, text, size=size) == (text, [])


def test_two_calls_are_two():
    assert read("hermes", f"{CALL}\n{CALL}", size=5)[1] == [("add", {"a": 1, "b": 2})] * 2


def test_text_before_a_call_is_not_held_back():
    reader = ToolReader("hermes", ["add"])
    assert reader.push("Let me see") == "Let me see"
    assert reader.push(" <tool") == " "
    assert reader.push("s are fine") == "<tools are fine"


@pytest.mark.parametrize(
    ("template", "form"),
    [
        (None, None),
        ("{{ messages }}", None),
        ("{% if tools %}<tool_call>{% endif %}", "hermes"),
        ("{% if tools %}[TOOL_CALLS]{% endif %}", "mistral"),
        ('{% if tools %}{"name": x, "parameters": y}{% endif %}', "llama"),
    ],
)
def test_the_form_is_read_from_the_template(template, form):
    assert format_of(template) == form
