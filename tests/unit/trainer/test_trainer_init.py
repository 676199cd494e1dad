"""`trainer init` writes plans that run as they stand, and `--set` changes a plan with the types of its file."""

import json
import subprocess
import sys
import time

import pytest

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import read_contract
from trainer.cli import main
from trainer.init_cli import NAMES
from trainer.overrides import overridden
from trainer.plan import load_plan
from trainer.recipes import RECIPES
from trainer.scaling import choose, flop_of_hours, reached_flop_per_s, shape
from trainer.sizes import architecture_parameters

FAMILIES = {"bert": "masked", "t5": "seq2seq"}
KINDS = {"masked": "BertForMaskedLM", "seq2seq": "T5ForConditionalGeneration", "decoder": "LlamaForCausalLM"}


def base_of(directory, family):
    directory.mkdir()
    (directory / "config.json").write_text(json.dumps({"architectures": [KINDS[family]]}))
    return directory


@pytest.mark.parametrize("recipe", NAMES)
@pytest.mark.parametrize("own", [False, True], ids=["as it stands", "own model and data"])
def test_every_recipe_writes_a_plan_that_is_valid_and_can_be_tried(tmp_path, capsys, recipe, own):
    arguments = ["init", recipe, "--output", str(tmp_path / "plans" / "plan.yaml")]
    if own or RECIPES[recipe].needs_model:
        arguments += ["--model", str(base_of(tmp_path / "base", FAMILIES.get(recipe, "decoder")))]
    if own:
        (tmp_path / "text.txt").write_text("some text " * 100)
        for name in ("instructions", "preferences"):
            (tmp_path / f"{name}.jsonl").write_text("{}\n")
            arguments += [f"--{name}", str(tmp_path / f"{name}.jsonl")]
        arguments += ["--corpus", str(tmp_path / "text.txt")]
        arguments += ["--replay", str(tmp_path / "text.txt")] if recipe == "adapt" else []
    assert main(arguments) == 0
    assert main(["run", str(tmp_path / "plans" / "plan.yaml"), "--dry-run", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out.partition("--dry-run\n")[2])
    assert set(RECIPES[recipe].phases) <= set(shown["phases"])
    lines = (tmp_path / "plans" / "plan.yaml").read_text().splitlines()
    assert sum("#" in line for line in lines) > 0.5 * len(lines), "a commented plan"


def test_the_names_in_the_help_are_the_recipes():
    assert tuple(RECIPES) == NAMES


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sft-lora"], "--model: recipe sft-lora starts from a base model"),
        (["bert", "--budget-flop", "1e15"], "fit the recipes from-scratch, preferences-rl, preferences-dpo, not bert"),
        (["from-scratch", "--replay", "x"], "--replay: protects an adaptation"),
        (["from-scratch", "--budget-hours", "2"], "--budget-hours: needs a speed"),
        (["from-scratch", "--budget-hours", "2", "--accelerator", "h100-smx-80gb"], "did you mean 'h100-sxm-80gb'?"),
        (["from-scratch", "--budget-flop", "1e9"], "enough for 2,887 parameters only"),
        (["from-scratch", "--budget-flop", "1e15", "--budget-hours", "1"], "give one of them"),
        (["from-scratch", "--corpus", "nowhere"], "data.corpora.0.path"),
    ],
)
def test_what_a_recipe_lacks_is_said(tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert main(["init", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_plan_is_never_written_over(tmp_path, capsys):
    (tmp_path / "plan.yaml").write_text("mine")
    assert main(["init", "bert", "--output", str(tmp_path / "plan.yaml")]) == 2
    assert (tmp_path / "plan.yaml").read_text() == "mine"


@pytest.mark.parametrize("budget_flop", [1e13, 1e15, 1e18, 1e21])
def test_a_budget_is_spent_with_some_twenty_tokens_a_parameter(budget_flop):
    """6 N D = C and D = 20 N; whole layers and whole steps leave some percent."""
    found = choose(budget_flop, context_tokens=256)
    params = architecture_parameters(found.model)
    tokens = found.max_steps * found.batch_sequences * found.sequence_tokens
    assert 6 * params * tokens == pytest.approx(budget_flop, rel=0.1)
    assert 12 < tokens / params < 30
    assert len(found.steps) == 7 and sum("arXiv" in step for step in found.steps) >= 5


def test_batch_and_rate_follow_the_published_laws():
    """At 1e18 FLOP: 0.292 * 1e18^0.3271 = 225,000 tokens and 0.3118 * 1e18^-0.125 = 1.75e-3."""
    found = choose(1e18, context_tokens=512)
    assert found.batch_sequences * 512 == pytest.approx(225_000, rel=0.03)
    assert found.learning_rate == pytest.approx(1.75e-3, rel=0.03)
    assert choose(1e20, context_tokens=512).learning_rate < found.learning_rate


def test_more_compute_never_means_a_smaller_model():
    sizes = [architecture_parameters(shape(10**exponent, 512)) for exponent in (5, 6, 7, 8, 9, 10)]
    assert sizes == sorted(sizes)
    assert all(0.7 < size / 10**exponent < 1.4 for size, exponent in zip(sizes, (5, 6, 7, 8, 9, 10), strict=True))


def test_text_that_would_be_read_too_often_is_said():
    assert "WARNING" in choose(1e15, context_tokens=256, corpus_bytes=10_000).steps[-1]
    assert "WARNING" not in choose(1e15, context_tokens=256, corpus_bytes=10**9).steps[-1]


def test_hours_become_compute_by_the_catalogues_peak_and_utilisation():
    speed, where = reached_flop_per_s("h100-sxm-80gb", 8)
    assert speed == pytest.approx(8 * 989e12 * 0.275)
    assert "8 x NVIDIA H100 SXM 80 GB" in where and "0.275" in where
    assert flop_of_hours(2.0, 100.0) == 720_000


PLAN = {"name": "x", "phases": {"sft": None, "pretrain": {"max_steps": 1}}, "data": {"corpora": [{"path": "a"}]}}


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("phases.pretrain.max_steps=20", ("phases", "pretrain", "max_steps"), 20),
        ("phases.pretrain.learning_rate=1e-4", ("phases", "pretrain", "learning_rate"), 1e-4),
        ("phases.sft.lora.rank=8", ("phases", "sft", "lora", "rank"), 8),
        ("phases.pretrain=null", ("phases", "pretrain"), None),
        ("data.corpora.0.path=b=c", ("data", "corpora", 0, "path"), "b=c"),
        ("languages=[de, en]", ("languages",), ["de", "en"]),
        ("phases.sft.packing=false", ("phases", "sft", "packing"), False),
    ],
)
def test_a_setting_is_put_in_with_its_type_and_the_rest_stays(setting, path, value):
    found = overridden(PLAN, [setting])
    for key in path:
        found = found[key]
    assert found == value and type(found) is type(value)
    assert PLAN["phases"]["sft"] is None


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("phases.sft", "give it as PATH=VALUE"),
        ("phases..sft=1", "give it as PATH=VALUE"),
        ("name.first=1", "name is 'x', which has no 'first'"),
        ("data.corpora.3.path=b", "data.corpora is a list of 1; legal: 0 to 0, got '3'"),
        ("name=[", "the value is not valid YAML"),
    ],
)
def test_a_setting_that_cannot_be_put_in_says_why(setting, words):
    with pytest.raises(BadInput, match="--set") as caught:
        overridden(PLAN, [setting])
    assert words in str(caught.value)


def test_a_misspelt_setting_names_the_nearest_and_nothing_is_run(tmp_path, capsys):
    path = tmp_path / "plan.yaml"
    assert main(["init", "from-scratch", "--output", str(path)]) == 0
    run = ["run", str(path), "--output", str(tmp_path / "out")]
    assert main([*run, "--set", "phases.sft.lerning_rate=1"]) == 2
    err = capsys.readouterr().err
    assert "plan.yaml with --set: phases.sft.lerning_rate: unknown field; did you mean 'learning_rate'?" in err
    assert main([*run, "--set", "phases.sft.epochs=many"]) == 2
    assert "phases.sft.epochs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert load_plan(path, ["phases.sft.epochs=7"]).plan.phases.sft.epochs == 7


def test_a_plan_is_checked_in_under_a_second_and_without_torch(tmp_path):
    assert main(["init", "preferences-rl", "--output", str(tmp_path / "plan.yaml")]) == 0
    code = (
        "import resource, sys; from trainer.cli import main; rc = main(sys.argv[1:])\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime, 'torch' in sys.modules, file=sys.stderr); sys.exit(rc)"
    )
    arguments = [sys.executable, "-c", code, "run", "plan.yaml", "--dry-run", "--set", "phases.rl.max_steps=3"]
    found = []
    for _ in range(2):  # the first may have to compile
        begun_s = time.monotonic()
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        found.append((float(done.stderr.split()[0]), done.stderr.split()[1], time.monotonic() - begun_s))
    seconds, torch, _ = min(found)
    assert seconds < 1.0 and torch == "False"


def test_the_settings_of_a_run_are_kept_with_it(tmp_path):
    from trainer.manifest import claim

    path = tmp_path / "plan.yaml"
    assert main(["init", "from-scratch", "--output", str(path)]) == 0
    plan = load_plan(path, ["seed=5"]).plan
    (tmp_path / "out").mkdir()
    claim(plan, tmp_path / "out", resume=False)
    assert read_contract(tmp_path / "out" / "plan.yaml", TrainingPlan).seed == 5
    with pytest.raises(BadInput, match=r"seed \(5 -> 0\)"):
        claim(load_plan(path).plan, tmp_path / "out", resume=True)
