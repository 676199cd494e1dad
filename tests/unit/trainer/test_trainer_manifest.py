"""The claim of a run on its directory, and time that adds up over interruptions."""

import json
import time

import pytest

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture, BuiltinCorpus, DataPlan, PhasesPlan, PretrainPhase, TrainingPlan
from advisor.contracts.runs import EnergyReport
from trainer.manifest import (
    Stretch,
    check_inputs,
    claim,
    differences,
    next_trace,
    note_running,
    note_stretch,
    release,
    stretches_of,
)

SIZE = Architecture(
    vocab_size=512, hidden_size=16, num_layers=1, num_heads=2, num_kv_heads=1, ffn_size=32, context_tokens=128
)
PLAN = TrainingPlan(
    name="Größen & Maße",
    data=DataPlan(corpora=(BuiltinCorpus(),)),
    model=SIZE,
    phases=PhasesPlan(pretrain=PretrainPhase(max_steps=10)),
)


def energy(energy_j=None, duration_s=1.0):
    return EnergyReport(
        quality="unavailable" if energy_j is None else "measured_counter",
        energy_j=energy_j,
        duration_s=duration_s,
        mean_power_w=None,
        coverage_fraction=0,
        uncertainty_fraction=None,
    )


def faster(plan):
    pretrain = plan.phases.pretrain.model_copy(update={"learning_rate": 0.5})
    return plan.model_copy(update={"seed": 7, "phases": plan.phases.model_copy(update={"pretrain": pretrain})})


def test_a_claimed_directory_is_taken_up_again_only_on_request(tmp_path):
    state = claim(PLAN, tmp_path / "run", resume=False)
    assert state.id.startswith("grossen_masse-2")
    with pytest.raises(BadInput, match="add --resume"):
        claim(PLAN, tmp_path / "run", resume=False)
    again = claim(PLAN, tmp_path / "run", resume=True)
    assert (again.id, again.resumed) == (state.id, 1)


def test_there_is_nothing_to_resume_in_an_empty_directory(tmp_path):
    with pytest.raises(BadInput, match="--resume: no run in"):
        claim(PLAN, tmp_path, resume=True)


@pytest.mark.parametrize("name", ["plan.yaml", "model/config.json", "data/train.jsonl"])
def test_a_directory_with_someone_elses_files_is_not_written_into(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("theirs")
    with pytest.raises(BadInput, match="name another directory"):
        claim(PLAN, tmp_path, resume=False)
    assert path.read_text() == "theirs"
    assert not (tmp_path / "run.json").exists()


def test_a_directory_with_files_of_other_kinds_is_fine(tmp_path):
    (tmp_path / "assessment.json").write_text("{}")
    claim(PLAN, tmp_path, resume=False)
    release(tmp_path, existed=True)
    assert [path.name for path in tmp_path.iterdir()] == ["assessment.json"]


def test_a_changed_plan_is_refused_with_each_field_and_its_two_values(tmp_path):
    claim(PLAN, tmp_path / "run", resume=False)
    with pytest.raises(BadInput) as caught:
        claim(faster(PLAN), tmp_path / "run", resume=True)
    assert "phases.pretrain.learning_rate (0.001 -> 0.5)" in str(caught.value)
    assert "seed (0 -> 7)" in str(caught.value)


def test_equal_plans_have_no_differences():
    assert differences(PLAN, PLAN.model_copy()) == []
    assert len(differences(PLAN, faster(PLAN))) == 2


def test_inputs_are_noted_once_and_compared_later(tmp_path):
    check_inputs(tmp_path, "sft", {"data/conversations.jsonl": "aa", "model": "bb"})
    check_inputs(tmp_path, "sft", {"data/conversations.jsonl": "aa", "model": "bb"})
    with pytest.raises(BadInput, match=r"changed since phase sft began: data/conversations\.jsonl \(aa -> cc\);"):
        check_inputs(tmp_path, "sft", {"data/conversations.jsonl": "cc", "model": "bb"})


def test_interrupted_stretches_add_up_and_a_killed_one_counts_to_its_last_checkpoint(tmp_path):
    note_stretch(tmp_path, "sft", Stretch(duration_s=2.0, energy=energy(50.0)))
    (tmp_path / "phases" / "sft").mkdir(parents=True, exist_ok=True)
    note_running(tmp_path, "sft", time.monotonic() - 5.0, next_trace(tmp_path))
    found = stretches_of(tmp_path, "sft")
    assert [row.duration_s for row in found] == [2.0, pytest.approx(5.0, abs=0.5)]
    assert found[0].energy.energy_j == 50.0
    assert found[1].energy.energy_j is None and "killed" in found[1].energy.reason
    assert stretches_of(tmp_path, "sft") == found, "a killed stretch is counted once"


def test_a_killed_stretch_has_the_energy_that_its_trace_holds(tmp_path):
    trace = next_trace(tmp_path)
    trace.parent.mkdir()
    rows = [
        {"t_s": 0.0, "window": 1, "name": "sft", "state": "open"},
        {"t_s": 60.0, "window": 1, "name": "sft", "state": "running", "report": energy(70.0).model_dump()},
    ]
    trace.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"t_s": 61.0, "wind')
    (tmp_path / "phases" / "sft").mkdir(parents=True)
    note_running(tmp_path, "sft", time.monotonic() - 5.0, trace)
    (found,) = stretches_of(tmp_path, "sft")
    assert found.energy.energy_j == 70.0 and "killed" in found.energy.reason
    assert next_trace(tmp_path).name == "attempt-2.jsonl"


def test_releasing_a_claim_leaves_no_trace(tmp_path):
    claim(PLAN, tmp_path / "run", resume=False)
    release(tmp_path / "run", existed=False)
    assert not (tmp_path / "run").exists()
