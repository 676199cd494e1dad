"""Plans are checked before any work, and every mistake names its field."""

import json

import pytest
from pydantic import ValidationError

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import dump_yaml
from trainer.plan import base_model_name, check_plan, load_plan, moved, slug

DOCUMENT = {
    "name": "Test",
    "data": {"corpora": [{"kind": "python_reference"}]},
    "model": {
        "kind": "architecture",
        "vocab_size": 512,
        "hidden_size": 16,
        "num_layers": 1,
        "num_heads": 2,
        "num_kv_heads": 1,
        "ffn_size": 32,
        "context_tokens": 128,
    },
    "phases": {"pretrain": {"max_steps": 1, "sequence_tokens": 64}},
}


def plan(**changes):
    return TrainingPlan.model_validate({**DOCUMENT, **changes})


def base_model(directory, **config):
    directory.mkdir(parents=True)
    (directory / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], **config}))


@pytest.mark.parametrize(
    ("name", "directory"),
    [
        ("Python help desk: train an own model", "python_help_desk_train_an_own_model"),
        ("Straße & Größe", "strasse_grosse"),
        ("../../etc", "etc"),
        ("日本", "run"),
    ],
)
def test_a_name_becomes_a_directory_that_stays_below_runs(name, directory):
    assert slug(name) == directory


def test_a_plan_is_read_from_a_file_or_from_its_directory(tmp_path):
    (tmp_path / "plan.yaml").write_text(dump_yaml(plan()))
    first, second = load_plan(tmp_path), load_plan(tmp_path / "plan.yaml")
    assert first == second
    assert first.plan == plan() and first.base == tmp_path.resolve() and first.run_directory is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name: [", "not valid YAML"),
        ("nmae: x", "nmae: unknown field; did you mean 'name'?"),
        ("just words", "(document)"),
    ],
)
def test_an_unreadable_plan_is_said_with_its_file(tmp_path, content, words):
    (tmp_path / "plan.yaml").write_text(content)
    with pytest.raises(BadInput) as caught:
        load_plan(tmp_path)
    assert "plan.yaml" in str(caught.value) and words in str(caught.value)


def test_a_directory_without_a_plan_says_so(tmp_path):
    with pytest.raises(BadInput, match=r"holds no plan\.yaml"):
        load_plan(tmp_path)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data": {"corpora": [{"kind": "files", "path": "nowhere"}]}}, "data.corpora.0.path"),
        ({"data": {**DOCUMENT["data"], "instructions": "no.jsonl"}}, "data.instructions"),
        ({"data": {**DOCUMENT["data"], "preferences": "no.jsonl"}}, "data.preferences"),
        ({"data": {**DOCUMENT["data"], "holdout_fraction": 0}}, "data.holdout_fraction"),
        ({"data": {**DOCUMENT["data"], "holdout_fraction": 1}}, "data.holdout_fraction"),
        ({"phases": {"pretrain": {"max_steps": 1, "sequence_tokens": 129}}}, "phases.pretrain.sequence_tokens"),
        ({"model": {"kind": "base_model", "model": "missing/model"}}, "model.model"),
        ({"model": {"kind": "base_model", "model": "not a model id"}}, "model.model"),
    ],
)
def test_what_a_plan_names_must_be_there(tmp_path, changes, field, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadInput, match=field.replace(".", r"\.")):
        check_plan(plan(**changes), tmp_path)


def test_own_instructions_without_preferences_cannot_feed_a_reward_model(tmp_path):
    (tmp_path / "own.jsonl").write_text("{}\n")
    phases = {"pretrain": None, "sft": {}, "reward": {}}
    with pytest.raises(BadInput, match=r"data\.preferences: phase reward needs"):
        check_plan(plan(data={**DOCUMENT["data"], "instructions": "own.jsonl"}, phases=phases), tmp_path)


def test_a_hub_model_that_cannot_be_reached_is_one_clear_message(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(BadInput, match=r"neither a directory .* nor in the local cache") as caught:
        check_plan(plan(model={"kind": "base_model", "model": "someone/some-model"}), tmp_path)
    assert "HF_HUB_OFFLINE=0" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_base_model_of_another_family_is_refused_with_the_one_that_fits(tmp_path):
    base_model(tmp_path / "bert", architectures=["BertForMaskedLM"])
    with pytest.raises(BadInput, match=r"BertForMaskedLM; model\.family decoder needs \.\.\.ForCausalLM") as caught:
        check_plan(plan(model={"kind": "base_model", "model": "bert"}), tmp_path)
    assert "did you mean model.family masked?" in str(caught.value)
    check_plan(plan(model={"kind": "base_model", "model": "bert", "family": "masked"}), tmp_path)


@pytest.mark.parametrize(
    ("family", "phases", "words"),
    [
        ("masked", {"sft": {}}, "model.family masked has no phase sft; legal: pretrain (set phases.sft to null)"),
        ("seq2seq", {"sft": {}, "dpo": {}}, "model.family seq2seq has no phase dpo; legal: pretrain, sft"),
    ],
)
def test_a_phase_that_a_family_does_not_have_is_refused_with_the_legal_ones(family, phases, words):
    with pytest.raises(ValidationError) as caught:
        plan(model={**DOCUMENT["model"], "num_kv_heads": 2, "family": family}, phases={**DOCUMENT["phases"], **phases})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("phases", "words"),
    [
        ({"dpo": {}}, "phase dpo needs the phase sft"),
        ({"sft": {}, "dpo": {}, "reward": {}}, "phase dpo stands in place of reward and rl"),
        ({"sft": {}, "rl": {}}, "phase rl needs the phases sft and reward"),
        ({"reward": {}}, "phase reward needs the phase sft"),
        ({"sft": {}, "dpo": {"loss": "robust"}}, "loss robust needs label_smoothing_fraction above 0"),
        (
            {"sft": {}, "rl": {"rewards": ["number", "number"]}},
            "rewards needs at least one, each once, got number, number",
        ),
        ({"sft": {}, "rl": {"rewards": []}}, "rewards needs at least one, each once, got none"),
        ({"pretrain": {"max_steps": 1, "new_tokens": 5}}, "new_tokens extends a base model"),
    ],
)
def test_phases_that_do_not_fit_together_are_refused(phases, words):
    with pytest.raises(ValidationError, match=words):
        plan(phases={**DOCUMENT["phases"], **phases})


def test_pickled_weights_are_refused_before_anything_is_loaded(tmp_path):
    base_model(tmp_path / "base")
    (tmp_path / "base" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(BadInput, match=r"pickled weights \(\.bin\)"):
        check_plan(plan(model={"kind": "base_model", "model": "base"}), tmp_path)


def test_general_text_for_replay_is_looked_for_and_moves_with_the_plan(tmp_path):
    base_model(tmp_path / "base")
    phases = {"pretrain": {"max_steps": 1, "replay": {"path": "general.txt"}}}
    own = plan(model={"kind": "base_model", "model": "base"}, phases=phases)
    with pytest.raises(BadInput, match=r"phases\.pretrain\.replay\.path: 'general\.txt' does not exist"):
        check_plan(own, tmp_path)
    (tmp_path / "general.txt").write_text("x")
    check_plan(own, tmp_path)
    assert moved(own, tmp_path, tmp_path / "runs").phases.pretrain.replay.path == "../general.txt"


def test_a_directory_without_configuration_is_no_base_model(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"directory without config\.json"):
        check_plan(plan(model={"kind": "base_model", "model": "empty"}), tmp_path)


def test_a_base_model_beside_the_plan_is_found_from_anywhere(tmp_path):
    base_model(tmp_path / "plans" / "base")
    own = plan(model={"kind": "base_model", "model": "base"})
    check_plan(own, tmp_path / "plans")
    assert base_model_name(own, tmp_path / "plans") == str(tmp_path / "plans" / "base")
    assert base_model_name(plan(), tmp_path) is None


def test_moved_to_another_directory_a_plan_still_names_the_same_files(tmp_path):
    (tmp_path / "plans").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "plans" / "own.jsonl").write_text("")
    base_model(tmp_path / "plans" / "base")
    data = {"corpora": [{"kind": "files", "path": "../texts"}], "instructions": "own.jsonl"}
    own = plan(data=data, model={"kind": "base_model", "model": "base"})
    there = moved(own, tmp_path / "plans", tmp_path / "runs" / "first")
    assert there.data.corpora[0].path == "../../texts"
    assert there.data.instructions == "../../plans/own.jsonl"
    assert there.model.model == "../../plans/base"
    assert (
        moved(plan(model={"kind": "base_model", "model": "hub/id"}), tmp_path, tmp_path / "x").model.model == "hub/id"
    )
