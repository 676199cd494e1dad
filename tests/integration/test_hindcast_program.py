"""`advisor hindcast` with a user's own runs: what is compared, printed, written and refused."""

import json
import subprocess
import sys

import pytest

from advisor.hindcast.table import BEGIN, END

RUN = {
    "id": "own-1",
    "kind": "pretrain",
    "params_b": 7.0,
    "tokens_b": 100.0,
    "seq_len": 2048,
    "batch": "4M tokens",
    "accelerator": "A100-80GB-SXM",
    "accelerator_count": 64,
    "precision": "bf16",
    "year": 2024,
    "accelerator_hours": 10_000.0,
}


def hindcast(tmp_path, rows, *arguments):
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    command = [sys.executable, "-m", "advisor.cli", "hindcast", str(path), *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def document(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_is_compared_with_what_came_out_and_with_one_constant_utilisation(tmp_path):
    """6 * 7e9 * 100e9 FLOP / (312e12 * 0.375 * 3600) = 9,972 h."""
    found = document(hindcast(tmp_path, [RUN], "--format", "json"))
    (row,) = found["rows"]
    assert (row["id"], row["quantity"], row["published"]) == ("own-1", "accelerator_hours", 10_000)
    assert row["constant_mfu"] == pytest.approx(9_972, rel=1e-3)
    assert row["inside"] == (row["p5"] <= 10_000 <= row["p95"])
    (summary,) = found["summary"]
    assert summary["n"] == 1
    assert summary["median_error_fraction"] == pytest.approx(abs(row["p50"] / 10_000 - 1))
    assert summary["coverage_fraction"] == float(row["inside"])


def test_what_came_out_does_not_move_the_estimate(tmp_path):
    rows = [RUN, RUN | {"id": "own-2", "accelerator_hours": 1e7}]
    first, second = document(hindcast(tmp_path, rows, "--format", "json"))["rows"]
    assert first["p50"] == second["p50"]
    assert second["inside"] is False


def test_a_row_that_cannot_be_estimated_is_listed_with_its_reason(tmp_path):
    found = document(hindcast(tmp_path, [RUN, RUN | {"id": "own-2", "accelerator": "H100-SMX"}], "--format", "json"))
    assert len(found["rows"]) == 1
    (refused,) = found["refused"]
    assert refused["id"] == "own-2"
    assert "H100-SMX" in refused["error"]


def test_the_table_goes_between_the_markers_of_a_document(tmp_path):
    (tmp_path / "NOTES.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    assert hindcast(tmp_path, [RUN], "--write", "NOTES.md").returncode == 0
    text = (tmp_path / "NOTES.md").read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n| rows |")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([RUN, RUN], ["own-1", "twice"]),
        ([{"kind": "pretrain"}], ["line 1", "id"]),
        ([[1]], ["line 1", "object"]),
        ([{key: value for key, value in RUN.items() if key != "accelerator_hours"}], ["no row states a figure"]),
        ([], ["no row states a figure"]),
    ],
)
def test_rows_that_cannot_be_read_exit_2_and_say_where(tmp_path, rows, words):
    done = hindcast(tmp_path, rows)
    assert (done.returncode, done.stdout) == (2, "")
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("nowhere.jsonl",), ("--write", "nowhere.md")])
def test_a_file_that_is_not_there_is_named(tmp_path, arguments):
    done = hindcast(tmp_path, [RUN], *arguments)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_document_without_markers_is_left_alone(tmp_path):
    (tmp_path / "NOTES.md").write_text("text\n", encoding="utf-8")
    done = hindcast(tmp_path, [RUN], "--write", "NOTES.md")
    assert done.returncode != 0
    assert "markers" in done.stderr
    assert (tmp_path / "NOTES.md").read_text(encoding="utf-8") == "text\n"
