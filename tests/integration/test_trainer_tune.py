"""A search as a user starts it: real trials of test size, stopped and killed in the middle, on both databases."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from trainer_runs import CHAIN, PRETRAIN, command, environment, run, write_plan

from advisor.contracts.plan import TrainingPlan
from advisor.files import read_contract
from trainer.tune.record import TuneReport

pytest_plugins = ["api_databases"]
pytestmark = pytest.mark.slow

PHASES = {"pretrain": {**PRETRAIN, "max_steps": 40}}
TUNE = ("tune", "plan.yaml", "--output", "out", "--trials", "4", "--format", "json")


def result(cwd):
    return read_contract(cwd / "out" / "tune" / "result.json", TuneReport)


def settings(report, *endings):
    return [trial.settings for trial in report.trials if trial.ending in endings]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search that nothing interrupted."""
    directory = tmp_path_factory.mktemp("whole")
    write_plan(directory, PHASES)
    done = run(*TUNE, cwd=directory)
    assert json.loads(done.stdout) == json.loads((directory / "out" / "tune" / "result.json").read_text())
    return directory, done


def cut_off(*arguments, cwd, trial, number):
    """Start a search and send a signal once a trial trains."""
    process = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = cwd / "out" / "tune" / "trials" / str(trial) / "phases" / "pretrain" / "log.jsonl"
    try:
        deadline = time.monotonic() + 240
        while not log.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, f"trial {trial} did not begin"
            time.sleep(0.01)
        process.send_signal(number)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, err


def test_a_search_leaves_a_plan_that_trains_a_report_pictures_and_no_weights(whole):
    directory, done = whole
    tune, report = directory / "out" / "tune", result(directory)
    assert report.counts | {"interrupted": 0, "running": 0, "waiting": 0} == report.counts
    assert report.ended == "trials" and len(report.trials) == 4
    assert report.measure == "bits_per_byte" and report.best.value == min(
        trial.value for trial in report.trials if trial.ending == "complete"
    )
    assert report.trials[0].is_start and report.trials[0].settings.learning_rate == PRETRAIN["learning_rate"]
    assert all(len(trial.reports) >= 2 and trial.low < trial.value < trial.high for trial in report.trials)
    assert report.importance is None and "10 are needed" in report.importance_reason
    assert report.expense.energy_kwh is None and report.expense.energy_reason
    assert not list(tune.glob("trials/**/*.safetensors")) and not list(tune.glob("trials/**/checkpoint-*"))
    assert len(list(tune.glob("trials/*/phases/pretrain/log.jsonl"))) == 4
    text = (tune / "report.md").read_text()
    assert "set aside from the training text" in text and "arXiv" in text
    assert all((tune / name).stat().st_size > 1000 for name in ("plots/history.png", "study.db"))
    plan = read_contract(tune / "best_plan.yaml", TrainingPlan)
    assert plan.phases.pretrain.learning_rate == report.best_settings.learning_rate
    assert plan.phases.pretrain.batch_sequences == report.best_settings.batch_sequences
    run("run", tune / "best_plan.yaml", "--dry-run", cwd=directory)
    for words in ("trial 0 (1 of 4)", "best ", "left", "4 of 4 trials done"):
        assert words in done.stderr


def test_a_finished_search_says_so_and_a_higher_target_goes_on(whole):
    directory, _ = whole
    before = result(directory)
    assert "the search is finished: 4 of 4 trials; raise --trials" in run(*TUNE, cwd=directory).stderr
    assert result(directory).trials == before.trials
    done = run("tune", "plan.yaml", "--output", "out", "--trials", "5", cwd=directory)
    after = result(directory)
    assert after.trials[:4] == before.trials and len(after.trials) == 5
    assert len({trial.settings.learning_rate for trial in after.trials}) == 5, "a resume draws new points"
    assert "next:   trainer run out/tune/best_plan.yaml" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_search_that_was_cut_off_ends_with_the_points_and_figures_of_a_whole_one(tmp_path, whole, number):
    write_plan(tmp_path, PHASES)
    rc, err = cut_off(*TUNE, cwd=tmp_path, trial=1, number=number)
    if number == signal.SIGKILL:
        assert rc == -signal.SIGKILL
    else:
        assert rc == 130 and "trainer tune plan.yaml --output out --trials 4" in err
        assert result(tmp_path).ended == "stopped"
    done = run(*TUNE, cwd=tmp_path)
    assert ("trial 1 was cut off" in done.stderr) is (number == signal.SIGKILL)
    report, other = result(tmp_path), result(whole[0])
    assert [trial.ending for trial in report.trials][:3] == ["complete", "interrupted", "complete"]
    assert report.trials[2].retry_of == 1 and report.trials[2].settings == report.trials[1].settings
    finished = [trial for trial in report.trials if trial.ending != "interrupted"]
    same = [trial for trial in other.trials if trial.number < 4]
    assert [(t.settings, t.reports, t.ending) for t in finished] == [(t.settings, t.reports, t.ending) for t in same]
    assert len({(t.settings.learning_rate, t.settings.batch_sequences) for t in finished}) == 4
    assert not list((tmp_path / "out").glob("tune/trials/**/*.safetensors"))


def test_two_searches_do_not_work_in_one_directory(tmp_path):
    write_plan(tmp_path, PHASES)
    (tmp_path / "out" / "tune").mkdir(parents=True)
    holder = "import fcntl, sys; f = open('out/tune/lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); "
    process = subprocess.Popen(
        [command()[0], "-c", holder + "sys.stdin.read()"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        process.stdout.readline()
        assert "another `trainer tune` works in" in run(*TUNE, cwd=tmp_path, rc=2).stderr
    finally:
        process.communicate("")


def test_a_search_on_postgresql_goes_on_after_a_kill(tmp_path, postgresql_url):
    pytest.importorskip("psycopg", reason="psycopg is missing: pip install 'psycopg[binary]'")
    write_plan(tmp_path, PHASES, name=f"Search {tmp_path.name} {os.getpid()}")
    arguments = ("tune", "plan.yaml", "--output", "out", "--trials", "2", "--storage", postgresql_url)
    rc, _ = cut_off(*arguments, cwd=tmp_path, trial=0, number=signal.SIGKILL)
    assert rc == -signal.SIGKILL
    done = run(*arguments, cwd=tmp_path)
    assert "trial 0 was cut off" in done.stderr
    if ":***@" not in (tmp_path / "out" / "tune" / "search.json").read_text():
        again = run("tune", "plan.yaml", "--output", "out", "--trials", "2", cwd=tmp_path)
        assert "the search is finished: 2 of 2" in again.stderr, "the address is kept"
    report = result(tmp_path)
    assert report.storage.startswith("postgresql://")
    assert [trial.ending for trial in report.trials] == ["interrupted", "complete", "complete"]
    assert report.trials[1].settings == report.trials[0].settings
    assert not Path(tmp_path / "out" / "tune" / "study.db").exists()


def test_money_ends_a_search_before_the_cap_is_passed_and_more_money_goes_on(tmp_path):
    write_plan(tmp_path, PHASES)
    price = ("--price-per-hour", "3600", "--currency", "EUR")  # a EUR a second
    done = run(*TUNE, "--max-cost", "0.5 EUR", *price, cwd=tmp_path)
    report = result(tmp_path)
    assert report.ended == "cap" and report.ended_reason.startswith("--max-cost 0.5 EUR")
    assert not settings(report, "complete") and json.loads(done.stdout)["best_settings"] is None
    run(*TUNE, "--max-cost", "1000", *price, cwd=tmp_path)
    report = result(tmp_path)
    assert report.ended == "trials" and 0 < report.expense.cost < 1000 and report.expense.currency == "EUR"
    assert report.expense.cost == pytest.approx(report.expense.hours * 3600)


def test_a_narrow_models_rate_is_carried_over_and_applied_to_the_plan(tmp_path):
    model = {
        "kind": "architecture", "vocab_size": 512, "hidden_size": 32, "num_layers": 1, "num_heads": 2,
        "num_kv_heads": 2, "ffn_size": 64, "context_tokens": 64,
    }  # fmt: skip
    path = write_plan(tmp_path, PHASES, model=model)
    path.write_text("# a comment that stays\n" + path.read_text())
    wishes = ("--scale", "small", "--budget-fraction", "0.5", "--pruner", "hyperband", "--trials", "2", "--apply")
    done = run("tune", "plan.yaml", "--output", "out", *wishes, cwd=tmp_path)
    report = result(tmp_path)
    assert report.carried_over.searched_hidden_size == 16 and report.carried_over.width_ratio == 2
    assert report.best_settings.learning_rate == pytest.approx(report.best.settings.learning_rate / 2)
    assert report.best.steps == 20 and report.best.settings.batch_sequences == PRETRAIN["batch_sequences"]
    applied = read_contract(path, TrainingPlan)
    assert applied.model.hidden_size == 32 and applied.phases.pretrain.max_steps == 40
    assert applied.phases.pretrain.learning_rate == report.best_settings.learning_rate
    assert path.read_text().startswith("# a comment that stays\n")
    assert "plan.yaml: " in done.stderr
    again = run("tune", "plan.yaml", "--output", "out", "--trials", "2", cwd=tmp_path)
    assert "the search is finished" in again.stderr, "the applied plan is still the plan of this search"


@pytest.mark.parametrize(
    ("phase", "measure"),
    [("sft", "held_out_loss"), ("reward", "held_out_pair_accuracy"), ("rl", "accuracy")],
)
def test_a_later_phase_is_searched_on_the_earlier_ones_trained_once(tmp_path, phase, measure):
    write_plan(tmp_path, CHAIN)
    run("tune", "plan.yaml", "--output", "out", "--phase", phase, "--trials", "1", cwd=tmp_path)
    report, tune = result(tmp_path), tmp_path / "out" / "tune"
    assert report.measure == measure and report.best.is_start and report.best.n > 0
    assert report.best.low <= report.best.value <= report.best.high
    trained = {path.parents[1].name for path in tune.glob("shared/phases/*/model/model.safetensors")}
    assert trained == set(list(CHAIN)[: list(CHAIN).index(phase)])
    assert not list(tune.glob("trials/**/*.safetensors"))


STEADY = """
import sys, time
import trainer.tune.search
from trainer.energy import Meter
from trainer.energy.source import Device

class Steady:
    reason = ""
    def devices(self): return (Device(uuid="GPU-1", name="a hundred watts"),)
    def read_counter_mj(self, device): return int(time.monotonic() * 100_000)
    def read_power_mw(self, device): return 100_000
    def close(self): pass

trainer.tune.search.open_meter = lambda **_: Meter(Steady())
from trainer.cli import main
sys.exit(main(sys.argv[1:]))
"""


def metered(cwd, *arguments, rc=0):
    """Run `trainer` on a machine whose one device draws 100 W."""
    words = [command()[0], "-c", STEADY, *arguments]
    done = subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == rc, done.stdout + done.stderr
    return done


def test_energy_ends_a_search_before_the_cap_is_passed_and_is_counted_from_the_first_second_on(tmp_path):
    write_plan(tmp_path, {"pretrain": {**PRETRAIN, "max_steps": 3000}})
    metered(tmp_path, *TUNE, "--max-kwh", "1e-6")
    report = result(tmp_path)
    assert report.ended == "cap" and report.ended_reason.startswith("--max-kwh 1e-06 kWh")
    assert not settings(report, "complete")
    metered(tmp_path, *TUNE, "--max-kwh", "1", "--trials", "1")
    report = result(tmp_path)
    assert report.ended == "trials"
    assert report.best.energy_j == pytest.approx(100 * report.best.duration_s, rel=0.1)
    assert report.expense.energy_kwh == pytest.approx(report.expense.hours * 0.1, rel=0.1)


def test_a_plan_that_changed_since_is_refused_by_its_field(whole):
    directory, _ = whole
    path = directory / "plan.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("sequence_tokens: 32", "sequence_tokens: 16"))
        done = run(*TUNE, cwd=directory, rc=2)
        assert "phases.pretrain.sequence_tokens (32 -> 16)" in done.stderr
        path.write_text(before)
        done = run(*TUNE, "--budget-fraction", "0.5", cwd=directory, rc=2)
        assert "--budget-fraction: the search in" in done.stderr
    finally:
        path.write_text(before)
