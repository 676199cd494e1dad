"""Bad input to `advisor baseline run`: exit 2, one message that names what is wrong, nothing asked, nothing written."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from advisor import cli

ROOT = Path(__file__).resolve().parents[2]
ITEM = {"id": "1", "messages": [{"role": "user", "content": "Frage"}], "expected": "Antwort"}
TARGET = "x=http://127.0.0.1:9/v1,model=m"


def attempt(tmp_path, *, lines=None, targets=(TARGET,), options=(), output="report.json"):
    suite = tmp_path / "suite.jsonl"
    if lines is not None:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        suite.write_text("\n".join(texts) + "\n", encoding="utf-8")
    arguments = [part for target in targets for part in ("--target", target)]
    return cli.main(["baseline", "run", str(suite), "--output", str(tmp_path / output), *arguments, *options])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (None, "no such file"),
        ([""], "holds no item"),
        (["{oops"], "line 1: not valid JSON"),
        ([ITEM, "", ITEM | {"id": "2", "expcted": "x"}], "did you mean 'expected'?"),
        ([ITEM, {"id": "2"}], "line 2: messages: required field is missing"),
        ([ITEM, ITEM], "id '1' appears twice"),
        ([ITEM | {"messages": []}], "at least one message"),
        ([ITEM | {"messages": [{"role": "usr", "content": "x"}]}], "did you mean 'user'?"),
        ([ITEM | {"messages": [{"role": "user", "contnt": "x"}]}], "did you mean 'content'?"),
        ([ITEM | {"messages": [{"role": "assistant", "content": "x"}]}], "last message must be the user's"),
        ([ITEM | {"task": "chat"}, ITEM | {"id": "2", "task": "code"}], "one task, got chat, code"),
        ([ITEM | {"task": "clasification"}], "did you mean 'classification'?"),
    ],
)
def test_a_suite_that_cannot_be_used(tmp_path, capsys, lines, said):
    assert attempt(tmp_path, lines=lines) == 2
    message = capsys.readouterr().err
    assert said in message and "suite.jsonl" in message
    assert not list(tmp_path.glob("report*"))


def test_a_suite_that_is_no_text(tmp_path, capsys):
    (tmp_path / "suite.jsonl").write_bytes(b"\xff\xfe\x00")
    assert attempt(tmp_path) == 2
    assert "cannot be read as UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (["x"], "expected NAME=BASE_URL"),
        (["=http://h/v1"], "expected NAME=BASE_URL"),
        (["x=ftp://h/v1"], "is no address"),
        (["x=http://h:port/v1"], "is no address"),
        (["x=http://me:pw@h/v1"], "leave user, password"),
        ([TARGET + ",modle=m"], "did you mean 'model'?"),
        ([TARGET + ",key_emv=A"], "did you mean 'key_env'?"),
        ([TARGET + ",option"], "expected key=value"),
        ([TARGET + ",model=n"], "key 'model' is given twice"),
        ([TARGET + ",role=in-house"], "did you mean 'in_house'?"),
        ([TARGET + ",stand_in=yes"], "known: false, true"),
        ([TARGET + ",key_env=RICHTWERT_NOT_SET"], "RICHTWERT_NOT_SET is not set"),
        ([TARGET + ",price=openai/gpt-4.1-mni"], "did you mean 'openai/gpt-4.1-mini'?"),
        ([TARGET, TARGET], "given twice"),
    ],
)
def test_a_target_that_cannot_be_used(tmp_path, capsys, targets, said):
    assert attempt(tmp_path, lines=[ITEM], targets=targets) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("report*"))


def test_task_and_suite_must_not_disagree(tmp_path, capsys):
    assert attempt(tmp_path, lines=[ITEM | {"task": "chat"}], options=["--task", "code"]) == 2
    assert "the suite says chat" in capsys.readouterr().err


def test_a_task_that_is_none(tmp_path, capsys):
    assert attempt(tmp_path, lines=[ITEM], options=["--task", "clasification"]) == 2
    assert "did you mean 'classification'?" in capsys.readouterr().err


@pytest.mark.parametrize("output", ["report.md", "report"])
def test_an_output_that_is_no_json_file(tmp_path, capsys, output):
    assert attempt(tmp_path, lines=[ITEM], output=output) == 2
    assert ".json" in capsys.readouterr().err


def test_an_output_whose_directory_cannot_be_made(tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert attempt(tmp_path, lines=[ITEM], output="file/report.json") == 2
    assert "cannot be made" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--max-cost-usd", "0"], ["--max-minutes", "nan"], ["--concurrency", "0"], ["--retries", "-1"]]
)
def test_numbers_out_of_range(tmp_path, capsys, options):
    with pytest.raises(SystemExit) as stopped:
        attempt(tmp_path, lines=[ITEM], options=options)
    assert stopped.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_bad_input_is_told_before_any_heavy_import(tmp_path):
    code = (
        "import sys; from advisor import cli; "
        f"code = cli.main(['baseline', 'run', {str(tmp_path / 'none.jsonl')!r}, '--output', 'x.json', "
        f"'--target', {TARGET!r}]); "
        "print(code, sorted({'openai', 'numpy', 'sacrebleu', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "2 []"
    assert "no such file" in done.stderr
