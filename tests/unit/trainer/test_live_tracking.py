"""Trackers: what is missing is said before any work, and what they write lies in the run's own directory."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

from advisor.contracts.errors import BadInput, Failed
from trainer.live import track
from trainer.live.callback import flop_per_token
from trainer.live.track import Tracking
from trainer.phases.common import matmul_params


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        tie_word_embeddings=False,
    )
    return LlamaForCausalLM(config)


def train(model, directory, callbacks):
    """Two steps, logged each."""
    block = torch.arange(8)
    arguments = TrainingArguments(
        output_dir=str(directory / "phases" / "pretrain"),
        max_steps=2,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    rows = [{"input_ids": block, "labels": block}] * 4
    Trainer(model=model, args=arguments, train_dataset=rows, callbacks=list(callbacks)).train()


def test_a_missing_package_is_said_with_what_to_install(monkeypatch):
    monkeypatch.setattr(track, "find_spec", lambda name: None)
    Tracking().check()
    with pytest.raises(Failed, match=r"tensorboard is not installed; pip install 'richtwert\[tracking\]'"):
        Tracking("tensorboard").check()
    with pytest.raises(Failed, match="mlflow is not installed; pip install mlflow"):
        Tracking("mlflow").check()


def test_an_address_belongs_to_mlflow_alone():
    with pytest.raises(BadInput, match="--track-to"):
        Tracking("tensorboard", "http://tracker.example").check()


def test_without_a_tracker_nothing_is_added(tmp_path):
    assert Tracking().callbacks(tmp_path, "pretrain", "t-1", "t") == ()
    assert Tracking().where(tmp_path) == ""


def test_tensorboard_finds_every_logged_figure_in_the_directory_of_the_run(tmp_path, model):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracking = Tracking("tensorboard")
    tracking.check()
    train(model, tmp_path, tracking.callbacks(tmp_path, "pretrain", "t-1", "t"))
    written = tmp_path / "tracking" / "tensorboard" / "pretrain"
    events = EventAccumulator(str(written)).Reload()
    assert [event.step for event in events.Scalars("train/loss")] == [1, 2]
    assert not list((tmp_path / "phases").rglob("events*")), "none beside the checkpoints"
    assert str(tmp_path / "tracking" / "tensorboard") in tracking.where(tmp_path)


def test_mlflow_writes_to_a_file_of_the_run_unless_an_address_is_given(tmp_path):
    assert f"sqlite:///{tmp_path}/tracking/mlflow.db" in Tracking("mlflow").where(tmp_path)
    assert "http://tracker.example" in Tracking("mlflow", "http://tracker.example").where(tmp_path)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")  # peft 0.21 asks for it
def test_a_token_costs_six_flop_a_parameter_and_four_where_adapters_alone_are_trained(model):
    from peft import LoraConfig, get_peft_model

    whole = flop_per_token(model)
    assert whole == 6.0 * matmul_params(model)
    tuned = get_peft_model(model, LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    assert flop_per_token(tuned) == pytest.approx(whole * 4 / 6)


def test_a_model_whose_weights_are_packed_has_no_known_flop(model):
    model.register_parameter("packed", torch.nn.Parameter(torch.zeros(2, dtype=torch.uint8), requires_grad=False))
    assert flop_per_token(model) is None
