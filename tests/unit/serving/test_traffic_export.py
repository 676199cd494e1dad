"""Words are kept only on request and only for a while; feedback becomes data that the trainer takes."""

import json
import subprocess
import sys
from datetime import date, timedelta

import pytest

from serving.export import export, training_data
from serving.records import Feedback, FeedbackRecord
from serving.traffic import Traffic, TrafficRecord, Turn, read_traffic


def kept(name="c1", answer="given", words="question", **more):
    return TrafficRecord(
        id=name,
        request_id=name,
        created_at="2026-11-25T12:00:00+00:00",
        endpoint="chat.completions",
        model="m",
        version="1-m",
        tenant="local",
        messages=(Turn(role="system", content="be brief"), Turn(role="user", content=words)),
        answer=answer,
        finish="stop",
        **more,
    )


def said(name="c1", **judgement):
    feedback = Feedback(completion_id=name, **judgement)
    return FeedbackRecord(id=f"fb-{name}", created_at="2026-11-25T12:01:00+00:00", feedback=feedback)


class Calendar:
    def __init__(self):
        self.day = date(2026, 11, 1)

    def __call__(self):
        return self.day


def test_a_day_of_traffic_is_deleted_when_its_days_are_over(tmp_path):
    calendar = Calendar()
    traffic = Traffic(tmp_path, days=2, today=calendar)
    traffic.append(kept("first"))
    (tmp_path / "usage.jsonl").touch()
    calendar.day += timedelta(days=2)
    traffic.append(kept("third"))
    traffic.delete_old()
    assert [record.id for record in read_traffic(tmp_path)] == ["first", "third"]
    calendar.day += timedelta(days=1)
    traffic.delete_old()
    assert [record.id for record in read_traffic(tmp_path)] == ["third"]
    calendar.day += timedelta(days=30)
    Traffic(tmp_path, days=2, today=calendar)
    assert [path.name for path in tmp_path.iterdir()] == ["usage.jsonl"]


def test_the_files_are_the_owners_alone_and_a_line_that_was_cut_off_is_left_out(tmp_path):
    Traffic(tmp_path, days=1).append(kept())
    (path,) = tmp_path.glob("traffic-*.jsonl")
    assert path.stat().st_mode & 0o077 == 0
    with path.open("a") as file:
        file.write('{"id": "cut')
    assert len(read_traffic(tmp_path)) == 1


def test_a_sample_holds_its_share_and_always_the_same_requests(tmp_path):
    """Binomial, n = 2000, p = 0.1: mean 200, standard deviation 13."""
    traffic = Traffic(tmp_path, days=1, sample_fraction=0.1)
    taken = [number for number in range(2000) if traffic.takes(f"req-{number}")]
    assert 140 < len(taken) < 260
    assert taken == [number for number in range(2000) if traffic.takes(f"req-{number}")]


PROMPT = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "question"}]


def test_a_good_answer_becomes_a_conversation_with_the_kept_words():
    data = training_data([said(rating="good")], [kept()])
    assert data.conversations == [{"messages": [*PROMPT, {"role": "assistant", "content": "given"}]}]
    assert data.preferences == []


def test_a_preferred_answer_becomes_a_conversation_and_a_pair():
    data = training_data([said(rating="bad", preferred_answer="better")], [kept()])
    assert data.conversations == [{"messages": [*PROMPT, {"role": "assistant", "content": "better"}]}]
    assert data.preferences == [
        {
            "prompt": PROMPT,
            "chosen": [{"role": "assistant", "content": "better"}],
            "rejected": [{"role": "assistant", "content": "given"}],
        }
    ]


def test_feedback_that_brings_its_words_needs_no_traffic():
    turns = ({"role": "developer", "content": "be brief"}, {"role": "user", "content": "question"})
    data = training_data([said(messages=turns, answer="given", preferred_answer="better")], [])
    assert data.preferences[0]["prompt"] == PROMPT


@pytest.mark.parametrize(
    ("judgement", "traffic", "reason"),
    [
        ({"comment": "hm"}, [kept()], "only a comment"),
        ({"rating": "bad"}, [kept()], "a bad answer without a better one"),
        ({"rating": "good"}, [], "the conversation is not known"),
        ({"rating": "good"}, [kept(answer="")], "the answer is not known"),
    ],
)
def test_what_teaches_nothing_is_left_out_with_its_reason(judgement, traffic, reason):
    data = training_data([said(**judgement)], traffic)
    assert not data.conversations and not data.preferences
    (found,) = data.report.left_out
    assert found.startswith(reason)


def test_of_several_judgements_the_last_counts():
    data = training_data([said(rating="good"), said(rating="bad")], [kept()])
    assert data.conversations == []


def test_the_trainer_takes_the_files(tmp_path):
    from trainer.corpus.rows import checked_conversations, checked_pairs

    traffic = Traffic(tmp_path / "records", days=1)
    for name in ("c1", "c2"):
        traffic.append(kept(name, words=f"question {name}"))
    lines = [said("c1", rating="good"), said("c2", preferred_answer="better")]
    (tmp_path / "records" / "feedback.jsonl").write_text("".join(line.model_dump_json() + "\n" for line in lines))
    report = export(tmp_path / "records", tmp_path / "out")
    assert (report.conversations, report.preferences) == (2, 1)
    assert len(checked_conversations(tmp_path / "out" / "conversations.jsonl")) == 2
    assert len(checked_pairs(tmp_path / "out" / "preferences.jsonl")) == 1
    command = [sys.executable, "-m", "serving", "export", str(tmp_path / "records"), "--output", str(tmp_path / "b")]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["preferences"] == 1
