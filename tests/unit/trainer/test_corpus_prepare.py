"""The whole preparation of a folder: examples of the corpus, tests that leave it, terms, and the data card."""

import json
from itertools import pairwise

import pytest

from advisor.contracts.data_plan import DataPlan
from advisor.contracts.errors import BadInput
from trainer.cli import main
from trainer.corpus.job import Job
from trainer.corpus.prepare import prepare_job, unfinished
from trainer.corpus.steps.terms import term_lists

WORDS = [f"{first}{second}" for first in ("ba", "ke", "li", "mo", "nu") for second in ("ran", "tes", "vik", "zom")]


def paragraph(number, count=30):
    """Words in an order of their own, so that no two paragraphs are alike."""
    return " ".join(f"{WORDS[(number * 7 + n * (number % 13 + 1)) % 20]}{number}x{n}" for n in range(count))


def job(folder, **settings):
    data = {"corpora": [{"kind": "files", "path": "texts"}], "language": None, "holdout_fraction": 0.2, **settings}
    return Job(data=DataPlan.model_validate(data), base=folder, needs_text=False)


@pytest.fixture
def texts(tmp_path):
    """Forty files of one paragraph."""
    (tmp_path / "texts").mkdir()
    for number in range(40):
        (tmp_path / "texts" / f"{number:02d}.txt").write_text(paragraph(number))
    return tmp_path


def test_conversations_and_pairs_of_the_corpus_become_examples_and_a_share_is_asked(texts):
    rows = [{"prompt": f"question {paragraph(n, 9)}", "completion": f"answer {n}"} for n in range(100, 200)]
    rows += [{"prompt": f"choose {paragraph(n, 9)}", "chosen": "yes", "rejected": "no"} for n in range(200, 220)]
    (texts / "texts" / "chat.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = prepare_job(job(texts), texts / "out")
    card = found.card()
    taught = {row["messages"][0]["content"] for row in found.rows("conversations")}
    asked = {item.messages[0]["content"] for item in found.items()}
    assert taught and asked and not taught & asked and len(taught) + len(asked) == 100
    assert len(found.rows("preferences")) == 20
    assert (card["conversations"], card["preference_pairs"]) == (len(taught), 20)
    assert card["train"]["documents"] + card["held_out_documents"]["documents"] <= 40


def test_training_text_that_repeats_an_evaluation_file_goes_short_tests_are_counted(texts):
    """Fourteen words of one paragraph, eight of another as a test of its own, seven of a third."""
    cut = [paragraph(n).split() for n in range(20, 23)]
    rows = [{"question": " ".join(cut[0][5:19]), "answer": "x"}, {"question": " ".join(cut[1][:8])}]
    rows += [{"question": " ".join(cut[2][:7])}]
    (texts / "tests.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"decontamination": {"files": ["tests.jsonl"], "held_out": False}, "holdout_fraction": 0.01}
    card = prepare_job(job(texts, **settings), texts / "out").card()
    assert card["passages_dropped"] == {"evaluation_text": 2}
    assert card["decontamination"] == {"looked_for": 2, "too_short": 2, "run_words": 13}


@pytest.mark.parametrize(("limit", "left_out"), [(None, 0), (2, 1), (1, 2)])
def test_abusive_words_are_counted_beside_groups_and_dropped_only_when_told(texts, limit, left_out):
    for number, words in enumerate(("Frau idiot trottel", "women dumm", "Frau und Mann")):
        (texts / "texts" / f"z{number}.txt").write_text(f"{paragraph(50 + number)} {words}")
    card = prepare_job(job(texts, terms={"drop_from_terms": limit}), texts / "out").card()
    report = card["terms"]
    assert "no classifier" in report["method"]
    assert (report["texts"], report["texts_with_abusive_words"]) == (43, 2)
    assert report["groups"]["women"] == {"texts": 3, "with_abusive_words": 2, "lift_ratio": round(2 / 3 / (2 / 43), 3)}
    assert report["groups"]["men"] == {"texts": 1, "with_abusive_words": 0, "lift_ratio": 0.0}
    assert card["passages_dropped"].get("abusive_terms", 0) == left_out


def test_the_word_lists_are_lower_case_words_and_no_word_is_in_two_groups():
    abusive, groups = term_lists()
    assert all(word == word.lower() and word.isalpha() for word in [*abusive, *groups])
    assert not abusive & groups.keys()


def test_every_kind_adds_up_from_read_to_kept_in_the_card(texts):
    (texts / "texts" / "copy.txt").write_text(f"{paragraph(1).upper()}\n\n{paragraph(2)}")
    (texts / "texts" / "mail.txt").write_text(f"Heading\n\nmail a@b.de {paragraph(70)}")
    card = prepare_job(job(texts, quality={"min_words": 30}), texts / "out").card()
    for unit in ("documents", "passages"):
        rows = [row for row in card["waterfall"] if row["unit"] == unit]
        for row, following in pairwise(rows):
            assert row["stayed"] == row["came"] - row["dropped"] == following["came"]
            assert sum(row["reasons"].values()) == row["dropped"]
    assert rows[-1]["stayed"] == card["train"]["passages"]
    assert card["passages_read"] == 44 and card["documents_read"] == 42
    assert card["personal_data"]["found"] == {"email": 1}
    readable = (texts / "out" / "data" / "data_card.md").read_text()
    assert "| passages | exact duplicates | 43 | 2 | exact duplicate 2 |" in readable
    assert "- Personal data (masked): email 1; names of people: not looked for" in readable


def test_nothing_readable_is_said_with_the_first_mistake_and_leaves_no_trace(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.jsonl").write_text("{\n")
    with pytest.raises(BadInput, match=r"nothing is left.*a\.jsonl: line 1: not JSON"):
        prepare_job(job(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_alone_is_prepared_with_settings_and_languages(texts, capsys, monkeypatch):
    monkeypatch.chdir(texts)
    (texts / "texts" / "fr.txt").write_text(
        "Le contrat est signé par les deux parties et il prend effet le premier jour. " * 2
    )
    arguments = ["data", "prepare", "texts", "--output", "out", "--licence", "own", "--set", "data.quality=null"]
    assert main([*arguments, "--languages", "de", "en", "--set", "holdout_fraction=0.3", "--format", "json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["corpora"] == [{"kind": "files", "path": "texts", "licence": "own", "source": None}]
    assert card["documents_dropped"]["language_fr"] == 1
    assert card["settings"]["holdout_fraction"] == 0.3 and card["settings"]["quality"] is None
    assert main(arguments) == 2
    assert "a finished preparation lies in out" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0
    assert "to train on: " in capsys.readouterr().out
    assert not unfinished(texts / "out")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "data.quality.min_wrods=3"], "did you mean 'min_words'?"),
        (["--set", "quality"], "expected data.FIELD=VALUE"),
        (["--set", "data.unit.x=1"], "unit has no fields"),
        (["--set", "data.unit=page"], "unit"),
        (["--languages", "german"], "expected codes such as de en"),
        (["--resume"], "no preparation was begun"),
        (["--set", "data.holdout_fraction=1"], "must lie between 0 and 1"),
    ],
)
def test_a_mistake_in_the_arguments_is_exit_2_and_writes_nothing(texts, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(texts)
    assert main(["data", "prepare", "texts", "--output", "out", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (texts / "out").exists()


def test_a_wish_to_stop_ends_after_the_shard_and_the_next_call_goes_on(texts):
    class Enough(Exception):
        pass

    def stop(_done, _total):
        raise Enough

    small = job(texts, shard_bytes=2000)
    whole = prepare_job(small, texts / "whole")
    with pytest.raises(Enough):
        prepare_job(small, texts / "out", stop)
    assert unfinished(texts / "out")
    found = prepare_job(small, texts / "out")
    assert found.rows("train") == whole.rows("train") and found.card() == whole.card()
