"""Cleaning of text: what is dropped, why, and that nothing is lost uncounted."""

import pytest

from trainer.corpus.clean import clean, normalise, passages
from trainer.corpus.read import Document

LONG = "The with statement wraps the execution of a block with methods defined by a context manager object."
OTHER = "A dictionary maps hashable keys to arbitrary values and keeps the order in which they were inserted."


def document(*paragraphs, name="a"):
    return Document(name, "\n\n".join(paragraphs), "label")


def test_line_ends_tabs_and_control_characters_are_made_one():
    assert normalise("a\r\nb\tc\x07  \n\n\n\nd") == "a\nb    c\n\nd"


def test_umlauts_written_in_two_ways_become_the_same_text():
    assert normalise("Schlu\u0308ssel") == normalise("Schlüssel")


def test_a_passage_is_a_paragraph_that_knows_its_document():
    found = passages(document(LONG, OTHER, name="folder/file.txt"))
    assert [(row.id, row.document_id, row.label) for row in found] == [
        ("folder/file.txt#1", "folder/file.txt", "label"),
        ("folder/file.txt#2", "folder/file.txt", "label"),
    ]


def test_a_repeated_passage_is_dropped_once_whatever_its_case_and_blanks():
    kept, losses = clean([document(LONG), document(LONG.upper().replace(" ", "  "), name="b")], deduplicate=True)
    assert [row.id for row in kept] == ["a#1"]
    assert dict(losses.dropped) == {"exact_duplicate": 1}
    assert losses.examples["exact_duplicate"][0].startswith("THE")


def test_a_passage_that_differs_in_its_last_word_is_a_near_duplicate():
    changed = LONG.replace("object.", "thing.")
    kept, losses = clean([document(LONG), document(changed, name="b")], deduplicate=True)
    assert len(kept) == 1
    assert dict(losses.dropped) == {"near_duplicate": 1}


def test_without_deduplication_repeats_stay():
    kept, losses = clean([document(LONG), document(LONG, name="b")], deduplicate=False)
    assert len(kept) == 2 and not losses.dropped


def test_a_heading_is_too_short_to_train_on():
    kept, losses = clean([document("Strings", LONG)], deduplicate=True)
    assert [row.text for row in kept] == [LONG]
    assert dict(losses.dropped) == {"too_short": 1}


@pytest.mark.parametrize("deduplicate", [True, False])
def test_kept_and_dropped_add_up_to_what_was_read(deduplicate):
    texts = [document(LONG, OTHER, "x", LONG, name=name) for name in "abc"]
    kept, losses = clean(texts, deduplicate=deduplicate)
    assert losses.read == 12 == len(kept) + sum(losses.dropped.values())
