"""`advisor estimate training|memory` as its user meets it: lines in, lines out, exit codes, messages."""

import json
import subprocess
import sys

import pytest

from advisor.contracts.estimates import PUBLISHED, TrainingEstimate, TrainingRequest
from advisor.files import data_directory

RUN = {
    "id": "mine",
    "kind": "lora",
    "model": "Llama 3.1 8B",
    "accelerator": "L40S",
    "tokens_b": 0.01,
    "seq_len": 1024,
    "batch": 8,
    "year": 2026,
}
ROWS = sorted((data_directory() / "hindcast").glob("training*.jsonl"))


def advisor(*arguments, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "advisor.cli", "estimate", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def answers(done):
    """Every line of standard output is a JSON object and nothing else stands there."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def asked(topic, *requests, draws=100):
    """Answers to requests, or to raw lines, over standard input."""
    lines = [item if isinstance(item, str) else json.dumps(item) for item in requests]
    return advisor(topic, "--jsonl", "-", "--draws", str(draws), stdin="\n".join(lines) + "\n")


def test_answers_stand_in_the_order_of_the_requests_with_their_ids_copied(tmp_path):
    names = ["z", "a", "Ümlaut 7", "m"]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(json.dumps(RUN | {"id": name}, ensure_ascii=False) for name in names), encoding="utf-8")
    done = advisor("training", "--jsonl", str(path), "--draws", "100")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [row["id"] for row in answers(done)] == names


def test_each_answer_is_an_estimate_with_ordered_quantiles():
    done = asked("training", RUN, RUN | {"kind": "pretrain", "batch": "4M tokens"})
    assert done.returncode == 0
    for row in answers(done):
        found = TrainingEstimate.model_validate(row)
        for value in (found.accelerator_hours, found.tokens_per_s_per_gpu, found.peak_mem_gib, found.cost_usd):
            assert value is not None
            assert 0 < value.p5 < value.p50 < value.p95


def test_a_line_that_cannot_be_estimated_answers_in_its_place_and_the_exit_code_is_1():
    done = asked("training", RUN | {"id": "a"}, {"id": "b", "kind": "lora"}, RUN | {"id": "c"})
    assert done.returncode == 1
    first, wrong, last = answers(done)
    assert (first["id"], last["id"]) == ("a", "c")
    assert "accelerator_hours" in first
    assert "accelerator_hours" in last
    assert (wrong["id"], wrong["line"]) == ("b", 2)
    assert "params_b" in wrong["error"]


def test_blank_lines_are_skipped_and_still_counted():
    done = asked("training", "", RUN, "   ", "{", "")
    good, broken = answers(done)
    assert done.returncode == 1
    assert good["id"] == "mine"
    assert broken["id"] is None
    assert broken["line"] == 4
    assert "not valid JSON" in broken["error"]


@pytest.mark.parametrize("line", ["[1, 2]", '"text"', "7", "null"])
def test_a_line_that_is_no_object_is_refused(line):
    done = asked("training", line)
    assert done.returncode == 1
    assert "expected a JSON object" in answers(done)[0]["error"]


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_no_request_has_no_answer(text):
    done = advisor("training", "--jsonl", "-", stdin=text)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seqlen": 5}, ["seqlen", "'seq_len'"]),
        ({"accelerator": "H100-SMX-80GB"}, ["accelerator", "H100-SMX-80GB", "did you mean", "peak_flop_per_s"]),
        ({"kind": "lorra"}, ["kind", "'lora'"]),
        ({"tokens_b": -1}, ["tokens_b", "-1", "greater"]),
        ({"tokens_b": "many"}, ["tokens_b", "many"]),
        ({"accelerator_count": 2.5}, ["accelerator_count", "2.5"]),
        ({"model": "Foo"}, ["params_b", "'Foo'"]),
        ({"model": "Foo", "params_b": 7, "active_params_b": 20}, ["active_params_b", "20"]),
        ({"hours_between_stops": 0.01}, ["hours_between_stops"]),
        ({"optimizer": "adam"}, ["optimizer", "adamw"]),
    ],
)
def test_a_mistake_names_the_field_the_value_and_what_would_be_right(changes, words):
    done = asked("training", RUN | changes)
    assert done.returncode == 1
    message = answers(done)[0]["error"]
    for word in words:
        assert word in message
    assert "Traceback" not in done.stderr


def test_a_missing_id_is_named():
    done = asked("training", {key: value for key, value in RUN.items() if key != "id"})
    assert done.returncode == 1
    assert answers(done)[0]["error"].startswith("id")


def test_a_file_that_is_not_there_exits_2_and_is_named():
    done = advisor("training", "--jsonl", "nowhere.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


def test_bytes_that_are_no_text_exit_2(tmp_path):
    (tmp_path / "runs.jsonl").write_bytes(b"\xff\xfe\x00")
    done = advisor("training", "--jsonl", str(tmp_path / "runs.jsonl"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "UTF-8" in done.stderr


@pytest.mark.parametrize("arguments", [("--draws", "5"), ("--draws", "many"), ("--seed", "x"), ("--jsn", "-")])
def test_a_wrong_option_exits_2_and_prints_nothing(arguments):
    done = advisor("training", "--jsonl", "-", *arguments, stdin=json.dumps(RUN))
    assert (done.returncode, done.stdout) == (2, "")
    assert arguments[0] in done.stderr or arguments[1] in done.stderr


def test_too_few_draws_say_how_many_are_needed():
    assert "100" in advisor("training", "--jsonl", "-", "--draws", "5", stdin=json.dumps(RUN)).stderr


def test_seed_and_draws_repeat_the_output_to_the_byte_and_another_seed_moves_it():
    first, again = (asked("training", RUN).stdout for _ in range(2))
    other = advisor("training", "--jsonl", "-", "--draws", "100", "--seed", "1", stdin=json.dumps(RUN)).stdout
    assert first == again
    assert other != first


def test_memory_alone_needs_no_accelerator_and_says_nothing_about_time():
    done = asked("memory", {"id": "m", "kind": "memory", "params_b": 7, "seq_len": 1024}, RUN)
    assert done.returncode == 0
    for row in answers(done):
        assert row["peak_mem_gib"]["p50"] > 0
        assert "accelerator_hours" not in row
        assert "tokens_per_s_per_gpu" not in row


def published(*, with_targets):
    rows = [json.loads(line) for path in ROWS for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if with_targets:
        return rows
    return [{key: value for key, value in row.items() if key not in PUBLISHED} for row in rows]


@pytest.mark.parametrize("topic", ["training", "memory"])
def test_a_published_row_is_answered_exactly_as_without_what_came_out(topic):
    told = asked(topic, *published(with_targets=True))
    untold = asked(topic, *published(with_targets=False))
    assert told.stdout == untold.stdout
    assert len(answers(told)) == len(published(with_targets=True))


@pytest.mark.parametrize("topic", ["training", "memory"])
def test_every_published_row_is_answered_or_refused_with_the_field_that_is_missing(topic):
    rows = published(with_targets=True)
    found = answers(asked(topic, *rows))
    assert [row["id"] for row in found] == [row["id"] for row in rows]
    refused = [row for row in found if "error" in row]
    for row in refused:
        assert row["error"].partition(":")[0] in TrainingRequest.model_fields
    assert len(refused) <= len(rows) // 50
    for row in found:
        if "error" not in row:
            assert row["peak_mem_gib"]["p5"] > 0


def test_help_teaches_keys_and_exit_codes():
    done = advisor("--help")
    assert done.returncode == 0
    for word in ("--jsonl", "exit codes", "peak_flop_per_s", "tokens_b"):
        assert word in done.stdout
