"""Learning from preferences: direct optimisation and checked rewards move a model where its pairs point."""

import json

import pytest
from small_phases import CONVERSATIONS, PAIRS, Work

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning:transformers")]

SFT = {"epochs": 4, "batch_sequences": 8, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A model tuned on conversations in which neither answer of the pairs stands."""
    work = Work(tmp_path_factory.mktemp("tuned"), {"sft": SFT, "dpo": {"epochs": 5, "learning_rate": 5e-3}})
    return work, work.run("sft")


def test_dpo_turns_the_model_towards_the_chosen_answers_on_pairs_it_has_not_seen(tuned):
    work, _ = tuned
    result = work.run("dpo")
    metrics = result.metrics
    assert metrics["held_out_pairs"] == 5
    assert metrics["held_out_pair_accuracy_after"] == 1.0 >= metrics["held_out_pair_accuracy_before"]
    assert metrics["held_out_reward_accuracy"] == 1.0 and metrics["held_out_reward_margin"] > 0
    assert result.loss_last < result.loss_first == pytest.approx(0.693, abs=0.01), "ln 2: both models are the same"


def test_dpo_keeps_the_end_of_turn_that_tuning_taught(tuned):
    work, _ = tuned
    if not work.model("dpo").exists():
        work.run("dpo")
    before, after = (json.loads((work.model(name) / "config.json").read_text()) for name in ("sft", "dpo"))
    assert before["eos_token_id"] == after["eos_token_id"]
    templates = [(work.model(name) / "chat_template.jinja").read_text() for name in ("sft", "dpo")]
    assert templates[0] == templates[1]


def test_supervised_tuning_reports_its_share_of_answer_tokens_and_that_it_packed(tuned):
    _, result = tuned
    assert result.metrics["packed"] == 1.0
    assert 0.05 < result.metrics["answer_tokens_fraction"] < 0.4
    assert result.loss_last < result.loss_first


def test_a_verifiable_reward_needs_no_reward_model_and_no_pairs(tmp_path):
    rl = {"max_steps": 3, "batch_completions": 8, "rewards": ["exact_match"], "learning_rate": 1e-3}
    work = Work(tmp_path, {"sft": SFT, "rl": {**rl, "max_completion_tokens": 4}})
    work.rows("preferences", [])
    work.rows("conversations", CONVERSATIONS)
    work.run("sft")
    result = work.run("rl")
    rewards = work.logged("rl", "rewards/exact_match/mean")
    assert len(rewards) == 3 and all(0 <= value <= 1 for value in rewards.values())
    assert "held_out_pairs" not in result.metrics


def test_a_guard_that_is_breached_stops_and_keeps_the_tuned_model(tmp_path):
    rl = {"max_steps": 30, "batch_completions": 8, "rewards": ["exact_match"], "learning_rate": 0.05}
    guard = {"max_kl_nats": 0.05, "min_length_fraction": None, "max_clipped_fraction": None}
    work = Work(tmp_path, {"sft": SFT, "rl": {**rl, "max_completion_tokens": 4, "guard": guard}}, checkpoint_steps=50)
    work.rows("preferences", PAIRS)
    work.run("sft")
    result = work.run("rl")
    assert 10 <= result.metrics["guard_breached_at_step"] == result.steps < 30
    assert any("KL" in text and "the tuned model is kept" in text for text in result.warnings)
    weights = [(work.model(name) / "model.safetensors").read_bytes() for name in ("sft", "rl")]
    assert weights[0] == weights[1]
    assert result.metrics["held_out_pair_accuracy_after"] == result.metrics["held_out_pair_accuracy_before"]
