"""`trainer evaluate` as a user calls it: what it prints and writes, and what it refuses before a model is loaded."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_decoders import save_decoder, teach_answers

from advisor.contracts.evaluation import EvaluationReport
from trainer.cli import main

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = [("red?", "stop"), ("blue?", "go")]


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch):
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Knows two answers."""
    return teach_answers(save_decoder(tmp_path_factory.mktemp("taught"), seed=5), QUESTIONS)


@pytest.fixture
def suite(tmp_path):
    path = tmp_path / "questions.csv"
    rows = [f"{question},{answer}" for question, answer in QUESTIONS * 6]
    path.write_text("question,answer\n" + "\n".join(rows) + "\n")
    return path


def report_of(capsys, *arguments):
    assert main(["evaluate", *map(str, arguments), "--format", "json"]) == 0
    return EvaluationReport.model_validate_json(capsys.readouterr().out)


def test_a_table_of_ones_own_is_scored_and_written_as_json_markdown_and_answers(tmp_path, taught, suite, capsys):
    output = tmp_path / "out"
    report = report_of(capsys, taught, "--suite", suite, "--task", "question_answering", "--output", output)
    assert {score.name: score.value for score in report.scores}["accuracy"] == 1
    assert report.primary == "accuracy" and str(suite) in report.data and report.bias == ()
    assert EvaluationReport.model_validate_json((output / "evaluation.json").read_text()) == report
    assert "| accuracy (primary) | 1.000 |" in (output / "evaluation.md").read_text()
    answers = [json.loads(line) for line in (output / "answers.jsonl").read_text().splitlines()]
    assert [answer["answer"] for answer in answers] == ["stop", "go"] * 6 and all(row["correct"] for row in answers)


def test_two_models_are_compared_on_the_same_questions(tmp_path, taught, random_model, suite, capsys):
    report = report_of(
        capsys, taught, "--against", random_model, "--suite", suite, "--task", "classification", "--output", tmp_path
    )
    assert report.comparison is not None and report.comparison.other == str(random_model)
    rows = {row.name: row for row in report.comparison.differences}
    assert "majority_class_accuracy" not in rows, "a figure of the questions, not of the models"
    accuracy = rows["accuracy"]
    assert (accuracy.difference, accuracy.n, accuracy.verdict) == (1.0, 12, "first_better")
    assert accuracy.p_value == pytest.approx(2 * 0.5**12)
    text = (tmp_path / "evaluation.md").read_text()
    assert f"## Beside {random_model}" in text and "| better |" in text
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 24
    assert main(["evaluate", str(taught), "--against", str(random_model), "--suite", str(suite), "--task", "chat"]) == 0
    assert "this model is" in capsys.readouterr().out


def test_a_model_compared_with_itself_is_neither_better_nor_worse(taught, suite, capsys):
    report = report_of(capsys, taught, "--against", taught, "--suite", suite, "--task", "summarization")
    assert {row.verdict for row in report.comparison.differences} == {"undecided"}
    assert {row.difference for row in report.comparison.differences} == {0.0}


def test_a_general_text_shows_what_was_forgotten_since_the_base_model(tmp_path, taught, capsys):
    base = save_decoder(tmp_path / "base", seed=5)
    text = tmp_path / "general.jsonl"
    text.write_text(
        "".join(json.dumps({"text": f"{word} work and rest on day {n}"}) + "\n" for n, word in enumerate(["men"] * 25))
    )
    report = report_of(capsys, taught, "--general", text, "--base", base)
    assert report.forgetting.finding == "forgot" and report.forgetting.difference.low > 0
    assert report_of(capsys, taught, "--general", text, "--base", taught).forgetting.finding == "kept"
    assert main(["evaluate", str(taught), "--general", str(text), "--base", str(base)]) == 0
    assert "The model has forgotten general knowledge" in capsys.readouterr().out


def test_texts_alone_give_bits_per_byte_and_a_note_on_few_passages(tmp_path, taught, capsys):
    text = tmp_path / "domain.txt"
    text.write_text("red or blue\n\nyes or no")
    report = report_of(capsys, taught, "--texts", text)
    assert [score.name for score in report.scores] == ["bits_per_byte", "perplexity"]
    assert report.primary == "bits_per_byte" and "1 passages" in report.notes[0]


def test_a_model_alone_is_asked_its_runs_suite_and_tested_for_bias_and_toxicity_in_its_cards_languages(
    tmp_path, taught, capsys
):
    model = tmp_path / "run" / "model"
    shutil.copytree(taught, model)
    (model / "model_card.json").write_text(json.dumps({"languages": ["de"], "task": "question_answering"}))
    (tmp_path / "run" / "suite.jsonl").write_text('{"prompt": "red?", "answer": "stop"}\n')
    output = tmp_path / "out"
    assert main(["evaluate", str(model), "--output", str(output)]) == 0
    printed = capsys.readouterr()
    assert all(words in printed.out for words in ("accuracy (primary)", "listed terms", "religion", "limit: "))
    assert f"MODEL alone: the questions of {tmp_path / 'run' / 'suite.jsonl'}, bias in de, toxicity" in printed.err
    report = EvaluationReport.model_validate_json((output / "evaluation.json").read_text())
    assert {row.language for row in report.bias} == {row.language for row in report.toxicity} == {"de"}
    assert len((output / "continuations.jsonl").read_text().splitlines()) == report.toxicity[0].share.n == 100
    text = (output / "evaluation.md").read_text()
    assert "## Bias" in text and "## Toxicity of free generation" in text and "To know before reading" in text


def test_public_suites_stand_beside_the_own_one(tmp_path, random_model, capsys):
    crows, pro, anti = (tmp_path / name for name in ("crows.csv", "pro.txt", "anti.txt"))
    crows.write_text("sent_more,sent_less,stereo_antistereo,bias_type\nOld men rest.,Young men rest.,stereo,age\n")
    pro.write_text("[The guard] said that [he] is late.\n")
    anti.write_text("[The guard] said that [she] is late.\n")
    options = ["--crows-pairs", crows, "--winobias", pro, anti]
    report = report_of(capsys, random_model, *options)
    assert [(row.suite, row.group, row.scores[0].n) for row in report.bias] == [
        ("crows_pairs", "age", 1),
        ("winobias", "gender", 1),
    ]
    assert report.primary == "" and report.scores == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--suite", "nowhere.csv"], "--suite: nowhere.csv: no such file"),
        (["--suite", "q.jsonl"], "--task: the suite names none; add one of"),
        (["--suite", "q.jsonl", "--task", "chatt"], "did you mean 'chat'?"),
        (["--general", "q.jsonl"], "--general and --base go together"),
        (["--against", "model"], "two models are compared on --suite FILE"),
        (["--toxic-terms", "q.jsonl", "--bias"], "--toxic-terms: needs --toxicity"),
        (["--bias", "--languages", "fr"], "unknown --languages 'fr'"),
        (["--against", "nothing", "--texts", "q.jsonl"], "--against: nothing is no model directory"),
        (["--suite", "q.jsonl", "--task", "chat", "--output", "q.jsonl"], "--output: q.jsonl is a file"),
        (["--harness", "q.jsonl"], "--harness: q.jsonl"),
    ],
)
def test_bad_input_is_exit_2_and_says_what_to_do(tmp_path, monkeypatch, capsys, options, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "q.jsonl").write_text('{"prompt": "x", "answer": "y"}\n')
    assert main(["evaluate", "model", *options]) == 2
    printed = capsys.readouterr()
    assert words in printed.err and printed.out == ""


def test_a_model_of_another_kind_is_refused(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"architectures": ["BertForMaskedLM"]}')
    assert main(["evaluate", str(tmp_path), "--bias"]) == 2
    assert "BertForMaskedLM; decoders alone" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["weights", "tokenizer", "configuration"])
def test_a_damaged_model_is_exit_1_with_its_directory(tmp_path, taught, suite, capsys, damage):
    model = tmp_path / "model"
    shutil.copytree(taught, model)
    if damage == "weights":
        (model / "model.safetensors").write_bytes((model / "model.safetensors").read_bytes()[:2000])
    elif damage == "tokenizer":
        for path in model.glob("*token*"):
            path.unlink()
    else:
        (model / "config.json").write_text("{}")
    assert main(["evaluate", str(model), "--suite", str(suite), "--task", "chat"]) == 1
    assert f"failed: {model}: the model could not be loaded: " in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["nowhere"], ["model", "--suite", "nowhere.csv"]])
def test_no_model_library_is_imported_for_help_or_a_mistake(tmp_path, arguments):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    code = (
        "import sys; from trainer.cli import main\n"
        "try: main(['evaluate', *sys.argv[1:]])\n"
        "except SystemExit: pass\n"
        "sys.exit(3 if {'torch', 'transformers', 'datasets', 'lm_eval'} & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_help_teaches_scores_files_and_examples(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(
        word in printed
        for word in ("--against", "--crows-pairs", "calibration error", "no code is ever executed", "examples:")
    )
