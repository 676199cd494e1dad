"""Starting from a model that exists: adaptation, LoRA and GRPO, without the phases that the plan leaves out."""

import json

import pytest
from trainer_runs import CHAIN, PRETRAIN, run, write_plan

from advisor.contracts.runs import RunReport
from advisor.files import read_contract

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A base model as others publish them: no chat template, no padding token, its own end token."""
    from transformers import AutoTokenizer

    directory = tmp_path_factory.mktemp("base")
    write_plan(directory, {"pretrain": PRETRAIN})
    run("run", "plan.yaml", "--output", "out", cwd=directory)
    model = directory / "out" / "model"
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template, tokenizer.eos_token, tokenizer.pad_token = None, "<|endoftext|>", None
    (model / "chat_template.jinja").unlink()
    tokenizer.save_pretrained(model)
    return model


def test_tuning_a_base_model_with_lora_merges_the_adapter_and_trains_nothing_else(tmp_path, base):
    sft = {**CHAIN["sft"], "lora": {"rank": 4, "alpha": 8}}
    write_plan(tmp_path, {"pretrain": None, "sft": sft}, model={"kind": "base_model", "model": str(base)})
    run("run", "plan.yaml", "--output", "out", cwd=tmp_path)
    report = read_contract(tmp_path / "out" / "run_report.json", RunReport)
    assert [phase.name for phase in report.phases] == ["data", "tokenizer", "sft", "evaluate"]
    assert report.model_card.base_model == str(base)
    assert report.model_card.licence.startswith("that of the base model")
    assert any("chat template" in warning for warning in report.warnings)
    sft_phase = report.phases[2]
    # Frozen weights: 4 N per token instead of 6 N.
    assert sft_phase.training_flop == 4 * (512 * 16 + 2 * 256 + 2 * 128 + 3 * 16 * 32) * sft_phase.tokens

    from safetensors import safe_open

    with (
        safe_open(tmp_path / "out" / "model" / "model.safetensors", "pt") as tuned,
        safe_open(base / "model.safetensors", "pt") as before,
    ):
        assert set(tuned.keys()) == set(before.keys()), "the adapter is merged, no weight of its own stays"
        moved = {name for name in tuned.keys() if not tuned.get_tensor(name).equal(before.get_tensor(name))}  # noqa: SIM118
    assert moved and all("_proj" in name for name in moved), "linear layers alone have changed"


def test_adapting_a_base_model_to_a_corpus_keeps_its_vocabulary_and_lowers_its_loss(tmp_path, base):
    write_plan(tmp_path, {"pretrain": PRETRAIN}, model={"kind": "base_model", "model": str(base)})
    run("run", "plan.yaml", "--output", "out", cwd=tmp_path)
    report = read_contract(tmp_path / "out" / "run_report.json", RunReport)
    pretrain = report.phases[2]
    assert pretrain.loss_first < 6.2, "below the ln 512 = 6.24 of random weights"
    assert pretrain.loss_last < pretrain.loss_first
    assert report.evaluation.primary == "bits_per_byte"
    tokenizers = [
        json.loads((path / "tokenizer.json").read_text())["model"]["vocab"]
        for path in (base, tmp_path / "out" / "model")
    ]
    assert tokenizers[0] == tokenizers[1]


def test_a_reward_model_and_grpo_run_on_a_base_model_with_one_s_own_pairs(tmp_path, base):
    def turn(role, content):
        return [{"role": role, "content": content}]

    rows = [
        {
            "prompt": turn("user", f"question {n}"),
            "chosen": turn("assistant", "yes"),
            "rejected": turn("assistant", "no"),
        }
        for n in range(40)
    ]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = {"corpora": [{"kind": "python_reference"}], "preferences": "pairs.jsonl"}
    phases = {**CHAIN, "pretrain": None, "rl": {**CHAIN["rl"], "algorithm": "grpo"}}
    write_plan(tmp_path, phases, data=data, model={"kind": "base_model", "model": str(base)})
    run("run", "plan.yaml", "--output", "out", cwd=tmp_path)
    report = read_contract(tmp_path / "out" / "run_report.json", RunReport)
    assert [phase.name for phase in report.phases] == ["data", "tokenizer", "sft", "reward", "rl", "evaluate"]
    metrics = report.phases[4].metrics
    assert metrics["mean_completion_tokens_last"] <= 6
