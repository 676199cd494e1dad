"""The verbs `tune` and `explain` at their border: mistakes are said at once, before any model library is loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_trainer_cli import EXAMPLE, HEAVY, ROOT

from advisor.contracts.plan import TrainingPlan
from advisor.files import read_contract
from trainer.cli import main
from trainer.energy import Meter
from trainer.tune.apply import apply_to
from trainer.tune.record import TuneReport

REPORT = {
    "name": "x", "study": "x", "storage": "sqlite:///x", "phase": "sft", "scale": "full", "measure": "held_out_loss",
    "unit": "nats", "direction": "minimize", "measured_on": "x", "budget_fraction": 1, "sampler": "TPE",
    "space": {"learning_rate_low": 1e-4, "learning_rate_high": 1e-2, "batch_sequences": [8], "source": "x"},
    "pruner": "median", "seed": 0, "target_trials": 1, "ended": "trials", "ended_reason": "x", "counts": {},
    "trials": [], "best": None, "start": None, "best_settings": {"learning_rate": 2e-3, "batch_sequences": 8},
    "importance": None, "expense": {"hours": 0, "energy_kwh": None, "cost": None},
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--trials", "0"], "--trials: must be positive, got 0"),
        (["--hours", "-1"], "--hours: must be positive"),
        (["--max-kwh", "0"], "--max-kwh: must be positive"),
        (["--budget-fraction", "1.5"], "--budget-fraction: must lie above 0 and up to 1"),
        (["--max-cost", "20"], "state it with --price-per-hour"),
        (["--max-cost", "much", "--price-per-hour", "2", "--currency", "EUR"], "expected a positive amount"),
        (["--price-per-hour", "2"], "--currency: say in which currency"),
    ],
)
def test_a_mistake_is_exit_2_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["tune", str(EXAMPLE), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_energy_that_cannot_be_measured_is_refused_as_a_cap_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("trainer.tune.search.open_meter", lambda **_: Meter(NoDevices()))
    assert main(["tune", str(EXAMPLE), "--output", str(tmp_path / "out"), "--max-kwh", "1"]) == 2
    assert "energy cannot be measured here (no driver), and what is not known is not counted as 0" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


class NoDevices:
    """A machine without a meter."""

    reason = "no driver"

    def devices(self):
        return ()

    def close(self):
        pass


@pytest.mark.parametrize(
    "arguments",
    [
        ["tune", "--help"],
        ["explain", "--help"],
        ["tune", "missing.yaml"],
        ["tune", str(EXAMPLE), "--max-cost", "5"],
        ["explain", "nowhere", "--prompt", "x"],
    ],
    ids=lambda arguments: " ".join(Path(word).name for word in arguments),
)
def test_no_model_library_is_loaded_before_there_is_work(tmp_path, arguments):
    code = (
        "import sys; from trainer.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"sys.exit(3 if [name for name in {(*HEAVY, 'optuna', 'captum')!r} if name in sys.modules] else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_best_settings_are_written_into_a_plan_whose_comments_stay(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    report = TuneReport.model_validate(REPORT)
    lines = apply_to(path, report)
    sft = read_contract(path, TrainingPlan).phases.sft
    assert (sft.learning_rate, sft.batch_sequences, sft.epochs) == (2e-3, 8, 2.0)
    assert path.read_text(encoding="utf-8").startswith(EXAMPLE.read_text(encoding="utf-8").splitlines()[0])
    assert lines == [
        f"{path}: phases.sft.learning_rate 0.001 -> 0.002",
        f"{path}: phases.sft.batch_sequences 16 -> 8",
    ]
    assert apply_to(path, report) == [f"{path}: it has the best settings already"]


def test_the_best_settings_are_written_into_a_plan_in_json(tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(read_contract(EXAMPLE, TrainingPlan).model_dump_json(indent=2), encoding="utf-8")
    apply_to(path, TuneReport.model_validate(REPORT | {"phase": "pretrain"}))
    pretrain = read_contract(path, TrainingPlan).phases.pretrain
    assert (pretrain.learning_rate, pretrain.batch_sequences, pretrain.max_steps) == (2e-3, 8, 300)
