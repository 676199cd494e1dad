"""A calibration keeps what reports measured, by name, and forgets nothing."""

from itertools import permutations

import calibration_reports as reports
import pytest
from documents import baseline_report

from advisor.calibrate.build import calibrated, restored, revoked
from advisor.catalog.load import load_catalog
from advisor.contracts.calibration import Calibration
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingRequest
from advisor.contracts.runs import EffortHours, ForecastRow
from advisor.estimate.serving import estimate_serving

CATALOG = load_catalog()
AT = "2026-11-25T12:00:00+00:00"
OPTION = "fine_tune_lora:llama-3.1-8b-instruct"


def learnt(*given, before=None) -> Calibration:
    return calibrated(given, CATALOG, created_at=AT, before=before)


def entry(calibration, key):
    return next(entry for entry in calibration.entries if entry.key.startswith(key))


def unused(calibration):
    return {row.figure: row.reason for row in calibration.unused}


def test_a_run_on_a_processor_gives_time_of_a_step_speed_and_what_is_around():
    """100 steps of 0.2 s and 4 s around them; 6 * 600,000 * 2,048 FLOP a step in 0.2 s are 3.686e10 FLOP/s."""
    found = learnt(reports.run())
    assert entry(found, "step_s").posterior.p50 == pytest.approx(0.2)
    assert entry(found, "overhead_s").posterior.p50 == pytest.approx(4.0)
    speed = entry(found, "training_flop_per_s")
    assert speed.posterior.p50 == pytest.approx(3.6864e10)
    assert speed.hardware.processor == reports.PROCESSOR and speed.hardware.num_threads == 1
    assert speed.workload.matmul_parameters == 600_000
    assert speed.prior is None and "no source" in speed.prior_note


def test_a_run_on_an_accelerator_moves_its_class_towards_what_it_reached():
    """312 TFLOP/s at 0.4; the reference run of 7 billion parameters counts as it is, up to the ratio of this plan."""
    found = entry(learnt(reports.gpu_run(share=0.4)), "mfu_fraction.a100.full")
    assert found.prior.value.p5 < found.posterior.p5 < found.posterior.p95
    assert found.observations[0].weight_fraction > 0.5
    narrower = found.posterior.p95 / found.posterior.p5
    assert narrower < found.prior.value.p95 / found.prior.value.p5


def test_a_run_of_another_size_weighs_less():
    large = reports.gpu_run()
    card = large.model_card.model_copy(update={"parameters": 1_000_000})
    small = large.model_copy(update={"model_card": card})
    weights = [
        entry(learnt(report), "mfu_fraction.a100.full").observations[0].weight_fraction for report in (large, small)
    ]
    assert weights[1] < weights[0]


def test_measured_watts_become_a_share_of_the_power_limit():
    """320 of 400 W."""
    found = entry(learnt(reports.gpu_run(watts=320.0)), "training_power_fraction")
    assert found.observations[0].value == pytest.approx(0.8)
    assert found.input == "training_power_fraction"


def test_power_that_nobody_measured_is_named_and_not_zero():
    found = learnt(reports.run())
    assert "no NVML device" in unused(found)["power"]
    assert not [entry for entry in found.entries if "power" in entry.quantity]


def test_a_utilisation_above_what_products_reach_is_refused_with_typical_causes():
    with pytest.raises(BadInput, match=r"0\.95 of the dense 16-bit peak.*sparsity.*number of parameters"):
        learnt(reports.gpu_run(share=0.95))


def test_a_probe_faster_than_its_own_matrix_products_is_refused():
    probe = reports.machine(share=0.3)
    slow = probe.matmul[0].model_copy(update={"flop_per_s": 0.1 * reports.PEAK_A100})
    with pytest.raises(BadInput, match="own matrix products"):
        learnt(probe.model_copy(update={"matmul": (slow,)}))


def test_a_machine_measures_utilisation_power_and_rest():
    """60 of 400 W at rest, 300 of 400 W in training."""
    found = learnt(reports.machine())
    assert entry(found, "idle_power_fraction").observations[0].value == pytest.approx(0.15)
    assert entry(found, "training_power_fraction").observations[0].value == pytest.approx(0.75)
    assert entry(found, "mfu_fraction.a100.full").observations[0].state == "counted"
    assert entry(found, "training_flop_per_s").hardware.accelerator == "a100-sxm-80gb"


def test_steps_in_32_bits_say_nothing_about_a_class_of_16_bits():
    assert "fp32" in unused(learnt(reports.machine(precision="fp32")))["utilisation"]


def predicted_tokens_per_s() -> float:
    request = ServingRequest(
        id="x", kind="throughput", model="llama-3.1-8b-instruct", accelerator="a100-sxm-80gb", accelerator_count=1,
        batch_or_concurrency=32, input_len=512, output_len=128,
    )  # fmt: skip
    return estimate_serving(request, CATALOG, draws=1).output_tokens_per_s.p50


def test_a_served_model_is_laid_over_what_the_estimator_says_for_it():
    found = entry(learnt(reports.served(tokens_per_s=0.8 * predicted_tokens_per_s())), "engine_factor")
    assert found.observations[0].value == pytest.approx(0.8)
    assert 0.8 < found.posterior.p50 < found.prior.value.p50 == 0.9


def test_an_engine_far_from_all_others_is_set_aside_with_a_reason():
    found = entry(learnt(reports.served(tokens_per_s=0.05 * predicted_tokens_per_s())), "engine_factor")
    assert found.observations[0].state == "outlier"
    assert "below what was assumed" in found.observations[0].state_reason
    assert found.posterior is None


def test_users_traffic_shows_demand_and_no_speed():
    found = learnt(reports.served(tokens_per_s=100.0, concurrent=None))
    assert "demand" in unused(found)["speed under users' traffic"]


def hours(role, amount):
    return EffortHours(role=role, hours=amount, logged_at=AT)


def test_logged_hours_of_a_projects_runs_add_up_to_months():
    """60 and 73 h of one project are 133 h, a productive month."""
    first = reports.on_option(reports.run("r-1"), OPTION, effort=[hours("ml_engineer", 60.0)])
    second = reports.on_option(reports.run("r-2"), OPTION, effort=[hours("ml_engineer", 73.0)])
    found = entry(learnt(first, second), "training_fte_months.fine_tune_lora")
    assert sum(item.value for item in found.observations) == pytest.approx(1.0)
    alone = entry(learnt(first), "training_fte_months.fine_tune_lora")
    assert alone.posterior.p50 < found.posterior.p50 < found.prior.value.p50 == 2.0


def test_hours_of_a_role_without_an_input_are_named():
    report = reports.on_option(reports.run(), OPTION, effort=[hours("operations", 5.0)])
    assert "no input" in unused(learnt(report))["hours of operations"]


def test_scores_on_different_items_are_pooled_and_on_the_same_items_the_newer_counts():
    """0.81 of 600 held-out items; a comparison of later date is on other items or on the same: it alone counts."""
    one = reports.on_option(reports.run("r-1"), OPTION)
    again = reports.on_option(reports.run("r-2"), OPTION, created_at="2026-11-24T09:00:00Z")
    elsewhere = again.model_copy(update={"id": "r-3", "plan": again.plan.model_copy(update={"seed": 7})})
    found = entry(learnt(one, again), "quality_fraction")
    assert [item.state for item in found.observations] == ["superseded", "counted"]
    pooled = entry(learnt(one, elsewhere), "quality_fraction")
    assert [item.state for item in pooled.observations] == ["counted", "counted"]
    assert pooled.posterior.p95 - pooled.posterior.p5 < found.posterior.p95 - found.posterior.p5


def test_the_order_of_reports_changes_nothing():
    given = (
        reports.run("r-1"),
        reports.run("r-2", step_s=0.21),
        reports.gpu_run(),
        reports.machine(),
        baseline_report(),
    )
    wanted = learnt(*given)
    for order in list(permutations(given))[::17]:
        found = learnt(*order)
        assert found.entries == wanted.entries and found.reports == wanted.reports


def test_one_after_the_other_is_as_good_as_all_at_once():
    first = learnt(reports.run("r-1"))
    both = learnt(reports.run("r-2", step_s=0.22), before=first)
    assert both.version == 2 and both.previous_id == first.id
    assert both.entries == learnt(reports.run("r-1"), reports.run("r-2", step_s=0.22)).entries


def test_the_same_report_twice_counts_once_and_a_changed_one_replaces_the_older():
    first = learnt(reports.run(), reports.run())
    assert len(entry(first, "step_s").observations) == 1
    assert learnt(reports.run(), before=first) is first
    changed = learnt(reports.run(step_s=0.3), before=first)
    assert entry(changed, "step_s").posterior.p50 == pytest.approx(0.3)


def test_a_revoked_report_does_not_count_stays_on_record_and_comes_back():
    before = learnt(reports.run("r-1"), reports.run("r-2", step_s=0.3))
    without = revoked(before, "r-2", CATALOG, created_at=AT)
    assert entry(without, "step_s").posterior.p50 == pytest.approx(0.2)
    assert [item.state for item in entry(without, "step_s").observations] == ["counted", "revoked"]
    again = restored(without, "r-2", CATALOG, created_at=AT)
    assert again.entries == before.entries and again.version == 3


def test_a_report_that_is_not_there_cannot_be_revoked():
    with pytest.raises(BadInput, match="did you mean 'r-1'"):
        revoked(learnt(reports.run("r-1")), "r1", CATALOG, created_at=AT)


def test_an_id_is_the_hash_of_the_content():
    first, second = learnt(reports.run()), learnt(reports.run())
    assert first.id == second.id
    assert learnt(reports.run(step_s=0.25)).id != first.id
    assert Calibration.model_validate_json(first.model_dump_json()) == first


def test_three_runs_that_agree_set_a_fourth_aside():
    given = [reports.run(f"r-{place}", step_s=0.2 + 0.002 * place) for place in range(3)]
    found = entry(learnt(*given, reports.run("r-9", step_s=2.0)), "step_s")
    assert [item.state for item in found.observations] == ["counted"] * 3 + ["outlier"]
    assert found.posterior.p50 == pytest.approx(entry(learnt(*given), "step_s").posterior.p50)


def test_forecast_and_actual_stand_beside_each_other_with_money_at_the_forecasts_rate():
    """2 of 4 forecast hours at 10 USD an hour are 20 USD."""
    rows = [
        ForecastRow(name=name, unit=unit, forecast_p5=low, forecast_p50=middle, forecast_p95=high, actual=actual,
                    inside=None if actual is None else low <= actual <= high)
        for name, unit, low, middle, high, actual in (
            ("train_hours", "h", 3.0, 4.0, 6.0, 2.0), ("cost", "USD", 25.0, 40.0, 70.0, None)
        )
    ]  # fmt: skip
    run = learnt(reports.run(forecast=rows)).forecasts[0]
    hours, cost = run.rows
    assert hours.inside is False
    assert cost.actual == pytest.approx(20.0) and cost.inside is False
    assert "rate" in run.notes[0] or "per hour" in run.notes[0]


def test_a_run_on_a_busy_machine_tells_less():
    """Twice as many programs as cores: sqrt(0.08^2 + 0.3^2) = 0.31 in place of 0.08."""
    quiet, busy = (
        reports.run(environment=reports.run().environment.model_dump() | {"load_ratio": ratio}) for ratio in (0.5, 2.0)
    )
    spreads = [entry(learnt(report), "step_s").observations[0].spread_ln for report in (quiet, busy)]
    assert spreads == pytest.approx([0.08, 0.3105], abs=1e-3)
