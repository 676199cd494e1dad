"""Text out of tokens: stop sequences, characters, counts (echo engine, a token per byte)."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.engine import Generation, Sampling
from serving.engines.echo import EchoEngine
from serving.generation import StopGate, pieces


async def told(text, *, stops=(), max_tokens=10_000):
    engine = EchoEngine()
    generation = Generation(engine.text_prompt(text), Sampling(max_tokens))
    engine.submit([generation])
    return [piece async for piece in pieces(engine, generation, stops)], generation


def read(text, **options):
    parts, generation = asyncio.run(told(text, **options))
    return "".join(part.text for part in parts), parts[-1].finish, sum(part.tokens for part in parts), generation


def test_every_byte_and_the_end_token_count():
    assert read("Öl 🙂")[:3] == ("Öl 🙂", "stop", 2 + 1 + 1 + 4 + 1)


def test_no_piece_holds_a_part_of_a_character():
    parts, _ = asyncio.run(told("ä🙂ö"))
    assert [part.text for part in parts if part.text] == ["ä", "🙂", "ö"]


def test_the_token_limit_cuts_between_characters():
    assert read("a🙂", max_tokens=3)[:3] == ("a", "length", 3)


def test_a_stop_sequence_ends_the_text_before_it_and_cancels_the_generation():
    text, finish, _, generation = read("one two three", stops=["two"])
    assert (text, finish) == ("one ", "stop")
    assert generation.cancelled


def test_the_beginning_of_a_stop_sequence_that_does_not_come_is_shown():
    assert read("one tw", stops=["two"])[:2] == ("one tw", "stop")


@given(st.text(alphabet="ab", max_size=30), st.lists(st.text(alphabet="ab", min_size=1, max_size=4), max_size=3))
def test_the_gate_lets_through_exactly_what_precedes_the_first_stop(text, stops):
    gate = StopGate(stops)
    shown = ""
    for letter in text:
        shown += gate.push(letter)
        if gate.hit:
            break
    shown += gate.rest()
    ends = [end for end in range(len(text) + 1) if any(text[:end].endswith(stop) for stop in stops)]
    if not ends:
        assert (shown, gate.hit) == (text, False)
        return
    seen = text[: ends[0]]
    assert gate.hit
    assert shown == seen[: min(seen.find(stop) for stop in stops if stop in seen)]


def test_log_probabilities_are_absent_unless_asked_for():
    parts, _ = asyncio.run(told("ab"))
    assert all(part.scored == () for part in parts)


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_blank_text_is_echoed(text):
    assert read(text)[:2] == (text, "stop")
