"""The data step on the language reference and on files of one's own."""

import json

import pytest

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import (
    Architecture,
    BuiltinCorpus,
    DataPlan,
    FileCorpus,
    PhasesPlan,
    PretrainPhase,
    RewardPhase,
    SftPhase,
    TrainingPlan,
)
from trainer.corpus.prepare import prepare
from trainer.corpus.read import topic_labels
from trainer.corpus.runs import shared_runs, word_runs

SIZE = Architecture(
    vocab_size=512, hidden_size=16, num_layers=1, num_heads=2, num_kv_heads=1, ffn_size=32, context_tokens=128
)


REWARD = RewardPhase()


def plan(*corpora, reward=REWARD, **data):
    phases = PhasesPlan(pretrain=PretrainPhase(max_steps=1), sft=SftPhase(), reward=reward)
    data.setdefault("holdout_fraction", 0.1)
    return TrainingPlan(name="t", data=DataPlan(corpora=corpora, **data), model=SIZE, phases=phases)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    output = tmp_path_factory.mktemp("reference")
    return prepare(plan(BuiltinCorpus()), output, output)


def test_no_held_out_passage_of_the_reference_is_found_in_training_text_or_conversations(reference):
    held_out = {text for row in reference.rows("holdout") for text in [" ".join(row["text"].split())]}
    questions = {item.messages[0]["content"] for item in reference.items()}
    train = " ".join(" ".join(row["text"].split()) for row in reference.rows("train"))
    asked = {turn["content"] for row in reference.rows("conversations") for turn in row["messages"]}
    asked |= {turn["content"] for row in reference.rows("preferences") for turn in row["prompt"]}
    assert held_out and questions
    assert not questions & asked
    assert not [text for text in held_out if text in train]


def test_held_out_questions_share_few_word_runs_with_any_training_passage(reference):
    train = [word_runs(row["text"], 5) for row in reference.rows("train")]
    for item in reference.items():
        own = word_runs(item.messages[0]["content"].split("\n\n", 1)[1], 5)
        assert max(shared_runs(own, other) / min(len(own), len(other)) for other in train) < 0.7


def test_every_page_is_asked_for_and_every_answer_is_a_page(reference):
    pages = set(topic_labels().values())
    assert {item.expected for item in reference.items()} == pages
    answers = [row["messages"][-1]["content"] for row in reference.rows("conversations")]
    assert set(answers) == pages
    assert {item.task for item in reference.items()} == {"classification"}


def test_german_and_english_samples_are_trained_on(reference):
    asked = [row["messages"][0]["content"] for row in reference.rows("conversations")]
    assert "Was prüft die assert-Anweisung?" in asked
    assert "What does the assert statement check?" in asked


def test_in_a_preference_pair_the_right_page_is_chosen_and_something_else_is_rejected(reference):
    pages = set(topic_labels().values())
    rejected = [pair["rejected"][0]["content"] for pair in reference.rows("preferences")]
    chosen = [pair["chosen"][0]["content"] for pair in reference.rows("preferences")]
    assert set(chosen) == pages
    assert all(first != second for first, second in zip(chosen, rejected, strict=True))
    no_page = [text for text in rejected if text not in pages]
    assert 0.3 < len(no_page) / len(rejected) < 0.4, "each third rejected answer is no page at all"


def test_the_data_card_accounts_for_every_passage(reference):
    card = reference.card()
    dropped = dict(card["passages_dropped"])
    repeats = sum(dropped.pop(reason, 0) for reason in ("repeats_held_out_text", "evaluation_text"))
    assert repeats
    assert card["passages_after_cleaning"] == card["passages_read"] - sum(dropped.values())
    used = sum(card[part]["passages"] for part in ("train", "held_out_documents", "held_out_passages"))
    assert used == card["passages_after_cleaning"] - repeats
    assert card["examples_of_dropped"]["too_short"]
    assert card["conversations"] == len(reference.rows("conversations"))


def test_the_same_plan_prepares_the_same_bytes(reference, tmp_path):
    again = prepare(plan(BuiltinCorpus()), tmp_path, tmp_path)
    for name in ("train", "holdout", "conversations", "preferences"):
        files = sorted(path.name for path in reference.directory.glob(f"{name}*"))
        assert files and files == sorted(path.name for path in again.directory.glob(f"{name}*"))
        for file in files:
            assert (again.directory / file).read_bytes() == (reference.directory / file).read_bytes()
    assert (again.directory / "data_card.json").read_bytes() == (reference.directory / "data_card.json").read_bytes()
    assert again.suite.read_bytes() == reference.suite.read_bytes()


def folder(tmp_path, *names, paragraphs=30):
    for name in names:
        for file in range(2):
            path = tmp_path / "texts" / name / f"{file}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                "\n\n".join(
                    " ".join(
                        f"{name}{'abcdefghij'[n % 10]}{'klmnopqrst'[p % 10]}{'uvwxyz'[p // 10]}{file}"
                        for n in range(12)
                    )
                    for p in range(paragraphs)
                )
            )
    return FileCorpus(kind="files", path="texts")


def test_files_in_folders_become_a_routing_task_with_the_folders_as_labels(tmp_path):
    found = prepare(plan(folder(tmp_path, "claims", "contracts"), holdout_fraction=0.2), tmp_path, tmp_path / "out")
    assert {row["messages"][-1]["content"] for row in found.rows("conversations")} == {"claims", "contracts"}
    assert {item.expected for item in found.items()} <= {"claims", "contracts"}


def test_one_folder_gives_no_task_and_the_message_says_what_to_do(tmp_path):
    with pytest.raises(BadInput, match=r"data\.instructions: not given.*sort the files into folders"):
        prepare(plan(folder(tmp_path, "claims")), tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_own_instructions_are_split_by_question_and_never_asked_and_taught_at_once(tmp_path):
    rows = [
        {"messages": [{"role": "user", "content": f"question {n}"}, {"role": "assistant", "content": f"answer {n}"}]}
        for n in range(100)
    ]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    own = plan(folder(tmp_path, "a", "b"), instructions="own.jsonl", reward=None, holdout_fraction=0.2)
    found = prepare(own, tmp_path, tmp_path / "out")
    taught = {row["messages"][0]["content"] for row in found.rows("conversations")}
    asked = {item.messages[0]["content"] for item in found.items()}
    assert taught and asked and not taught & asked
    assert len(taught) + len(asked) == 100


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: expected an object"),
        ('{"messages": "hello"}', "row 1: messages must be a list"),
        ('{"messages": [{"role": "boss", "content": "x"}]}', "row 1: messages: a message needs role"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "row 1: messages must end with a turn of the assistant"),
        ("", "holds no rows"),
    ],
)
def test_a_mistake_in_instructions_is_said_with_file_and_row(tmp_path, line, words):
    (tmp_path / "own.jsonl").write_text(line + "\n")
    own = plan(folder(tmp_path, "a", "b"), instructions="own.jsonl", reward=None)
    with pytest.raises(BadInput, match=r"own\.jsonl") as caught:
        prepare(own, tmp_path, tmp_path / "out")
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"body": "x"}\n', "line 1: expected an object with a text"),
        ('{"text": "x", "label": 3}\n', "label must be a text"),
    ],
)
def test_a_mistake_in_a_jsonl_corpus_is_said_with_file_and_line(tmp_path, content, words):
    (tmp_path / "texts.jsonl").write_text(content)
    with pytest.raises(BadInput, match=r"texts\.jsonl") as caught:
        prepare(plan(FileCorpus(kind="files", path="texts.jsonl")), tmp_path, tmp_path / "out")
    assert words in str(caught.value)


def test_text_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "latin.txt").write_bytes("Schlüssel".encode("latin-1"))
    with pytest.raises(BadInput, match=r"latin\.txt: cannot be read as UTF-8"):
        prepare(plan(FileCorpus(kind="files", path="latin.txt")), tmp_path, tmp_path / "out")


def test_every_hand_written_sample_answers_with_a_page_of_the_reference():
    from advisor.files import data_directory
    from trainer.corpus.rows import checked_conversations

    for name in ("routing_en.jsonl", "routing_de.jsonl"):
        rows = checked_conversations(data_directory() / "samples" / name)
        assert len(rows) >= 30
        assert {messages[-1]["content"] for messages in rows} <= set(topic_labels().values())
        assert len({messages[0]["content"] for messages in rows}) == len(rows)
