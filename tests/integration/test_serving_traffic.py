"""Words are kept by `--keep-traffic` alone, found again by feedback, and exported as training data."""

import subprocess
import sys
from pathlib import Path

import httpx
import openai
import pytest
from test_serving_program import program

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import wait_until

from serving.traffic import read_traffic
from trainer.corpus.rows import checked_conversations, checked_pairs

HELLO = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hello Öl"}]


def ask_in_every_way(client, model):
    """One answer by each route and form; their ids."""
    chat = client.chat.completions.create(model=model, messages=HELLO)
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    text = client.completions.create(model=model, prompt="Hello Öl", max_tokens=50)
    response = client.responses.create(model=model, input="Hello Öl", instructions="Be brief")
    return [chat.id, chunks[0].id, text.id, response.id]


def test_words_are_kept_found_by_feedback_and_exported(tmp_path):
    with (
        program(tmp_path, "--engine", "echo", "--keep-traffic", "3") as (_, url),
        openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        ids = ask_in_every_way(client, "echo")
        for number, judgement in enumerate(({"rating": "good"}, {"rating": "bad", "preferred_answer": "Hallo"})):
            answer = httpx.post(f"{url}/feedback", json={"completion_id": ids[number], **judgement})
            assert answer.status_code == 201
        assert wait_until(lambda: len(read_traffic(tmp_path / "records")) == 4)
    kept = {record.id: record for record in read_traffic(tmp_path / "records")}
    assert list(kept) == ids
    assert {record.answer for record in kept.values()} == {"Hello Öl"}
    assert [[turn.content for turn in record.messages] for record in kept.values()] == [
        ["Be brief", "Hello Öl"],
        ["Be brief", "Hello Öl"],
        ["Hello Öl"],
        ["Be brief", "Hello Öl"],
    ]
    command = [sys.executable, "-m", "serving", "export", str(tmp_path / "records"), "--output", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2 conversations and 1 preference pairs of 2 judgements")
    assert "personal data" in done.stderr
    assert checked_conversations(tmp_path / "out" / "conversations.jsonl")[0][-1]["content"] == "Hello Öl"
    assert checked_pairs(tmp_path / "out" / "preferences.jsonl")[0]["rejected"][0]["content"] == "Hello Öl"


def test_without_the_option_no_word_is_kept(tmp_path):
    with (
        program(tmp_path, "--engine", "echo") as (_, url),
        openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        ask_in_every_way(client, "echo")
    assert {path.name for path in (tmp_path / "records").iterdir()} == {"usage.jsonl", "feedback.jsonl"}
    assert "Hello" not in "".join(path.read_text() for path in (tmp_path / "records").iterdir())


def test_a_gateway_keeps_words_under_the_ids_that_clients_see(tmp_path):
    with (
        program(tmp_path / "behind", "--engine", "echo") as (_, behind),
        program(tmp_path / "front", f"{behind}#echo", "--name", "house", "--keep-traffic", "1") as (_, url),
        openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client,
    ):
        ids = ask_in_every_way(client, "house")
        assert wait_until(lambda: len(read_traffic(tmp_path / "front" / "records")) == 4)
    kept = {record.id: record for record in read_traffic(tmp_path / "front" / "records")}
    assert set(kept) == set(ids)
    assert {(record.answer, record.model) for record in kept.values()} == {("Hello Öl", "house")}
    assert {len(record.messages) for record in kept.values()} == {1, 2}


@pytest.mark.parametrize(
    ("argv", "code"),
    [(("--sample", "0.5"), 2), (("--keep-traffic", "0"), 2), (("--keep-traffic", "1", "--sample", "0"), 2)],
)
def test_a_sample_of_nothing_is_refused(argv, code):
    command = [sys.executable, "-m", "serving", "up", "--engine", "echo", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert argv[-2] in done.stderr
