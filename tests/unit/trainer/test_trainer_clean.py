"""Cleaning of text: what is dropped, why, and that nothing is lost uncounted."""

import pytest

from advisor.contracts.data_plan import DataPlan
from trainer.corpus.document import Document, chat_document
from trainer.corpus.job import Job
from trainer.corpus.passages import cut
from trainer.corpus.stage import Steps
from trainer.corpus.state import State
from trainer.corpus.steps.normalise import normalise
from trainer.corpus.tally import Tally

LONG = "The with statement wraps the execution of a block with methods defined by a context manager object."
OTHER = "A dictionary maps hashable keys to arbitrary values and keeps the order in which they were inserted."


def document(*paragraphs, name="a"):
    return Document(name, "\n\n".join(paragraphs), "label", language="en")


@pytest.fixture
def clean(tmp_path):
    """Sends documents through all steps; gives what is kept and the tally."""

    def run(documents, **settings):
        tally = Tally()
        data = DataPlan.model_validate({"corpora": [{"kind": "python_reference"}], **settings})
        with State(tmp_path / "state.sqlite") as state:
            steps = Steps(Job(data=data, base=tmp_path), state, tally)
            return [kept for one in documents for kept in steps.kept(one)], tally

    return run


def test_line_ends_tabs_and_control_characters_are_made_one():
    assert normalise("a\r\nb\tc\x07  \n\n\n\nd") == "a\nb    c\n\nd"


def test_characters_that_nobody_sees_do_not_part_words():
    assert normalise("Donau\u00addampf\u200bschiff\ufeff") == "Donaudampfschiff"


def test_umlauts_written_in_two_ways_become_the_same_text():
    assert normalise("Schlu\u0308ssel") == normalise("Schlüssel")


def test_a_passage_is_a_paragraph_that_knows_its_document():
    found = cut(document(LONG, OTHER, name="folder/file.txt"), "passage")
    assert [(row.id, row.document_id, row.label) for row in found] == [
        ("folder/file.txt#1", "folder/file.txt", "label"),
        ("folder/file.txt#2", "folder/file.txt", "label"),
    ]


def test_a_document_may_stay_whole():
    assert [row.text for row in cut(document(LONG, OTHER), "document")] == [f"{LONG}\n\n{OTHER}"]


def test_a_repeated_passage_is_dropped_once_whatever_its_case_and_blanks(clean):
    kept, tally = clean([document(LONG), document(LONG.upper().replace(" ", "  "), name="b")])
    assert [row.id for row in kept] == ["a#1"]
    assert tally.dropped_by_reason("passages") == {"exact_duplicate": 1}
    assert tally.examples["exact_duplicate"][0].startswith("THE")


def test_a_passage_that_differs_in_its_last_word_is_a_near_duplicate(clean):
    kept, tally = clean([document(LONG), document(LONG.replace("object.", "thing."), name="b")])
    assert len(kept) == 1
    assert tally.dropped_by_reason("passages") == {"near_duplicate": 1}


@pytest.mark.parametrize(("settings", "kept"), [({"deduplicate": False}, 3), ({"near_duplicates": None}, 2), ({}, 1)])
def test_each_kind_of_duplicate_can_be_left_in(clean, settings, kept):
    near = LONG.replace("object.", "thing.")
    found, _ = clean(
        [document(text, name=name) for name, text in zip("abc", (LONG, LONG, near), strict=True)], **settings
    )
    assert len(found) == kept


def test_a_heading_is_too_short_to_train_on(clean):
    kept, tally = clean([document("Strings", LONG)])
    assert [row.text for row in kept] == [LONG]
    assert tally.dropped_by_reason("passages") == {"too_short": 1}


def test_an_example_passes_as_a_whole_without_rules_for_prose_and_its_copy_is_dropped(clean):
    turns = [{"role": "user", "content": "What?\r"}, {"role": "assistant", "content": "That.\x07"}]
    kept, tally = clean([chat_document(name, {"messages": turns}) for name in "ab"], quality={})
    assert "examples/quality" not in tally.steps and "examples/near duplicates" not in tally.steps
    assert [row.chat["messages"][1]["content"] for row in kept] == ["That."]
    assert tally.dropped_by_reason("examples") == {"exact_duplicate": 1}


@pytest.mark.parametrize("deduplicate", [True, False])
def test_what_comes_to_a_step_is_what_the_one_before_let_pass(clean, deduplicate):
    texts = [document(LONG, OTHER, "x", LONG, name=name) for name in "abc"]
    kept, tally = clean([*texts, document("", name="d")], deduplicate=deduplicate)
    for unit, last in (("documents", 3), ("passages", len(kept))):
        steps = [count for count in tally.steps.values() if count.unit == unit]
        assert [count.taken for count in steps[1:]] == [count.kept for count in steps[:-1]]
        assert steps[-1].kept == last
    assert tally.steps["passages/length"].taken == 12
    assert tally.dropped_by_reason("documents") == {"empty": 1}


def test_a_tally_is_read_back_as_it_was_written(clean):
    _, tally = clean([document(LONG, "x"), document(LONG, name="b")])
    assert Tally.from_dict(tally.as_dict()) == tally
