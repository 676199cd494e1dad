"""Adapters over one base: each answers as its merged model does, whoever shares the step with it."""

import asyncio
import shutil

import pytest
import torch
from transformers import AutoModelForCausalLM

from advisor.contracts.errors import BadInput, Failed
from serving.engine import Generation, Sampling
from serving.model_dir import ServedModel, adapter_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:transformers")
NAMES = ("law", "shop-v1.2")
PROMPTS = [(5, 6, 7), (40, 41), (90, 91, 92, 93, 94, 95, 96)]


def save_adapter(base, directory, seed):
    """A random adapter on every linear layer, as `trainer run` puts them."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False)
    get_peft_model(model, config).save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def adapters(tiny_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("adapters")
    return {name: save_adapter(tiny_model, folder / name, seed) for seed, name in enumerate(NAMES, 1)}


@pytest.fixture(scope="module")
def shared(tiny_model, adapters):
    from serving.engines.transformers import load_engine

    engine = load_engine(tiny_model, threads=1, adapters=adapters)
    yield engine
    engine.close()


def merged(base, directory):
    from peft import PeftModel

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, directory).merge_and_unload().eval()


def greedy(model, prompt):
    ids = torch.tensor([prompt])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=25, do_sample=False)
    return out[0, len(prompt) :].tolist()


def test_base_and_adapters_share_steps_and_each_equals_its_merged_model(tiny_model, adapters, shared):
    engines = {None: shared, **{name: shared.adapter(name) for name in NAMES}}

    async def ask(name, prompt):
        generation = Generation(prompt, Sampling(25, temperature=0))
        engines[name].submit([generation])
        return [step.token_id async for step in generation]

    async def ask_all():
        jobs = [(name, prompt) for prompt in PROMPTS for name in engines]
        return dict(zip(jobs, await asyncio.gather(*(ask(*job) for job in jobs)), strict=True))

    answers = asyncio.run(ask_all())
    models = {name: merged(tiny_model, path) for name, path in adapters.items()}
    models[None] = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32).eval()
    assert answers == {(name, prompt): greedy(models[name], prompt) for name, prompt in answers}
    assert len({tuple(answer) for answer in answers.values()}) > len(PROMPTS), "the adapters change the answers"


def test_the_base_weights_are_in_memory_once(tiny_model, shared):
    plain = sum(part.numel() for part in AutoModelForCausalLM.from_pretrained(tiny_model).parameters())
    held = sum(part.numel() for name, part in shared._model.named_parameters() if "lora_" not in name)
    assert held == plain


def test_a_directory_that_holds_an_adapter_stands_for_it(tiny_model, adapters, tmp_path):
    shutil.copytree(adapters["law"], tmp_path / "run" / "adapter")
    found = adapter_model("law", tmp_path / "run", ServedModel("base", tiny_model))
    assert (found.path, found.parent) == (tmp_path / "run" / "adapter", "base")


@pytest.mark.parametrize(
    ("removed", "message"),
    [("adapter_config.json", "no directory of an adapter"), ("adapter_model.safetensors", "no adapter_model")],
)
def test_an_incomplete_adapter_is_named(tiny_model, adapters, tmp_path, removed, message):
    shutil.copytree(adapters["law"], tmp_path / "law")
    (tmp_path / "law" / removed).unlink()
    with pytest.raises(BadInput, match=message):
        adapter_model("law", tmp_path / "law", ServedModel("base", tiny_model))


def test_an_adapter_of_another_model_is_a_failure_that_names_it(tiny_model, adapters, tmp_path):
    from transformers import AutoConfig, AutoModelForCausalLM

    from serving.engines.loading import load_weights

    config = AutoConfig.from_pretrained(tiny_model)
    config.hidden_size, config.head_dim = 64, 16
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "wide")
    with pytest.raises(Failed, match="cannot put it over this model"):
        load_weights(tmp_path / "wide", {"law": adapters["law"]})
