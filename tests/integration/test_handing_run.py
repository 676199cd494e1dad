"""A handed-over directory does what its README says: the script for one machine trains, and goes on when asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from trainer_runs import ROOT, environment, write_plan

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.contracts.runs import RunReport
from advisor.files import read_contract
from advisor.handoff import write_plan as hand_over

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "data" / "examples"
SFT = {"sft": {"epochs": 0.05, "batch_sequences": 8, "learning_rate": 0.005}}
PRETRAIN = {"pretrain": {"max_steps": 4, "batch_sequences": 4, "sequence_tokens": 32, "learning_rate": 0.01}}


@pytest.fixture(scope="module")
def handed(tmp_path_factory):
    """The help desk's own model, its plan cut down to a size for tests."""
    directory = tmp_path_factory.mktemp("handed") / "plan"
    catalog = load_catalog()
    result = assess(read_contract(EXAMPLES / "python_help_desk.yaml", Case), catalog=catalog, draws=300)
    option = next(option.id for option in result.options if option.kind == "from_scratch")
    hand_over(result, option_id=option, catalog=catalog, corpus=None, base_model=None, output=directory)
    write_plan(directory, PRETRAIN | SFT)
    return directory


def start(directory, script, **more):
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", directory / "launch" / script],
        capture_output=True,
        text=True,
        check=False,
        env=environment() | {"PATH": programs} | more,
        timeout=240,
    )


def test_the_script_for_one_machine_trains_and_goes_on_with_the_run_that_lies_there(handed):
    done = start(handed, "one_machine.sh")
    assert done.returncode == 0, done.stderr
    report = read_contract(handed / "run" / "run_report.json", RunReport)
    assert {phase.name for phase in report.phases} >= {"pretrain", "sft", "evaluate"}
    again = start(handed, "one_machine.sh")
    assert again.returncode == 0, again.stderr
    assert "nothing left to do" in again.stderr


def test_torchrun_with_one_process_carries_out_the_same_plan(handed):
    done = start(handed, "torchrun.sh", RUN_DIR="run-torchrun", DEVICES="1")
    assert done.returncode == 0, done.stderr
    assert (handed / "run-torchrun" / "model" / "model.safetensors").is_file()
