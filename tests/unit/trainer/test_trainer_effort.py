"""Hours that people log stand beside the run and in its report."""

import pytest
from documents import run_report

from advisor.contracts.runs import RunReport
from advisor.files import read_contract, write_contract
from trainer.cli import main
from trainer.effort import EFFORT_FILE, REPORT_FILE, read_effort


def log(place, *, role="ml_engineer", hours="12", note="tuning"):
    return main(["log-hours", str(place), "--role", role, "--hours", hours, "--note", note])


def test_hours_are_added_up_and_carried_by_the_report(tmp_path, capsys):
    write_contract(tmp_path / REPORT_FILE, run_report())
    assert log(tmp_path) == 0
    assert log(tmp_path, hours="3.5") == 0
    assert "15.5 h of this role so far" in capsys.readouterr().out
    report = read_contract(tmp_path / REPORT_FILE, RunReport)
    assert [row.hours for row in report.effort] == [12.0, 3.5]
    assert report.effort == read_effort(tmp_path)
    assert report.model_copy(update={"effort": ()}) == run_report()


def test_a_run_that_goes_on_keeps_them_for_its_report(tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}")
    assert log(tmp_path, role="data_engineer") == 0
    assert "the report will carry it" in capsys.readouterr().out
    assert read_effort(tmp_path)[0].role == "data_engineer"


@pytest.mark.parametrize("hours", ["0", "-1", "nan"])
def test_hours_must_be_positive(tmp_path, capsys, hours):
    (tmp_path / "run.json").write_text("{}")
    assert log(tmp_path, hours=hours) == 2
    assert "hours" in capsys.readouterr().err
    assert not (tmp_path / EFFORT_FILE).exists()


def test_a_directory_without_a_run_is_refused(tmp_path, capsys):
    assert log(tmp_path) == 2
    assert "no directory of a run" in capsys.readouterr().err


def test_a_broken_line_is_named(tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / EFFORT_FILE).write_text("{oops\n")
    assert log(tmp_path) == 2
    assert "line 1" in capsys.readouterr().err
