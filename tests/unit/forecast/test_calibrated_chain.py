"""The whole chain on replayed figures: a short run, its calibration, the forecast of a longer plan, and its report.

The steps of both runs scatter by 20 % each, as measured ones do; what is left over 60 and 180 of them is far below the
10 % that the forecast may err.
"""

import random

import calibration_reports as reports
import pytest

from advisor.cli import main
from advisor.contracts.calibration import Calibration
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import RunCost, RunReport
from advisor.files import read_contract, write_contract
from trainer.report import forecast_rows

STEP_S, SCATTER, AROUND_S = 0.17, 0.2, 3.0


def replayed(identity: str, steps: int, seed: int, *, plan: TrainingPlan | None = None) -> RunReport:
    """A run of so many steps, each with its own time, laid beside the forecast of its plan."""
    chance = random.Random(seed)
    mean_s = sum(STEP_S * chance.gauss(1.0, SCATTER) for _ in range(steps)) / steps
    found = reports.run(identity, step_s=mean_s, steps=steps, overhead_s=AROUND_S * chance.uniform(0.8, 1.2))
    card = found.model_card.model_copy(update={"parameters": 689_000})
    found = found.model_copy(update={"model_card": card})
    if plan is None:
        return found
    cost = RunCost(cost=None, currency=None, hours=1.0, cost_per_hour=None, reason="no price was stated")
    rows = forecast_rows(plan, found.phases, found.evaluation, found.energy, cost)
    return found.model_copy(update={"plan": plan, "forecast": tuple(rows)})


@pytest.mark.parametrize("seed", range(5))
def test_the_forecast_of_a_run_three_times_as_long_is_within_ten_percent(tmp_path, capsys, seed):
    short = replayed("short", 60, seed)
    write_contract(tmp_path / "short.json", short)
    learnt = tmp_path / "calibration.json"
    assert main(["calibrate", str(tmp_path / "short.json"), "--output", str(learnt)]) == 0
    longer = short.plan.phases.model_copy(
        update={"pretrain": short.plan.phases.pretrain.model_copy(update={"max_steps": 180})}
    )
    write_contract(tmp_path / "plan.json", short.plan.model_copy(update={"phases": longer}))
    assert main(["forecast", str(tmp_path / "plan.json"), "--calibration", str(learnt), "--write"]) == 0
    plan = read_contract(tmp_path / "plan.json", TrainingPlan)
    assert plan.phases == longer
    long = replayed("long", 180, 1000 + seed, plan=plan)
    hours = next(row for row in long.forecast if row.name == "train_hours")
    assert hours.forecast_p50 == pytest.approx(hours.actual, rel=0.1)
    assert hours.inside
    write_contract(tmp_path / "long.json", long)
    assert main(["calibrate", str(tmp_path / "long.json"), "--output", str(learnt)]) == 0
    assert "inside" in capsys.readouterr().out
    both = read_contract(learnt, Calibration)
    steps = next(entry for entry in both.entries if entry.quantity == "step_s")
    assert [item.report_id for item in steps.observations] == ["long", "short"]
    assert both.forecasts[0].report_id == "long"
