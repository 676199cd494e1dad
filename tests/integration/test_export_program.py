"""`advisor assess` as its user meets it: forms, portfolios, comparisons, and the same bytes again."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASE = ROOT / "data" / "examples" / "insurer_claims_letters.yaml"
GOOD = "name: {name}\nuse_case: {{task: chat, requests_per_month: 1000}}\nbudget: {{total: 50000}}\n"


def advisor(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "advisor.cli", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )


@pytest.fixture
def cases(tmp_path):
    """A directory with two cases, and one that is wrong."""
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in ("first", "second"):
        (folder / f"{name}.yaml").write_text(GOOD.format(name=name), encoding="utf-8")
    (folder / "broken.yaml").write_text("name: x\n", encoding="utf-8")
    (folder / "notes.txt").write_text("no case", encoding="utf-8")
    return folder


@pytest.mark.parametrize("form", ["json", "pdf", "xlsx", "focus"])
def test_two_processes_write_the_same_bytes(tmp_path, form):
    """Another hash seed, directory, time zone and moment; the record does not know."""
    written = []
    for place, zone in (("here", "UTC"), ("there", "Asia/Tokyo")):
        folder = tmp_path / place
        folder.mkdir()
        done = advisor(
            "assess", CASE, "--draws", 300, "--format", form, "--output", "out", cwd=folder,
            PYTHONHASHSEED=str(len(written) + 1), TZ=zone,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        written.append((folder / "out").read_bytes())
    assert written[0] == written[1]


def test_a_form_goes_to_standard_output_alone(tmp_path):
    done = advisor("assess", CASE, "--draws", 200, "--format", "pdf", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith(b"%PDF-") and done.stderr == b""
    focus = advisor("assess", CASE, "--draws", 200, "--format", "focus", cwd=tmp_path)
    assert next(csv.reader(io.StringIO(focus.stdout.decode())))[0] == "BilledCost"


def test_a_directory_is_a_portfolio_and_a_bad_case_stops_no_other(tmp_path, cases):
    done = advisor("assess", cases, "--draws", 200, "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    assert [result["case"]["name"] for result in json.loads(done.stdout)] == ["first", "second"]
    assert b"broken.yaml" in done.stderr and b"use_case" in done.stderr and b"Traceback" not in done.stderr


def test_the_summary_names_recommendation_budget_and_totals(tmp_path, cases):
    done = advisor("assess", cases, "--draws", 200, "--format", "markdown", "--language", "de", cwd=tmp_path)
    text = done.stdout.decode()
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3 + 1
    assert "| Fall | Empfehlung |" in text and "zusammen (Mittelwerte)" in rows[-1] and "100 kEUR (2/2)" in rows[-1]
    assert "nicht bewertet" in next(row for row in rows if "broken.yaml" in row)


def test_a_portfolio_writes_one_file_a_case(tmp_path, cases):
    (cases / "broken.yaml").unlink()
    done = advisor("assess", cases, "--draws", 200, "--format", "xlsx", "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first.xlsx", "second.xlsx"]
    assert b"first" in done.stdout and b"together" in done.stdout


def test_a_focus_portfolio_is_one_table(tmp_path, cases):
    (cases / "broken.yaml").unlink()
    done = advisor("assess", cases, "--draws", 200, "--format", "focus", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert {row["BillingAccountName"] for row in rows} == {"first", "second"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cases", "--format", "pdf"], b"--output"),
        (["cases", "--format", "json", "--output", "cases/first.yaml"], b"several cases need a directory"),
        (["--compare", "cases/first.yaml"], b"two assessments"),
        ([], b"no case file"),
        (["empty"], b"no case file in this directory"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(tmp_path, cases, arguments, words):
    (tmp_path / "empty").mkdir()
    done = advisor("assess", *arguments, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and done.stdout == b""


def test_two_assessments_are_compared_and_a_case_against_its_old_one(tmp_path, cases):
    for name, seed in (("old", 0), ("new", 1)):
        advisor(
            "assess", cases / "first.yaml", "--draws", 200, "--seed", seed, "--format", "json", "--output",
            f"{name}.json", cwd=tmp_path,
        )  # fmt: skip
    done = advisor("assess", "--compare", "old.json", "new.json", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["causes"] == ["simulation"]
    anew = advisor(
        "assess", cases / "first.yaml", "--draws", 200, "--compare", "old.json", "--format", "markdown", cwd=tmp_path
    )
    assert b"same question with the same answer" in anew.stdout


def test_a_missing_library_is_named_with_the_command(tmp_path):
    """As on a machine with the light installation: the import fails."""
    (tmp_path / "reportlab.py").write_text("raise ModuleNotFoundError('no', name='reportlab')\n", encoding="utf-8")
    path = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = advisor("assess", CASE, "--draws", 200, "--format", "pdf", cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 1
    assert done.stderr.decode().strip() == (
        "failed: --format pdf needs reportlab, which is not installed: pip install 'richtwert[exports]'"
    )
