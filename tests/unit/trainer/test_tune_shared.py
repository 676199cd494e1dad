"""What trials are judged by was never trained on, and is the same in every call."""

from trainer.tune.shared import Shared, keep_figures_only, split_texts, trial_folder


def passages(documents, each=1):
    return [
        {"id": f"d{number}#{part}", "text": f"text {number} {part} " * 5}
        for number in range(documents)
        for part in range(each)
    ]


def documents(rows):
    return {row["id"].split("#")[0] for row in rows}


def test_about_a_tenth_is_set_aside_as_whole_documents():
    train, judged = split_texts(passages(100, each=3), seed=1)
    assert 0.05 < len(judged) / 300 <= 0.1 and len(train) + len(judged) == 300
    assert not documents(train) & documents(judged)
    assert split_texts(passages(100, each=3), seed=1) == (train, judged)
    assert split_texts(passages(100, each=3), seed=2)[1] != judged


def test_a_single_document_gives_passages():
    train, judged = split_texts(passages(1, each=50), seed=1)
    assert len(judged) in (4, 5) and len(train) == 50 - len(judged)


def test_a_few_large_documents_give_at_least_one():
    train, judged = split_texts(passages(3), seed=1)
    assert (len(train), len(judged)) == (2, 1)


def test_a_training_passage_that_repeats_a_judging_one_is_dropped():
    rows = passages(100)
    _, judged = split_texts(rows, seed=1)
    copy = {"id": next(row["id"] for row in rows if row not in judged), "text": f" {judged[0]['text']}\n"}
    changed = [copy if row["id"] == copy["id"] else row for row in rows]
    train, _ = split_texts(changed, seed=1)
    assert copy["id"] not in {row["id"] for row in train}


def test_a_trials_folder_links_to_what_is_shared_and_keeps_figures_alone(tmp_path):
    for name in ("judging/data", "shared/tokenizer", "shared/phases/sft/model"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "judging" / "suite.jsonl").write_text("")
    (tmp_path / "shared" / "phases" / "sft" / "model" / "weights").write_text("shared")
    shared = Shared(tmp_path, tmp_path / "shared", tmp_path / "judging", ("sft",), ())
    folder = trial_folder(shared, 3)
    assert (folder / "phases" / "sft" / "model" / "weights").read_text() == "shared"
    own = folder / "phases" / "reward"
    (own / "model").mkdir(parents=True)
    (own / "model" / "weights").write_text("own")
    (own / "log.jsonl").write_text("{}")
    keep_figures_only(folder, "reward")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["log.jsonl"]
    assert (tmp_path / "shared" / "phases" / "sft" / "model" / "weights").read_text() == "shared"
