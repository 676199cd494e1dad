"""Examples in the forms of public collections become ours, or say what is missing."""

import json

import pytest

from advisor.contracts.errors import BadInput
from trainer.corpus.formats.chat import example_of
from trainer.corpus.rows import checked_conversations, checked_pairs

ASKED = {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}
WITH_SYSTEM = {"messages": [{"role": "system", "content": "S"}, *ASKED["messages"]]}
PAIR = {
    "prompt": [{"role": "user", "content": "Q"}],
    "chosen": [{"role": "assistant", "content": "A"}],
    "rejected": [{"role": "assistant", "content": "B"}],
}

SHARED = [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]
WHOLE = {"chosen": PAIR["prompt"] + PAIR["chosen"], "rejected": PAIR["prompt"] + PAIR["rejected"]}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ASKED, ASKED),
        ({"prompt": "Q", "completion": "A"}, ASKED),
        ({"prompt": "Q", "response": "A", "system": "S"}, WITH_SYSTEM),
        ({"question": "Q", "answer": "A", "context": None}, ASKED),
        ({"instruction": "Q", "input": "", "output": "A"}, ASKED),
        ({"conversations": SHARED}, ASKED),
        ({"conversations": [{"from": "system", "value": "S"}, *SHARED]}, WITH_SYSTEM),
        ({"prompt": "Q", "chosen": "A", "rejected": "B"}, PAIR),
        (PAIR, PAIR),
        (WHOLE, PAIR),
        ({"prompt": "Q", **WHOLE}, PAIR),
        ({"text": "running text"}, None),
        ({"prompt": "a text field that happens to be called so"}, None),
    ],
    ids=lambda value: "+".join(value)[:40] if value else "none",
)  # fmt: skip
def test_a_known_form_becomes_ours(row, expected):
    assert example_of(row) == expected


def test_the_input_of_an_instruction_stands_under_it():
    found = example_of({"instruction": "Translate.", "input": "Haus", "output": "house"})
    assert found["messages"][0]["content"] == "Translate.\n\nHaus"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"instruction": "Q", "output": ""}, "without an answer"),
        ({"messages": []}, "must be a list of messages"),
        ({"messages": [{"role": "boss", "content": "x"}]}, "a message needs role"),
        ({"chosen": "A", "rejected": "B"}, "a preference needs a prompt"),
    ],
)
def test_a_broken_example_says_what_is_missing(row, words):
    with pytest.raises(ValueError, match=words):
        example_of(row)


def test_files_of_instructions_and_preferences_may_be_in_a_known_form(tmp_path):
    (tmp_path / "alpaca.jsonl").write_text(json.dumps({"instruction": "Q", "output": "A"}) + "\n")
    (tmp_path / "table.csv").write_text("prompt,chosen,rejected\nQ,A,B\n")
    assert checked_conversations(tmp_path / "alpaca.jsonl") == [ASKED["messages"]]
    assert checked_pairs(tmp_path / "table.csv") == [PAIR]
    with pytest.raises(BadInput, match=r"alpaca\.jsonl: row 1: prompt must be a list"):
        checked_pairs(tmp_path / "alpaca.jsonl")
