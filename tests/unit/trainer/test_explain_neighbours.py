"""Training examples are likened by their words, and the figures can be checked by hand."""

import math

import pytest

from advisor.contracts.errors import BadInput
from trainer.explain.neighbours import examples_of, nearest

ROWS = [("a", "red red apple"), ("b", "green apple"), ("c", "blue sky")]


def test_the_similarity_is_the_cosine_of_words_weighted_by_rarity():
    """Prompt 'apple', example b 'green apple': weights ln(4/3)+1 = 1.2877 for apple, ln(4/2)+1 = 1.6931 for green."""
    found, searched = nearest("apple", lambda: ROWS, count=5)
    apple, green = math.log(4 / 3) + 1, math.log(4 / 2) + 1
    red = (1 + math.log(2)) * green
    assert searched == 3
    assert [row.id for row in found] == ["b", "a"]
    assert found[0].similarity_fraction == pytest.approx(apple / math.hypot(apple, green))
    assert found[1].similarity_fraction == pytest.approx(apple / math.hypot(apple, red))


def test_the_same_words_are_as_like_as_can_be_and_come_first():
    found, _ = nearest("Sky, blue!", lambda: ROWS, count=1)
    assert [row.id for row in found] == ["c"] and found[0].similarity_fraction == pytest.approx(1.0)


def test_no_shared_word_finds_nothing():
    assert nearest("quantum", lambda: ROWS, count=5) == ([], 3)


def test_texts_conversations_and_pairs_are_read(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"id": "t", "text": "one"}\n\n'
        '{"messages": [{"role": "user", "content": "two"}, {"role": "assistant", "content": "three"}]}\n'
        '{"prompt": [{"role": "user", "content": "four"}], "chosen": [{"role": "assistant", "content": "five"}]}\n'
    )
    assert list(examples_of(path)) == [("t", "one"), ("rows.jsonl:3", "two\nthree"), ("rows.jsonl:4", "four\nfive")]


@pytest.mark.parametrize("line", ["not json", '{"other": 1}', '{"messages": [1]}', "[]"])
def test_a_line_of_another_form_is_named(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "one"}\n' + line + "\n")
    with pytest.raises(BadInput, match="line 2"):
        list(examples_of(path))
