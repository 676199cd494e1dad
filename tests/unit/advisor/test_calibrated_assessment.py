"""An assessment says which calibration it used, and what of it."""

import json
from pathlib import Path

import calibration_reports as reports
import pytest

from advisor.assess import assess
from advisor.calibrate.build import calibrated, revoked
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput
from advisor.files import read_contract, write_contract

CASE = Path(__file__).parents[3] / "data" / "examples" / "python_help_desk.yaml"
CATALOG = load_catalog()
AT = "2026-11-25T12:00:00+00:00"
ON_CORE = reports.run()
ON_CORE = ON_CORE.model_copy(
    update={"plan": ON_CORE.plan.model_copy(update={"accelerator": "cpu-core-avx2", "accelerator_count": 1})}
)
MFU = "mfu_fraction.cpu.full"


def assessed(**more):
    return assess(read_contract(CASE, Case), catalog=CATALOG, draws=500, **more)


def learnt(*given):
    return calibrated(given, CATALOG, created_at=AT)


@pytest.fixture(scope="module")
def plain():
    return assessed()


@pytest.fixture(scope="module")
def calibrated_one():
    return assessed(calibration=learnt(ON_CORE))


def assumption(result, name):
    return next(row for row in result.assumptions if row.name == name)


def test_it_names_the_calibration_its_reports_and_inputs(calibrated_one):
    used = calibrated_one.calibration
    assert used.id == learnt(ON_CORE).id and used.version == 1
    assert used.reports == ("r-1",) and used.inputs == (MFU,)
    row = assumption(calibrated_one, MFU)
    assert row.origin == "measured"
    assert f"calibration {used.id} version 1 (reports r-1)" in row.source
    assert calibrated_one.update.files == (f"calibration {used.id} version 1",)


def test_without_a_calibration_there_is_no_such_key(plain):
    assert "calibration" not in json.loads(plain.model_dump_json())


def test_a_report_gives_the_same_inputs_alone_and_through_a_calibration(calibrated_one):
    alone = assessed(measurements=[ON_CORE])
    assert assumption(alone, MFU).value == assumption(calibrated_one, MFU).value
    assert alone.calibration is None


def test_a_report_that_is_in_both_counts_once(calibrated_one):
    both = assessed(measurements=[ON_CORE], calibration=learnt(ON_CORE))
    assert assumption(both, MFU).value == assumption(calibrated_one, MFU).value


def test_what_is_revoked_corrects_nothing(plain):
    without = revoked(learnt(ON_CORE), "r-1", CATALOG, created_at=AT)
    result = assessed(calibration=without)
    assert assumption(result, MFU) == assumption(plain, MFU)
    assert result.calibration.inputs == ()
    with pytest.raises(BadInput, match="restore"):
        assessed(measurements=[ON_CORE], calibration=without)


def test_options_of_other_cases_in_a_calibration_are_passed_over():
    elsewhere = reports.on_option(ON_CORE, "fine_tune_lora:of-another-case")
    assert assessed(calibration=learnt(elsewhere)).calibration.inputs == (MFU,)
    with pytest.raises(BadInput, match="none of this case's options"):
        assessed(measurements=[elsewhere])


def test_a_calibration_of_another_catalogue_is_said():
    old = learnt(ON_CORE).model_copy(update={"catalog_version": "older"})
    assert "calibration_of_other_catalogue" in {row.code for row in assessed(calibration=old).warnings}


def test_the_command_takes_it_from_the_option_and_from_the_case(tmp_path, capsys):
    write_contract(tmp_path / "learnt.json", learnt(ON_CORE))
    assert (
        main(
            ["assess", str(CASE), "--draws", "200", "--calibration", str(tmp_path / "learnt.json"), "--format", "json"]
        )
        == 0
    )
    by_option = json.loads(capsys.readouterr().out)
    case = read_contract(CASE, Case).model_copy(update={"measurements": ("learnt.json",)})
    write_contract(tmp_path / "case.json", case)
    assert main(["assess", str(tmp_path / "case.json"), "--draws", "200", "--format", "json"]) == 0
    by_case = json.loads(capsys.readouterr().out)
    assert by_case["calibration"] == by_option["calibration"]
    assert by_case["calibration"]["inputs"] == [MFU]
