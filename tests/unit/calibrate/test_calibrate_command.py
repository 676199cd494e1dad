"""`advisor calibrate` as a user calls it: files in, files out, nothing lost."""

import json

import calibration_reports as reports
import pytest

from advisor.cli import main
from advisor.contracts.calibration import Calibration
from advisor.files import read_contract, write_contract


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_contract(tmp_path / "one.json", reports.run("r-1"))
    write_contract(tmp_path / "two.json", reports.run("r-2", step_s=0.22))
    return tmp_path


def calibration(path):
    return read_contract(path, Calibration)


def test_it_writes_to_runs_and_shows_prior_data_and_posterior(place, capsys):
    assert main(["calibrate", "one.json"]) == 0
    told = capsys.readouterr()
    assert "prior, data and posterior" in told.out
    assert "step_s | Test Core 9000, 1 threads | pretrain full" in told.out
    assert "written: runs/calibration.json" in told.err
    assert calibration(place / "runs/calibration.json").version == 1


def test_earlier_versions_are_kept_beside_it(place, capsys):
    main(["calibrate", "one.json"])
    main(["calibrate", "two.json"])
    main(["calibrate", "--revoke", "r-2"])
    main(["calibrate", "--restore", "r-2"])
    newest = calibration(place / "runs/calibration.json")
    assert newest.version == 4
    kept = [calibration(place / f"runs/calibrations/{version}.json") for version in (1, 2, 3)]
    assert [item.version for item in kept] == [1, 2, 3]
    assert kept[1].entries == newest.entries
    assert kept[2].previous_id == kept[1].id


def test_the_same_report_again_makes_no_version(place, capsys):
    main(["calibrate", "one.json"])
    before = (place / "runs/calibration.json").read_bytes()
    assert main(["calibrate", "one.json"]) == 0
    assert "nothing new" in capsys.readouterr().err
    assert (place / "runs/calibration.json").read_bytes() == before


def test_json_alone_on_standard_output(place, capsys):
    assert main(["calibrate", "one.json", "--format", "json", "--output", "mine.json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((place / "mine.json").read_text())


def test_another_calibration_is_not_overwritten(place, capsys):
    main(["calibrate", "one.json", "--output", "a.json"])
    main(["calibrate", "two.json", "--output", "b.json"])
    assert main(["calibrate", "two.json", "--calibration", "a.json", "--output", "b.json"]) == 2
    assert "does not go on from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name at least one report"),
        (["--revoke", "r-1"], "name at least one report"),
        (["missing.json"], "no such file"),
        (["one.json", "--plot", "x.gif"], "known: .png, .svg, .pdf"),
        (["one.json", "--calibration", "nowhere.json"], "advisor calibrate REPORT"),
    ],
)
def test_bad_input_says_what_to_do(place, capsys, arguments, words):
    assert main(["calibrate", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (place / "runs").exists()


def test_a_file_that_is_no_report_names_the_kinds(place, capsys):
    (place / "other.json").write_text('{"report": "runn"}')
    assert main(["calibrate", "other.json"]) == 2
    assert "did you mean 'run'" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_it_draws(place, capsys, suffix):
    pytest.importorskip("matplotlib")
    assert main(["calibrate", "one.json", "two.json", "--plot", f"picture.{suffix}"]) == 0
    content = (place / f"picture.{suffix}").read_bytes()
    assert content.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])
