"""A plan is forecast from what was measured on its hardware, else from the estimators, and what is open is named."""

import json
from math import exp, log, sqrt
from pathlib import Path

import calibration_reports as reports
import pytest

from advisor.calibrate.build import calibrated
from advisor.catalog.load import load_catalog
from advisor.cli import main
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import RunCost
from advisor.core.sampling import Z95
from advisor.files import read_contract, write_contract
from advisor.forecast.plan import forecast_of_plan
from advisor.forecast.target import target_of
from trainer.report import forecast_rows

CATALOG = load_catalog()
AT = "2026-11-25T12:00:00+00:00"
HERE = Path()


def learnt(*given):
    return calibrated(given, CATALOG, created_at=AT)


def plan_of(report, **phases):
    """The plan of a report with other phases."""
    whole = report.plan.model_dump() | {"phases": report.plan.phases.model_dump() | phases}
    return TrainingPlan.model_validate(whole)


def pretrain(steps, *, batch=16, tokens=128):
    return {"max_steps": steps, "batch_sequences": batch, "sequence_tokens": tokens}


def forecast(plan, calibration, **where):
    target = target_of(plan, CATALOG, calibration, hardware=where.get("hardware"), machine=where.get("machine"))
    return forecast_of_plan(plan, HERE, CATALOG, target, calibration)


def own_size(report):
    """The report with the number of parameters that its plan's model has."""
    card = report.model_card.model_copy(update={"parameters": 689_000})
    return report.model_copy(update={"model_card": card})


RUN = own_size(reports.run(steps=100, step_s=0.2, overhead_s=4.0))


def test_three_times_the_steps_take_three_times_the_loop_and_what_is_around_once():
    """300 * 0.2 s + 4 s = 64 s, not 3 * 24 = 72 s."""
    found = forecast(plan_of(RUN, pretrain=pretrain(300)), learnt(RUN))
    assert 3600 * found.forecast.train_hours.p50 == pytest.approx(64.0, rel=1e-3)
    assert "the same workload" in found.phases[0].source
    assert found.calibration.id == learnt(RUN).id


def test_the_band_joins_what_was_learnt_with_one_more_run():
    """0.1 of one run with its machine's part and 0.08 of the next: sqrt(0.01 + 0.0064) = 0.128; 4 s +- sqrt(0.18)."""
    hours = forecast(plan_of(RUN, pretrain=pretrain(300)), learnt(RUN)).forecast.train_hours
    high_s = 60.0 * exp(Z95 * sqrt(0.0164)) + 4.0 * exp(Z95 * sqrt(0.18))
    assert 3600 * hours.p95 == pytest.approx(high_s, rel=0.01)


def test_the_farther_away_the_workload_the_wider_the_band():
    calibration = learnt(RUN)

    def width(batch):
        hours = forecast(plan_of(RUN, pretrain=pretrain(300, batch=batch)), calibration).forecast.train_hours
        return log(hours.p95 / hours.p5)

    assert width(16) < width(32) < width(128)


def test_another_batch_takes_as_long_as_its_work():
    found = forecast(plan_of(RUN, pretrain=pretrain(300, batch=32)), learnt(RUN))
    assert 3600 * found.forecast.train_hours.p50 == pytest.approx(300 * 0.4 + 4.0, rel=0.01)
    assert "nearest: pretrain full" in found.phases[0].source


def test_the_nearest_of_several_workloads_counts():
    far = own_size(reports.run("r-2", steps=100, step_s=5.0)).model_copy()
    far = far.model_copy(update={"plan": plan_of(far, pretrain=pretrain(100, batch=256))})
    found = forecast(plan_of(RUN, pretrain=pretrain(300)), learnt(RUN, far))
    assert 3600 * found.forecast.train_hours.p50 == pytest.approx(64.0, rel=1e-3)


def chain(identity="c-1", *, conversations=400):
    """A run of four phases; 25 steps of 0.3 s in tuning are half an epoch of 400 conversations at 8 a step."""
    base = own_size(reports.run(identity))
    phases = {
        "pretrain": pretrain(100),
        "sft": {"epochs": 0.5, "batch_sequences": 8},
        "reward": {"epochs": 0.5, "batch_pairs": 8},
        "rl": {"max_steps": 4, "batch_completions": 8, "num_generations": 4, "max_completion_tokens": 8},
    }
    times = {"sft": (25, 0.3), "reward": (25, 0.5), "rl": (4, 2.0)}
    done = [
        base.phases[0].model_copy(
            update={
                "name": name,
                "steps": steps,
                "tokens": 800 * steps,
                "tokens_per_s": 800 / step_s,
                "duration_s": steps * step_s + 1.0,
                "training_flop": 6.0 * 600_000 * 800 * steps,
                "flop_per_s": 6.0 * 600_000 * 800 / step_s,
                "metrics": {"conversations": conversations} if name == "sft" else {},
            }
        )
        for name, (steps, step_s) in times.items()
    ]
    return base.model_copy(update={"plan": plan_of(base, **phases), "phases": (base.phases[0], *done)})


def test_every_phase_is_forecast_from_its_own_steps():
    """Tuning: 3 epochs of 400 at 8 are 150 steps of 0.3 s; pairs likewise 1 epoch: 50 of 0.5 s; RL 20 of 2 s; + 1 s."""
    run = chain()
    plan = plan_of(
        run,
        sft={"epochs": 3.0, "batch_sequences": 8},
        reward={"epochs": 1.0, "batch_pairs": 8},
        rl={"max_steps": 20, "batch_completions": 8, "num_generations": 4, "max_completion_tokens": 8},
    )
    seconds = {row.phase: 3600 * row.train_hours.p50 for row in forecast(plan, learnt(run)).phases}
    assert seconds == pytest.approx({"pretrain": 24.0, "sft": 46.0, "reward": 26.0, "rl": 41.0}, rel=1e-3)


def test_a_phase_that_nobody_measured_is_named_and_leaves_the_sum_open():
    plan = plan_of(RUN, sft={"epochs": 3.0, "batch_sequences": 8})
    found = forecast(plan, learnt(RUN))
    assert [row.phase for row in found.phases if row.train_hours is None] == ["sft"]
    assert found.forecast.train_hours is None
    assert any(note.startswith("sft is not covered: the number of examples is not known") for note in found.notes)


def test_the_report_lays_actual_hours_of_every_phase_beside_the_forecast():
    run = chain()
    found = forecast(run.plan, learnt(run))
    rows = {
        row.name: row
        for row in forecast_rows(
            run.plan.model_copy(update={"forecast": found.forecast}),
            run.phases,
            run.evaluation,
            run.energy,
            RunCost(cost=None, currency=None, hours=1.0, cost_per_hour=None, reason="no price was stated"),
        )
    }
    assert rows["train_hours"].inside and rows["preference_hours"].inside
    assert rows["train_hours"].actual == pytest.approx(rows["train_hours"].forecast_p50, rel=0.01)


def on_a100(**phases):
    base = reports.gpu_run()
    whole = base.plan.model_dump() | {
        "phases": {"pretrain": None, **phases},
        "model": {"kind": "base_model", "model": "llama-3.1-8b"},
    }
    return TrainingPlan.model_validate(whole)


TEXT = {"max_steps": 100, "batch_sequences": 64, "sequence_tokens": 2048}


def test_hardware_of_the_catalogue_needs_no_measurement():
    found = forecast(on_a100(pretrain=TEXT), None)
    assert found.forecast.train_hours.p5 < found.forecast.train_hours.p50 < found.forecast.train_hours.p95
    assert found.forecast.energy_kwh is not None and found.forecast.currency == "USD"
    assert "step model" in found.phases[0].source


def test_a_measured_class_moves_and_narrows_the_estimate():
    plan = on_a100(pretrain=TEXT | {"sequence_tokens": 1024}).model_copy(update={"accelerator_count": 4})
    slow = learnt(reports.gpu_run(share=0.15))
    before, after = forecast(plan, None).forecast.train_hours, forecast(plan, slow).forecast.train_hours
    assert after.p50 > 1.3 * before.p50
    assert after.p95 / after.p5 < before.p95 / before.p5
    assert "corrected by the utilisation" in forecast(plan, slow).phases[0].source


def test_measured_watts_give_the_energy():
    """320 W on the same card."""
    run = reports.gpu_run(watts=320.0)
    found = forecast(on_a100(pretrain=TEXT), learnt(run))
    assert found.forecast.energy_kwh.p50 == pytest.approx(0.32 * found.forecast.train_hours.p50, rel=0.01)


def test_without_any_hardware_the_next_step_is_said():
    with pytest.raises(BadInput, match="--hardware"):
        forecast(plan_of(RUN), None)


def test_several_processors_ask_which_is_meant():
    other = RUN.model_copy(
        update={"id": "r-9", "environment": RUN.environment.model_copy(update={"processor": "Other Core"})}
    )
    calibration = learnt(RUN, other)
    with pytest.raises(BadInput, match="several processors"):
        forecast(plan_of(RUN), calibration)
    assert forecast(plan_of(RUN), calibration, machine=RUN).hardware == "Test Core 9000, 1 threads"
    assert forecast(plan_of(RUN), calibration, hardware="Other Core").hardware == "Other Core, 1 threads"


def test_the_command_writes_into_the_plan_and_keeps_the_rest(tmp_path, capsys):
    write_contract(tmp_path / "learnt.json", learnt(RUN))
    lines = [
        "# our plan",
        "name: longer",
        "data: {corpora: [{kind: python_reference}], holdout_fraction: 0.1}",
        f"model: {json.dumps(RUN.plan.model.model_dump(mode='json'))}",
        "phases:",
        "  pretrain: {max_steps: 300, batch_sequences: 16, sequence_tokens: 128}  # three times",
    ]
    (tmp_path / "plan.yaml").write_text("\n".join(lines) + "\n")
    arguments = ["forecast", str(tmp_path), "--calibration", str(tmp_path / "learnt.json")]
    assert main([*arguments, "--write"]) == 0
    assert "written into" in capsys.readouterr().err
    text = (tmp_path / "plan.yaml").read_text()
    assert text.startswith("# our plan") and "# three times" in text
    plan = read_contract(tmp_path / "plan.yaml", TrainingPlan)
    assert 3600 * plan.forecast.train_hours.p50 == pytest.approx(64.0, rel=1e-3)
    assert main([*arguments, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["forecast"]["train_hours"]["p50"] == plan.forecast.train_hours.p50


def test_what_is_held_out_shortens_an_epoch():
    """400 conversations at 10 % held out are 444 in all; at 55 % 200 stay: half an epoch at 8 is 12.5 steps."""
    run = chain()
    data = run.plan.data.model_copy(update={"holdout_fraction": 0.55})
    steps = forecast(run.plan.model_copy(update={"data": data}), learnt(run)).phases[1]
    assert "12 steps of 0.3 s" in steps.source


def test_stated_examples_count_where_nobody_else_did():
    plan = plan_of(chain(), reward=None, rl=None, sft={"epochs": 1.0, "batch_sequences": 8})
    other = plan.model_copy(update={"data": plan.data.model_copy(update={"deduplicate": False})})
    assert forecast(other, learnt(chain())).phases[1].train_hours is None
    target = target_of(other, CATALOG, learnt(chain()), hardware=None, machine=None)
    found = forecast_of_plan(other, HERE, CATALOG, target, learnt(chain()), examples=800).phases[1]
    assert "100 steps" in found.source and found.train_hours is not None
