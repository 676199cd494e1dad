"""The live view on a clock that is set by hand: an accelerator of 360 W, steps of two seconds, a price."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import PhaseReport
from advisor.contracts.status import RunStatus
from advisor.files import read_contract
from trainer.energy import Meter
from trainer.energy.source import Device, NullSource
from trainer.live.pace import Pace, Peak, peak_of
from trainer.live.price import price_of
from trainer.live.snapshot import Facts
from trainer.live.view import Live
from trainer.manifest import RunState, Stretch
from trainer.progress import Progress
from trainer.stop import StopRequested

WATTS = 360.0
BEGUN = datetime(2026, 11, 20, 12, tzinfo=UTC)
ARCHITECTURE = {
    "kind": "architecture",
    "vocab_size": 512,
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "num_kv_heads": 1,
    "ffn_size": 32,
    "context_tokens": 64,
}
BAND = {"p5": 0.5, "p50": 1.0, "p95": 2.0}


class Steady:
    """A GPU that draws the same power all the time."""

    reason = ""

    def __init__(self, clock):
        self._clock = clock

    def devices(self):
        return (Device("GPU-1", "NVIDIA H100 80GB HBM3", power_limit_w=700.0),)

    def read_power_mw(self, device):
        return round(WATTS * 1000)

    def read_counter_mj(self, device):
        return round(WATTS * 1000 * self._clock())

    def close(self):
        pass


class Run:
    """A run whose clock is moved by hand."""

    def __init__(self, output: Path, *, measured=True, peak=None, state=None, phases=None, **forecast):
        self.now_s = 100.0
        plan = TrainingPlan.model_validate(
            {
                "name": "t",
                "data": {"corpora": [{"kind": "python_reference"}]},
                "model": ARCHITECTURE,
                "phases": phases or {"pretrain": {"max_steps": 1800}},
                "forecast": {"train_hours": BAND, "currency": "EUR", **forecast},
            }
        )
        source = Steady(self.clock) if measured else NullSource("no NVIDIA driver answers")
        self.meter = Meter(source, clock=self.clock, poll_s=0)
        state = state or RunState(id="t-1", started_at=BEGUN.isoformat())
        names = tuple(name for name in ("pretrain", "sft") if getattr(plan.phases, name) is not None)
        facts = Facts(plan, state, (*names, "evaluate"), price_of(plan.forecast, state), peak or Peak(None, "none"), "")
        facts = facts if measured else Facts(*[*vars(facts).values()][:-1], self.meter.reason)
        self.live = Live(facts, output, self.meter, clock=self.clock, now=self.time, write_every_s=0)

    def clock(self):
        return self.now_s

    def time(self):
        return BEGUN + timedelta(seconds=self.now_s - 100.0)

    def begin(self, phase="pretrain", earlier=()):
        self.window = self.meter.window(phase).__enter__()
        self.live.begin(phase, self.window, earlier)
        return self

    def steps(self, count, *, seconds=2.0, tokens=1000, total=1800, first=1):
        for number in range(count):
            self.now_s += seconds
            self.meter.sample()
            self.live.advance(first + number, total, (number + 1) * tokens)
        self.live.ask_meter()
        return self.live.status()


def report(name, hours, energy):
    return PhaseReport(name=name, status="completed", duration_s=hours * 3600, energy=energy)


def test_speed_compute_and_time_left_are_those_of_the_last_steps(tmp_path):
    """500 tokens/s of 6e9 FLOP each are 3e12 FLOP/s, 0.3 of the peak; 1790 steps of 2 s are left."""
    run = Run(tmp_path, peak=Peak(1e13)).begin()
    run.live.sized(6e9)
    status = run.steps(10)
    assert status.tokens_per_s == pytest.approx(500)
    assert status.flop_per_s == pytest.approx(3e12)
    assert status.mfu_fraction == pytest.approx(0.3)
    assert status.remaining_s == pytest.approx(3580)
    assert status.phase_ends_at == (run.time() + timedelta(seconds=3580)).isoformat(timespec="seconds")


def test_power_and_energy_come_from_the_meter_while_the_window_is_open(tmp_path):
    """20 s at 360 W are 7.2 kJ, 0.002 kWh; on the way to the end come 3580 s more."""
    status = Run(tmp_path, energy_kwh=BAND).begin().steps(10)
    assert status.power_w == pytest.approx(WATTS)
    assert status.energy_kwh == pytest.approx(0.002, rel=0.01)
    row = {row.name: row for row in status.forecast}["energy_kwh"]
    assert row.at_end == pytest.approx(0.36, rel=0.01) and row.verdict == "below_p5"


def test_what_is_not_measured_is_none_with_the_reason_and_never_nothing(tmp_path):
    status = Run(tmp_path, measured=False, energy_kwh=BAND).begin().steps(10)
    assert status.power_w is None and status.energy_kwh is None
    assert status.energy_reason == "no NVIDIA driver answers"
    row = {row.name: row for row in status.forecast}["energy_kwh"]
    assert row.verdict is None and row.reason == "no NVIDIA driver answers"


def test_earlier_attempts_and_finished_phases_are_in_time_energy_and_money(tmp_path):
    """An hour before, half an hour of an earlier attempt, 20 s now: 1.5056 h at 2 EUR."""
    state = RunState(id="t-1", started_at=BEGUN.isoformat(), price_per_hour=2.0, currency="EUR")
    run = Run(tmp_path, state=state, phases={"pretrain": {"max_steps": 9}, "sft": {}})
    energy = run.begin().steps(10) and run.meter.so_far(run.window)
    run.live.done(report("pretrain", 1.0, energy))
    status = run.begin("sft", earlier=[Stretch(duration_s=1800, energy=energy)]).steps(10)
    assert status.elapsed_s == pytest.approx(3600 + 1800 + 20)
    assert status.energy_kwh == pytest.approx(3 * 0.002, rel=0.01)
    assert status.cost == pytest.approx(2 * 5420 / 3600)
    assert status.phases_done == ("pretrain",) and status.phases_left == ("evaluate",)


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0.5, "below_p5"), (1.001, "inside"), (3.999, "inside"), (4.001, "above_p95")]
)
def test_the_end_at_the_present_rate_is_laid_beside_the_band(tmp_path, seconds, verdict):
    """1800 steps of a second are half an hour, the lower end of the band; of four seconds two hours, the upper."""
    row = Run(tmp_path).begin().steps(30, seconds=seconds).forecast[0]
    assert row.at_end == pytest.approx(1800 * seconds / 3600, rel=1e-3)
    assert row.verdict == verdict


def test_while_a_counted_phase_is_to_come_only_too_much_can_be_said(tmp_path):
    phases = {"pretrain": {"max_steps": 1800}, "sft": {}}
    row = Run(tmp_path, phases=phases).begin().steps(30, seconds=2.0).forecast[0]
    assert row.verdict is None and row.without == ("sft",) and row.reason == "sft to come"
    assert Run(tmp_path, phases=phases).begin().steps(30, seconds=5.0).forecast[0].verdict == "above_p95"


def test_money_follows_the_stated_price_else_the_one_that_the_forecast_implies(tmp_path):
    implied = Run(tmp_path, cost={"p5": 1.0, "p50": 3.0, "p95": 9.0}).begin().steps(10)
    assert implied.cost_per_hour == pytest.approx(3.0) and "forecast implies" in implied.cost_reason
    unknown = Run(tmp_path).begin().steps(10)
    assert unknown.cost is None and "--price-per-hour" in unknown.cost_reason


def test_a_step_that_hangs_slows_the_rate_down_while_it_lasts():
    pace = Pace()
    for number in range(5):
        pace.advance(2.0 * number, number, 100 * number)
    assert pace.step_s(8.0) == pytest.approx(2.0) and pace.tokens_per_s(8.0) == pytest.approx(50)
    assert pace.step_s(108.0) == pytest.approx(108 / 5)


def test_before_two_steps_there_is_no_rate_and_after_the_end_none_either(tmp_path):
    run = Run(tmp_path).begin()
    assert run.steps(1).tokens_per_s is None
    run.steps(5, first=2)
    ended = run.live.status("stopped")
    assert ended.tokens_per_s is None and ended.remaining_s is None and ended.power_w is None


def test_the_peak_is_that_of_the_device_that_runs_and_never_that_of_the_plan():
    assert peak_of("NVIDIA H100 80GB HBM3", 80e9, "h100-sxm-80gb") == Peak(989e12)
    assert "the plan assumes l4-24gb" in peak_of("NVIDIA H100 80GB HBM3", 80e9, "l4-24gb").reason
    unknown = peak_of("NVIDIA Z1", 80e9, "h100-sxm-80gb")
    assert unknown.flop_per_s is None and "does not know 'NVIDIA Z1'" in unknown.reason
    assert peak_of(None, None, "h100-sxm-80gb").flop_per_s is None


@pytest.mark.parametrize(
    ("error", "condition", "message"),
    [
        (None, "completed", ""),
        (StopRequested("sft"), "stopped", "in phase sft"),
        (KeyboardInterrupt(), "stopped", ""),
        (ValueError("no room"), "failed", "no room"),
    ],
)
def test_the_file_says_how_the_run_ended(tmp_path, error, condition, message):
    run = Run(tmp_path).begin()
    with run.live:
        assert read_contract(tmp_path / "status.json", RunStatus).condition == "running"
        run.live.__exit__(type(error) if error else None, error, None)
        found = read_contract(tmp_path / "status.json", RunStatus)
    assert (found.condition, found.message) == (condition, message)
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"], "no half-written file stays"


def test_a_phase_is_in_the_file_from_its_first_moment(tmp_path):
    Run(tmp_path).begin()
    assert read_contract(tmp_path / "status.json", RunStatus).phase == "pretrain"


def test_a_run_whose_directory_was_given_up_is_written_no_more(tmp_path):
    run = Run(tmp_path)
    run.live.abandon()
    run.live.write()
    assert not list(tmp_path.iterdir())


def test_of_several_processes_only_the_first_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    Run(tmp_path).live.write()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_ends_no_run(tmp_path):
    run = Run(tmp_path / "gone")
    (tmp_path / "gone").write_text("a file where the directory should be")
    run.live.begin("pretrain", run.meter.window("pretrain"))
    run.live.write()


def test_a_loss_that_is_no_number_stays_out_of_the_file(tmp_path):
    run = Run(tmp_path).begin()
    run.live.figures({"loss": float("nan"), "kl": 0.5})
    assert run.live.status().metrics == {"kl": 0.5}


def test_progress_says_once_what_it_cannot_show_and_passes_steps_on(tmp_path):
    stream = io.StringIO()
    run = Run(tmp_path, measured=False, peak=Peak(None, "no accelerator")).begin()
    with Progress(Console(file=stream, width=200)) as progress:
        progress.attach(run.live)
        progress.begin("pretrain", total=2)
        progress.figures({"loss": 1.5})
        run.live.sized(6e6)
        for step in (1, 2):
            run.now_s += 2.0
            progress.advance(step, 2, step * 1000)
    text = stream.getvalue()
    assert text.count("not measured: no NVIDIA driver answers") == 1
    assert text.count("money is not shown: no price is known") == 1
    assert "pretrain 2/2  loss 1.500, 500 tokens/s, 3e+09 FLOP/s" in text
    assert " W" not in text and "kWh" not in text


def test_on_a_narrow_terminal_no_figure_is_cut_off(tmp_path):
    stream = io.StringIO()
    state = RunState(id="t-1", started_at=BEGUN.isoformat(), price_per_hour=2.0, currency="EUR")
    run = Run(tmp_path, state=state).begin()
    with Progress(Console(file=stream, width=40, force_terminal=True, legacy_windows=False)) as progress:
        progress.attach(run.live)
        progress.begin("pretrain", total=10)
        for step in range(1, 11):
            run.now_s += 2.0
            run.meter.sample()
            run.live.ask_meter()
            progress.advance(step, 10, step * 1000)
    shown = " ".join(stream.getvalue().split())
    assert all(figure in shown for figure in ("500 tokens/s", "360 W", "0.002 kWh", "0.011 EUR"))
