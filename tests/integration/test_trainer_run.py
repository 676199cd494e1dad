"""The whole chain on a plan of test size: every phase runs, leaves its evidence, and is reported."""

import json
import math

import pytest
from trainer_runs import CHAIN, run, write_plan

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import ModelCard, RunReport
from advisor.contracts.status import RunStatus
from advisor.files import read_contract

pytestmark = pytest.mark.slow

FORECAST = {
    "train_hours": {"p5": 0.0, "p50": 0.1, "p95": 10.0},
    "energy_kwh": {"p5": 0.1, "p50": 0.2, "p95": 0.3},
    "quality_fraction": {"p5": 0.98, "p50": 0.99, "p95": 1.0},
    "training_flop": 1.0e9,
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A finished run of all phases, and what it printed."""
    directory = tmp_path_factory.mktemp("chain")
    write_plan(directory / "plans", CHAIN, forecast=FORECAST)
    extras = ("--track", "tensorboard", "--price-per-hour", "2", "--currency", "EUR")
    done = run("run", "plans", "--output", "out", "--format", "json", *extras, cwd=directory)
    return directory, done


@pytest.fixture(scope="module")
def report(work):
    return read_contract(work[0] / "out" / "run_report.json", RunReport)


def test_standard_output_is_the_report_alone_and_progress_is_on_standard_error(work, report):
    _, done = work
    assert RunReport.model_validate_json(done.stdout) == report
    for phase in CHAIN:
        assert f"{phase} ..." in done.stderr


def test_the_output_has_the_documented_layout(work):
    output = work[0] / "out"
    names = [
        *("plan.yaml", "suite.jsonl", "run_report.json", "report.md", "plots/loss.png", "data/data_card.json"),
        *("data/train-00000.parquet", "data/holdout-00000.parquet", "tokenizer/tokenizer.json"),
        *("model/config.json", "model/model.safetensors", "model/tokenizer.json", "model/chat_template.jinja"),
        *("model/model_card.json", "model/README.md"),
        *(f"phases/{phase}/{name}" for phase in CHAIN for name in ("log.jsonl", "manifest.json", "model/config.json")),
    ]
    assert [name for name in names if not (output / name).is_file()] == []
    assert (output / "plots" / "loss.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert read_contract(output / "plan.yaml", TrainingPlan).name == "Test run"


def test_the_report_names_every_phase_with_time_steps_tokens_and_flop(report):
    assert [phase.name for phase in report.phases] == ["data", "tokenizer", *CHAIN, "evaluate"]
    by_name = {phase.name: phase for phase in report.phases}
    pretrain = by_name["pretrain"]
    assert (pretrain.steps, pretrain.tokens) == (12, 12 * 4 * 32)
    # 6 N per token: output head 512 x 16, attention 2 x 16^2 + 2 x 16 x 8, feed-forward 3 x 16 x 32.
    assert pretrain.training_flop == 6 * (512 * 16 + 2 * 256 + 2 * 128 + 3 * 16 * 32) * pretrain.tokens
    assert pretrain.loss_last < pretrain.loss_first == pytest.approx(math.log(512), rel=0.05)
    for name in CHAIN:
        phase = by_name[name]
        assert phase.steps > 0 and phase.tokens > 0 and phase.duration_s > 0, name
        assert phase.flop_per_s == pytest.approx(phase.training_flop / phase.tokens * phase.tokens_per_s), name


def test_the_reward_model_is_judged_on_pairs_it_was_not_trained_on(report):
    reward = next(phase for phase in report.phases if phase.name == "reward")
    assert reward.metrics["held_out_pairs"] > 100
    assert 0 <= reward.metrics["held_out_pair_accuracy_low"] <= reward.metrics["held_out_pair_accuracy"] <= 1


def test_rl_logs_reward_divergence_and_length(work, report):
    metrics = next(phase for phase in report.phases if phase.name == "rl").metrics
    assert {"reward_first", "reward_last", "kl_last", "mean_completion_tokens_last", "clipped_fraction_last"} <= set(
        metrics
    )
    rows = (work[0] / "out" / "phases" / "rl" / "log.jsonl").read_text().splitlines()
    assert sum('"reward"' in row for row in rows) == 2
    assert abs(metrics["kl_last"]) < 0.01, "two steps at a small rate"
    assert any("the policy has hardly moved" in warning for warning in report.warnings)


def test_the_evaluation_has_interval_and_n_and_the_majority_class_beside_it(report):
    scores = {score.name: score for score in report.evaluation.scores}
    assert report.evaluation.primary == "accuracy"
    assert scores["accuracy"].n == 16
    assert scores["accuracy"].low <= scores["accuracy"].value <= scores["accuracy"].high
    assert {"macro_f1", "majority_class_accuracy", "bits_per_byte"} <= set(scores)
    evaluate = report.phases[-1]
    assert {"accuracy_before_rl", "bits_per_byte_after_pretrain"} <= set(evaluate.metrics)


def test_bias_is_measured_in_english_where_the_plan_names_no_language_and_the_model_card_says_it_plainly(work, report):
    found = report.evaluation.bias
    assert [row.group for row in found] == ["gender", "origin", "age", "religion", "disability"]
    assert {row.language for row in found} == {"en"} and {row.suite for row in found} == {"templates"}
    assert any("stereotypes" in limit for limit in report.model_card.limits)
    text = (work[0] / "out" / "model" / "README.md").read_text(encoding="utf-8")
    assert "## Bias" in text and "| own sentences | religion | en |" in text


def test_energy_is_measured_or_none_with_a_reason_and_never_zero(report):
    for energy in (report.energy, *(phase.energy for phase in report.phases)):
        assert energy.energy_j or (energy.energy_j is None and energy.reason)


def test_forecast_and_actual_stand_side_by_side(report):
    rows = {row.name: row for row in report.forecast}
    assert rows["train_hours"].inside is True
    assert rows["quality_fraction"].inside is False
    assert rows["energy_kwh"].actual is not None or rows["energy_kwh"].reason
    assert rows["cost"].actual == pytest.approx(2 * rows["train_hours"].actual) and rows["cost"].inside is None
    assert rows["training_flop"].forecast_p50 == 1.0e9
    counted = [phase for phase in report.phases if phase.name in ("pretrain", "sft")]
    assert rows["training_flop"].actual == sum(phase.training_flop for phase in counted)
    assert rows["train_hours"].actual == pytest.approx(sum(phase.duration_s for phase in counted) / 3600)


def test_the_model_card_tells_what_the_weights_are(work, report):
    card = read_contract(work[0] / "out" / "model" / "model_card.json", ModelCard)
    assert card == report.model_card
    assert card.parameters == 2 * 512 * 16 + (2 * 256 + 2 * 128 + 3 * 16 * 32 + 2 * 16) + 16
    assert (card.vocab_size, card.context_tokens) == (512, 224)
    assert card.evaluation == report.evaluation
    assert all(item.text for item in card.documentation) and card.hardware and card.training_hours > 0
    assert card.notice in (work[0] / "out" / "model" / "README.md").read_text()
    assert not (work[0] / "out" / "model" / "README.de.md").exists(), "the plan does not name German"
    assert card.training_tokens == sum(phase.tokens for phase in report.phases)


def test_the_money_of_the_run_is_its_hours_at_the_stated_price(report):
    hours = sum(phase.duration_s for phase in report.phases) / 3600
    assert report.cost.cost == pytest.approx(2 * hours) and report.cost.currency == "EUR"


def test_the_status_file_ends_with_the_run_and_agrees_with_its_report(work, report):
    directory, done = work
    status = read_contract(directory / "out" / "status.json", RunStatus)
    assert status.condition == "completed" and status.id == report.id
    assert status.phases_done == tuple(phase.name for phase in report.phases) and status.phases_left == ()
    assert status.cost == pytest.approx(report.cost.cost)
    assert status.elapsed_s == pytest.approx(sum(phase.duration_s for phase in report.phases))
    assert "completed" in run("status", "out", cwd=directory).stdout
    assert done.stderr.count("utilisation (MFU)") <= 1 and "tokens/s" in done.stderr


def test_every_training_phase_is_tracked_with_speed_beside_loss(work):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for phase in CHAIN:
        events = EventAccumulator(str(work[0] / "out" / "tracking" / "tensorboard" / phase)).Reload()
        names = set(events.Tags()["scalars"])
        assert {"train/live/tokens_per_s", "train/live/cost"} <= names and len(names) > 4


def test_the_suite_is_made_of_valid_items_for_the_comparison_with_other_models(work):
    lines = (work[0] / "out" / "suite.jsonl").read_text().splitlines()
    items = [SuiteItem.model_validate_json(line) for line in lines]
    assert len(items) == len({item.id for item in items}) == 16


def test_evaluate_on_the_suite_repeats_the_reports_scores(work, report):
    directory, _ = work
    done = run("evaluate", "out/model", "--suite", "out/suite.jsonl", "--format", "json", cwd=directory)
    scores = {score["name"]: score for score in json.loads(done.stdout)["scores"]}
    of_texts = ("bits_per_byte", "perplexity")
    expected = {score.name: score.value for score in report.evaluation.scores if score.name not in of_texts}
    assert {name: score["value"] for name, score in scores.items()} == pytest.approx(expected)


def test_a_second_run_into_the_same_directory_is_refused(work):
    directory, _ = work
    done = run("run", "plans", "--output", "out", cwd=directory, rc=2)
    assert "add --resume" in done.stderr


def test_resuming_a_finished_run_trains_nothing_and_returns_its_report(work, report):
    directory, _ = work
    done = run("run", "out", "--resume", "--format", "json", cwd=directory)
    assert RunReport.model_validate_json(done.stdout) == report
    assert "nothing left to do" in done.stderr and "pretrain: done earlier" in done.stderr


def test_a_plan_that_changed_since_is_refused_with_the_field(work):
    directory, _ = work
    write_plan(directory / "changed", {**CHAIN, "sft": {**CHAIN["sft"], "epochs": 9}}, forecast=FORECAST)
    done = run("run", "changed", "--output", "out", "--resume", cwd=directory, rc=2)
    assert "phases.sft.epochs (0.05 -> 9.0)" in done.stderr
