"""Held-out text takes part in nothing: the split is stable, disjoint and free of repeats."""

import pytest

from trainer.corpus.clean import Losses, shingles_of
from trainer.corpus.read import Document
from trainer.corpus.split import OVERLAP, chance, split


def passages(documents=20, each=10):
    return [
        Document(f"d{d}#{p}", " ".join(f"word{d}x{p}x{n}" for n in range(30)), f"label{d % 3}")
        for d in range(documents)
        for p in range(each)
    ]


def test_whole_documents_and_single_passages_are_held_out_and_nothing_is_in_two_parts():
    parts = split(passages(), fraction=0.2, seed=0, losses=Losses())
    documents = {row.document_id for row in parts.held_out_documents}
    assert len(documents) == 4, "a fifth of twenty documents of equal length"
    assert not documents & {row.document_id for row in parts.train + parts.held_out_passages}
    assert not {row.id for row in parts.train} & {row.id for row in parts.held_out_passages}
    assert parts.held_out_passages
    assert len(parts.train) + len(parts.held_out_documents) + len(parts.held_out_passages) == 200


def test_the_split_does_not_depend_on_the_order_of_the_passages():
    rows = passages()
    first = split(rows, fraction=0.2, seed=0, losses=Losses())
    second = split(rows[::-1], fraction=0.2, seed=0, losses=Losses())
    assert {row.id for row in first.train} == {row.id for row in second.train}


def test_another_seed_holds_out_other_passages():
    first, second = (split(passages(), fraction=0.2, seed=seed, losses=Losses()) for seed in (0, 1))
    assert {row.id for row in first.held_out_passages} != {row.id for row in second.held_out_passages}


def test_a_single_document_serves_both_measures_with_its_held_out_passages():
    parts = split(passages(1, 40), fraction=0.2, seed=0, losses=Losses())
    assert parts.held_out_documents == parts.held_out_passages
    assert parts.train and parts.held_out_passages


@pytest.mark.parametrize(("repeated_words", "dropped"), [(30, 1), (20, 1), (10, 0)])
def test_training_text_that_repeats_held_out_text_is_dropped_and_counted(repeated_words, dropped):
    rows = passages(1, 40)
    held_out = split(rows, fraction=0.2, seed=0, losses=Losses()).held_out_passages[0]
    copied = held_out.text.split()[:repeated_words] + [f"own{n}" for n in range(30 - repeated_words)]
    name = next(f"d0#{n}" for n in range(100, 200) if chance(f"0:d0#{n}") > 0.5)
    losses = Losses()
    parts = split([*rows, Document(name, " ".join(copied))], fraction=0.2, seed=0, losses=losses)
    assert losses.dropped.get("repeats_held_out_text", 0) == dropped
    for train in parts.train:
        for test in parts.held_out_passages:
            shared = len(shingles_of(train.text) & shingles_of(test.text))
            assert shared / len(shingles_of(train.text)) < OVERLAP


def test_chance_depends_on_the_key_alone_and_lies_in_the_unit_interval():
    values = [chance(str(n)) for n in range(1000)]
    assert values == [chance(str(n)) for n in range(1000)]
    assert all(0 <= value < 1 for value in values)
    assert 0.45 < sum(values) / 1000 < 0.55
