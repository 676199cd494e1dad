"""Held-out text takes part in nothing: the split is stable, disjoint and free of repeats."""

import pytest

from advisor.contracts.data_plan import DataPlan
from trainer.corpus.document import Document
from trainer.corpus.job import Job
from trainer.corpus.prepare import prepare_job
from trainer.corpus.runs import shared_runs, word_runs
from trainer.corpus.shards import read_shards
from trainer.corpus.split import OVERLAP, chance

OFF = {"deduplicate": False, "decontamination": None, "language": None, "pii": None, "terms": None}


def passages(documents=20, each=10):
    return [
        Document(f"d{d:02d}.txt#{p}", " ".join(f"word{d:02d}x{p}x{n}" for n in range(30)))
        for d in range(documents)
        for p in range(1, each + 1)
    ]


@pytest.fixture
def split(tmp_path):
    """Writes the passages as files, prepares them, and gives ids by part, texts and the card."""

    def run(rows, seed=0, **settings):
        folder = tmp_path / f"texts{len(list(tmp_path.iterdir()))}"
        texts = {}
        for row in rows:
            texts.setdefault(row.document_id, []).append(row.text)
        folder.mkdir()
        for name, parts in texts.items():
            (folder / name).write_text("\n\n".join(parts))
        data = DataPlan.model_validate(
            {"corpora": [{"kind": "files", "path": folder.name}], "holdout_fraction": 0.2, **OFF, **settings}
        )
        found = prepare_job(Job(data=data, base=tmp_path, seed=seed), folder / "out")
        return {name: found.rows(name) for name in ("train", "holdout")}, found.card()

    return run


def test_whole_documents_and_single_passages_are_held_out_and_nothing_is_in_two_parts(split):
    parts, card = split(passages())
    documents = {row["id"].split("#")[0] for row in parts["holdout"]}
    assert len(documents) == 4 == card["held_out_documents"]["documents"], "a fifth of twenty documents of equal length"
    assert not documents & {row["id"].split("#")[0] for row in parts["train"]}
    assert card["held_out_passages"]["passages"]
    sizes = [card[part]["passages"] for part in ("train", "held_out_documents", "held_out_passages")]
    assert sum(sizes) == 200 and sizes[:2] == [len(parts["train"]), len(parts["holdout"])]


def test_the_split_does_not_depend_on_the_order_of_the_passages(split):
    rows = passages()
    first, _ = split(rows)
    second, _ = split(rows[::-1])
    assert {row["id"].split("#")[0] for row in first["holdout"]} == {
        row["id"].split("#")[0] for row in second["holdout"]
    }


def test_another_seed_holds_out_other_passages(split):
    first, second = (split(passages(), seed=seed)[0] for seed in (0, 1))
    assert {row["id"] for row in first["train"]} != {row["id"] for row in second["train"]}


def test_a_single_document_serves_both_measures_with_its_held_out_passages(split):
    parts, card = split(passages(1, 40))
    assert card["held_out_documents"] == card["held_out_passages"]
    assert parts["train"] and len(parts["holdout"]) == card["held_out_passages"]["passages"] > 0


def test_shards_change_nothing_but_the_number_of_files(split, tmp_path):
    whole, _ = split(passages())
    cut, _ = split(passages(), shard_bytes=5000)
    assert cut == whole
    shards = [sorted((folder / "out" / "data").glob("train-*")) for folder in sorted(tmp_path.glob("texts*"))]
    assert len(shards[0]) == 1 and len(shards[1]) > 4
    assert [row["text"] for row in read_shards(shards[1], ["text"])] == [row["text"] for row in whole["train"]]


@pytest.mark.parametrize(("repeated_words", "dropped"), [(30, 1), (20, 1), (10, 0)])
def test_training_text_that_repeats_held_out_text_is_dropped_and_counted(split, repeated_words, dropped):
    rows = passages(1, 40)
    held_out = split(rows)[0]["holdout"]
    copied = held_out[0]["text"].split()[:repeated_words] + [f"own{n}" for n in range(30 - repeated_words)]
    number = next(n for n in range(41, 200) if chance(f"0:d00.txt#{n}") > 0.5)
    fill = [Document(f"d00.txt#{n}", " ".join(f"fill{n}x{k}" for k in range(30))) for n in range(41, number)]
    parts, card = split([*rows, *fill, Document(f"d00.txt#{number}", " ".join(copied))])
    assert card["passages_dropped"].get("repeats_held_out_text", 0) == dropped
    for train in parts["train"]:
        own = word_runs(train["text"], 5)
        for test in parts["holdout"]:
            assert shared_runs(own, word_runs(test["text"], 5)) / len(own) < OVERLAP


def test_chance_depends_on_the_key_alone_and_lies_in_the_unit_interval():
    values = [chance(str(n)) for n in range(1000)]
    assert values == [chance(str(n)) for n in range(1000)]
    assert all(0 <= value < 1 for value in values)
    assert 0.45 < sum(values) / 1000 < 0.55
