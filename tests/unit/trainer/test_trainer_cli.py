"""The program at its border: exit codes, one clear message, nothing half-written, and no heavy import on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.cli import main

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "data" / "examples" / "plans" / "python_reference.yaml"
HEAVY = ("torch", "transformers", "trl", "datasets", "matplotlib")


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


def broken_plan(tmp_path, old, new):
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "plan.yaml"
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("learning_rate", "lerning_rate", "unknown field; did you mean 'learning_rate'?"),
        ("kind: python_reference", "kind: wikipedia", "data.corpora.0"),
        ("batch_sequences: 16", "batch_sequences: -1", "batch_sequences"),
        ("algorithm: rloo", "algorithm: ppo", "phases.rl.algorithm"),
        ("holdout_fraction: ", "holdout_fraction: 1", "data.holdout_fraction"),
    ],
)
def test_a_mistake_in_a_plan_is_exit_2_with_field_and_file_and_nothing_written(tmp_path, capsys, old, new, words):
    path = broken_plan(tmp_path, old, new)
    assert main(["run", str(path), "--output", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["run", "nowhere.yaml"], ["data", "prepare", "nowhere", "--output", "x"]])
def test_a_missing_plan_is_exit_2(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert "no such file" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["run", str(EXAMPLE), "--output", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ("", "holds no rows"),
        ('{"id": "1"}\n', "row 1: messages: required field is missing"),
        (
            '{"id": "1", "messages": [{"role": "user", "content": "x"}], "expected": "a", "task": "chat"}\n'
            '{"id": "2", "messages": [{"role": "user", "content": "x"}], "expected": "a", "task": "code"}\n',
            "need the same task",
        ),
    ],
)
def test_a_mistake_in_a_suite_is_exit_2(tmp_path, capsys, suite, words):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "suite.jsonl").write_text(suite)
    assert main(["evaluate", str(tmp_path), "--suite", str(tmp_path / "suite.jsonl")]) == 2
    assert words in capsys.readouterr().err


def test_a_run_directory_is_no_model_directory_and_the_message_names_the_one_inside(tmp_path, capsys):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    assert main(["evaluate", str(tmp_path), "--suite", "suite.jsonl"]) == 2
    assert f"did you mean {tmp_path / 'model'}?" in capsys.readouterr().err


def test_a_dry_run_shows_phases_size_and_forecast_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(EXAMPLE), "--dry-run", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["phases"]) == ["pretrain", "sft", "reward", "rl"]
    assert found["parameters"] > 100_000 and found["memory_bytes"] > 16 * found["parameters"]
    assert found["pretrain_tokens"] > 0 and "train_hours" in found["forecast"]
    assert main(["run", str(EXAMPLE), "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_data_prepare_writes_the_data_step_alone(tmp_path, capsys):
    assert main(["data", "prepare", str(EXAMPLE), "--output", str(tmp_path / "out"), "--format", "json"]) == 0
    card = json.loads(capsys.readouterr().out)
    assert card["train"]["passages"] > 1000
    names = sorted(path.name for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert names == [
        "conversations.jsonl",
        "data_card.json",
        "data_card.md",
        "holdout-00000.parquet",
        "preferences.jsonl",
        "suite.jsonl",
        "train-00000.parquet",
    ]


def test_data_prepare_keeps_its_hands_off_a_run(tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}")
    assert main(["data", "prepare", str(EXAMPLE), "--output", str(tmp_path)]) == 2
    assert "a run lies in" in capsys.readouterr().err


def test_doctor_says_whether_power_can_be_measured_and_if_not_why(capsys):
    assert main(["doctor", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["power_can_be_measured"] is bool(found["accelerators"])
    assert found["power_can_be_measured"] or found["power_reason"]
    assert found["torch_threads"] >= 1 and found["disk_free_gib"] > 0
    assert main(["doctor"]) == 0
    assert "power_reason" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["run", "missing.yaml"], ["run", str(EXAMPLE), "--dry-run"]],
    ids=["help", "run help", "bad plan", "dry run"],
)
def test_no_training_library_is_imported_before_there_is_something_to_train(tmp_path, arguments):
    code = (
        "import sys; from trainer.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"sys.exit(3 if [name for name in {HEAVY!r} if name in sys.modules] else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_help_names_every_verb_and_shows_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(verb in printed for verb in ("run", "data", "evaluate", "doctor", "examples:", "--resume"))
