"""Time and energy of phases, over interruptions, with a meter that counts one joule a window."""

import pytest

from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport
from trainer.checkpoint import file_sha256
from trainer.manifest import next_trace, read_manifest
from trainer.phases.common import PhaseResult
from trainer.progress import Progress
from trainer.run import Work, run_phase, steps_of
from trainer.stop import StopRequested


class OneJouleWindow:
    """One joule in two seconds; as with the real one, the report stands after the block."""

    report = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.report = EnergyReport(
            quality="measured_counter",
            energy_j=1.0,
            duration_s=2.0,
            mean_power_w=0.5,
            coverage_fraction=1.0,
            uncertainty_fraction=0.05,
        )


class OneJouleMeter:
    accelerator_names = ("A",)
    reason = ""

    def window(self, name):
        return OneJouleWindow()


PLAN = TrainingPlan.model_validate(
    {
        "name": "t",
        "data": {"corpora": [{"kind": "python_reference"}]},
        "model": {
            "kind": "architecture",
            "vocab_size": 512,
            "hidden_size": 16,
            "num_layers": 1,
            "num_heads": 2,
            "num_kv_heads": 1,
            "ffn_size": 32,
            "context_tokens": 64,
        },
        "phases": {"pretrain": None, "sft": {}},
    }
)


@pytest.fixture
def work(tmp_path):
    return Work(PLAN, tmp_path, OneJouleMeter(), next_trace(tmp_path), Progress())


def finish(context, name):
    (context.output / "tokenizer").mkdir(exist_ok=True)
    (context.output / "tokenizer" / "tokenizer.json").write_text("{}")
    return PhaseResult(steps=2, tokens=100, training_flop=600.0, tokens_per_s=50.0, metrics={"vocab_size": 9.0})


def stop(context, name):
    context.note_time()
    raise StopRequested(name)


def test_the_phases_of_a_plan_stand_in_their_order_without_those_left_out():
    assert steps_of(PLAN) == ("data", "tokenizer", "sft", "evaluate")


def test_a_phase_leaves_a_manifest_with_its_time_energy_speed_and_outputs(work, monkeypatch):
    monkeypatch.setattr("trainer.steps.run_step", finish)
    run_phase(work, "tokenizer")
    manifest = read_manifest(work.output, "tokenizer")
    assert manifest.report == work.reports[0]
    assert manifest.report.energy.energy_j == 1.0
    assert manifest.report.flop_per_s == 50.0 * 6.0
    assert manifest.outputs == {"tokenizer/tokenizer.json": file_sha256(work.output / "tokenizer" / "tokenizer.json")}


def test_interrupted_work_adds_to_time_and_energy_of_the_finished_phase(work, monkeypatch):
    monkeypatch.setattr("trainer.steps.run_step", stop)
    for _ in range(2):
        with pytest.raises(StopRequested):
            run_phase(work, "tokenizer")
    assert read_manifest(work.output, "tokenizer") is None
    monkeypatch.setattr("trainer.steps.run_step", finish)
    run_phase(work, "tokenizer")
    energy = work.reports[0].energy
    assert (energy.energy_j, energy.duration_s, energy.quality) == (3.0, 6.0, "measured_counter")


def test_a_finished_phase_is_not_run_again_unless_what_it_left_is_gone(work, monkeypatch):
    monkeypatch.setattr("trainer.steps.run_step", finish)
    run_phase(work, "tokenizer")
    monkeypatch.setattr("trainer.steps.run_step", stop)
    run_phase(work, "tokenizer")
    assert work.reports[0] == work.reports[1]
    (work.output / "tokenizer" / "tokenizer.json").unlink()
    with pytest.raises(StopRequested):
        run_phase(work, "tokenizer")
