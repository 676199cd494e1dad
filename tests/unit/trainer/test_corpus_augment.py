"""Augmentation: other words for the question, the same answer; an endpoint is asked within its caps and never twice."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from advisor.contracts.data_plan import Augmentation, BackTranslation, DataPlan
from advisor.contracts.errors import BadInput, Failed
from trainer.corpus.augment import FIELD, MEMORY, Augmenter, templates
from trainer.corpus.backtranslation import BackTranslator
from trainer.corpus.job import Job
from trainer.corpus.prepare import prepare_job

QUESTION = "What does the insurer pay for when water damages the floor?"


def example(question=QUESTION):
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": "The floor."}]}


@pytest.fixture
def endpoint():
    """A server that "translates": into French by turning the words around, and back with Which for What."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(body)
            instruction, text = (message["content"] for message in body["messages"])
            words = text.split()[::-1]
            if "into English" in instruction:
                words = ["Which" if word == "What" else word for word in words if word != "LOSE"]
            usage = {"prompt_tokens": 30, "completion_tokens": 20, "total_tokens": 50}
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": " ".join(words)}}
            broken = body["model"] == "broken"
            reply = {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "m",
                "choices": [choice],
                "usage": usage,
            }
            content = json.dumps(
                {"error": {"message": "no such model"}} if broken else {**reply, "usage": usage}
            ).encode()
            self.send_response(404 if broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def augmenter(tmp_path, seed=0, **rules):
    return Augmenter(Augmentation(**rules), seed=seed, languages=("en",), directory=tmp_path)


def test_each_example_is_followed_by_its_question_in_other_words_and_the_same_answer(tmp_path):
    found = augmenter(tmp_path, paraphrases_per_example=2)
    rows = list(found.apply([example()]))
    assert rows[0] == example() and len(rows) == 3
    asked = [row["messages"][0]["content"] for row in rows]
    assert len(set(asked)) == 3 and all(QUESTION in text for text in asked)
    assert {row["messages"][1]["content"] for row in rows} == {"The floor."}
    assert found.counts == {"paraphrases": 2}


def test_templates_are_drawn_by_the_question_and_the_seed_and_fit_its_language(tmp_path):
    questions = [f"{QUESTION} Case {n}." for n in range(20)]
    draws = [
        [row["messages"][0]["content"] for row in augmenter(tmp_path, seed=seed).apply(map(example, questions))]
        for seed in (0, 0, 1)
    ]
    assert draws[0] == draws[1] != draws[2]
    assert len({text.replace(question, "") for text, question in zip(draws[0][1::2], questions, strict=True)}) > 3
    german = "Was zahlt der Versicherer, wenn das Wasser den Boden beschädigt?"
    rows = list(augmenter(tmp_path).apply([example(german)]))
    assert rows[1]["messages"][0]["content"] in [text.replace(FIELD, german) for text in templates()["de"]]


def test_a_language_without_templates_is_left_as_it_is(tmp_path):
    french = "Que paie l'assureur quand l'eau endommage le sol de la cuisine ?"
    assert len(list(augmenter(tmp_path).apply([example(french)]))) == 1


def test_more_paraphrases_than_templates_is_refused(tmp_path):
    with pytest.raises(BadInput, match="paraphrases_per_example: there are 6 templates, got 7"):
        augmenter(tmp_path, paraphrases_per_example=7)


def test_a_question_goes_there_and_back_once_and_is_remembered(tmp_path, endpoint):
    url, asked = endpoint
    rules = BackTranslation(base_url=url, model="m")
    for _ in range(2):
        found = augmenter(tmp_path, paraphrases_per_example=0, back_translation=rules)
        rows = list(found.apply([example()]))
        assert rows[1]["messages"][0]["content"] == QUESTION.replace("What", "Which")
        assert found.counts == {"back_translations": 1, "requests": 2, "tokens": 100, "left_out_at_a_cap": 0}
    assert len(asked) == 2, "the second time nothing was asked"
    assert "into French" in asked[0]["messages"][0]["content"]


@pytest.mark.parametrize("text", ["The floor is wet and cold today.", "What of <LOSE> and LOSE and <EMAIL>"])
def test_what_comes_back_unchanged_or_without_a_placeholder_is_no_variant(tmp_path, endpoint, text):
    with BackTranslator(BackTranslation(base_url=endpoint[0], model="m"), tmp_path / "memory") as translator:
        found = translator.there_and_back(text, "en")
        assert found is None if "LOSE" not in text else found == "Which of <LOSE> and and <EMAIL>"
        assert translator.requests == 2


@pytest.mark.parametrize(
    ("cap", "requests"), [({"max_requests": 5}, 5), ({"max_tokens": 1500}, 30), ({"max_tokens": 10}, 0)]
)
def test_the_caps_hold_over_all_attempts(tmp_path, endpoint, cap, requests):
    url, asked = endpoint
    rules = BackTranslation(base_url=url, model="m", **cap)
    for _ in range(2):
        found = augmenter(tmp_path, paraphrases_per_example=0, back_translation=rules)
        list(found.apply(example(f"What is the number {n} of the claim?") for n in range(20)))
    assert len(asked) == found.counts["requests"] <= requests
    assert found.counts["tokens"] <= cap.get("max_tokens", 1000)
    assert found.counts["left_out_at_a_cap"] == 20 - found.counts["back_translations"] > 0


def test_an_endpoint_that_refuses_is_a_failure_that_says_how_to_go_on(tmp_path, endpoint):
    found = augmenter(tmp_path, back_translation=BackTranslation(base_url=endpoint[0], model="broken"))
    with pytest.raises(Failed, match=r"no such model.*go on with --resume"):
        list(found.apply([example()]))


def test_a_key_that_is_not_set_is_said_before_any_work(tmp_path, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    rules = BackTranslation(base_url="http://127.0.0.1:9/v1", model="m", api_key_variable="SOME_KEY")
    with pytest.raises(BadInput, match="SOME_KEY is not set"):
        augmenter(tmp_path, back_translation=rules)


def test_a_preparation_that_failed_at_the_endpoint_resumes_and_held_out_questions_are_not_augmented(tmp_path, endpoint):
    url, _ = endpoint
    lines = [json.dumps({"prompt": f"What is claim {n} about in our files?", "completion": str(n)}) for n in range(40)]
    (tmp_path / "chat.jsonl").write_text("\n".join(lines))

    def job(model):
        plan = {"corpora": [{"kind": "files", "path": "chat.jsonl"}], "holdout_fraction": 0.2}
        plan["augmentation"] = {"back_translation": {"base_url": url, "model": model, "max_requests": 1000}}
        return Job(data=DataPlan.model_validate(plan), base=tmp_path, languages=("en",), needs_text=False)

    with pytest.raises(Failed):
        prepare_job(job("broken"), tmp_path / "out")
    found = prepare_job(job("m"), tmp_path / "out")
    card, held_out = found.card(), {item.messages[0]["content"] for item in found.items()}
    taught = 40 - len(held_out)
    assert held_out and card["augmented"]["paraphrases"] == card["augmented"]["back_translations"] == taught
    assert card["conversations"] == len(found.rows("conversations")) == 3 * taught
    assert not any(
        question in row["messages"][0]["content"] for row in found.rows("conversations") for question in held_out
    )
    assert (tmp_path / "out" / "data" / MEMORY).exists()
    assert "made from others: paraphrases" in (tmp_path / "out" / "data" / "data_card.md").read_text()
