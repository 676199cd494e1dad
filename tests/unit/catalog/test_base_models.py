"""Open models: the usual spellings lead to them, their figures fit together, and look-ups are never proposed."""

from datetime import date

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from advisor.catalog.load import load_catalog
from advisor.catalog.lookup import base_model
from advisor.contracts.case import Case
from advisor.contracts.catalog import BaseModelRow
from advisor.files import data_directory
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of

SPELLINGS = {
    "llama2-70b": "llama-2-70b",
    "Llama 2 7B": "llama-2-7b",
    "LLaMA 7B": "llama-1-7b",
    "llama3.1-8b": "llama-3.1-8b-instruct",
    "Llama 3 8B": "llama-3-8b",
    "meta-llama/Llama-3.1-70B-Instruct": "llama-3.1-70b",
    "llama3.1-405b": "llama-3.1-405b",
    "Llama-3.2-3B": "llama-3.2-3b",
    "tiny-llama": "tinyllama-1.1b",
    "Mistral-7B": "mistral-7b-v0.1",
    "mixtral-8x7b": "mixtral-8x7b",
    "Qwen/Qwen3-30B-A3B-Instruct-2507": "qwen3-30b-a3b",
    "Qwen2.5-72B": "qwen2.5-72b",
    "google/gemma-2-9b-it": "gemma-2-9b",
    "phi-2": "phi-2",
    "Falcon-180B": "falcon-180b",
    "MPT-7B": "mpt-7b",
    "OPT-13B": "opt-13b",
    "EleutherAI/pythia-6.9b": "pythia-6.9b",
    "gpt2-xl": "gpt-2-1.5b",
    "gptj": "gpt-j-6b",
    "bloomz-7b1": "bloom-7.1b",
    "DeepSeek-R1": "deepseek-r1",
    "GLM-5-FP8": "glm-5",
    "openai/gpt-oss-20b": "gpt-oss-20b",
    "OLMo-2-13B": "olmo-2-13b",
    "StarCoder": "starcoder-15b",
    "Teuken-7B": "teuken-7b",
    "LegalBERT": "legal-bert-base",
    "T0_3B": "t0-3b",
    "mt0-xxl": "mt5-xxl",
}
CARDS_B = {
    "llama-2-70b": 68.977,
    "llama-3.1-405b": 405.853,
    "mixtral-8x7b": 46.703,
    "deepseek-v3": 671.026,
    "deepseek-v2": 235.741,
    "gpt-oss-20b": 20.915,
    "bloom-176b": 176.247,
    "gpt-neox-20b": 20.555,
    "opt-13b": 12.853,
    "roberta-large": 0.355,
    "xlm-roberta-base": 0.278,
    "flan-t5-xl": 2.85,
    "mt5-xxl": 12.9,
}
"""Parameters that cards and checkpoints print, billions."""


def rows():
    return load_catalog().base_models


@pytest.mark.parametrize(("spelling", "model"), SPELLINGS.items())
def test_a_usual_spelling_leads_to_its_model(spelling, model):
    assert base_model(load_catalog(), spelling).id == model


@pytest.mark.parametrize(("model", "billions"), CARDS_B.items())
def test_sizes_are_those_of_the_cards(model, billions):
    assert base_model(load_catalog(), model).parameters / 1e9 == pytest.approx(billions, rel=2e-3)


def test_there_are_many_models_of_every_family():
    families = [row.family for row in rows()]
    assert families.count("decoder") >= 100
    assert families.count("encoder") >= 15
    assert families.count("encoder_decoder") >= 10


def test_latent_attention_keeps_rank_and_rotated_part():
    """DeepSeek: 512 + 64 numbers per token and layer, against 2 x 128 heads x 128 in the plain form: a 57th."""
    row = base_model(load_catalog(), "deepseek-v3")
    assert row.attention == "latent"
    assert row.kv_latent_size == 512 + 64
    assert 2 * row.num_heads * row.value_head_dim / row.kv_latent_size == pytest.approx(57, abs=0.5)


def test_a_token_of_a_mixture_meets_what_the_cards_say_less_the_input_embedding():
    """Cards print 12.9, 37, 22 and 2.4 billion; those that count the input embedding lie V h above."""
    for model, card in (("mixtral-8x7b", 12.88e9), ("deepseek-v3", 37.5e9), ("qwen3-235b-a22b", 22.1e9)):
        row = base_model(load_catalog(), model)
        assert row.active_parameters + row.vocab_size * row.hidden_size == pytest.approx(card, rel=0.02), model


def test_what_the_advisor_proposes_is_a_short_list_and_none_of_the_look_ups():
    """The candidates of an example case name offered models alone."""
    catalog = load_catalog()
    offered = {row.id for row in rows() if row.offered}
    assert 10 <= len(offered) <= 20
    example = (data_directory() / "examples" / "law_publisher.yaml").read_text(encoding="utf-8")
    case = Case.model_validate(YAML(typ="safe").load(example))
    setting = setting_of(case, catalog)
    found = candidates_of(case, catalog, inputs_of(case, catalog, setting), setting, date(2026, 11, 24))
    proposed = {option.model for option in found}
    assert proposed & offered
    assert not proposed & ({row.id for row in rows()} - offered)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        ("llama-2-7b", {"attention": "latent"}),
        ("llama-2-7b", {"kv_latent_size": 576}),
        ("llama-2-7b", {"attention": "sliding", "sliding_window_tokens": 4096}),
        ("gemma-2-9b", {"sliding_layer_fraction": None}),
        ("flan-t5-large", {"num_decoder_layers": 0}),
        ("mixtral-8x7b", {"experts_per_token": 0}),
        ("mixtral-8x7b", {"experts_per_token": 9}),
        ("deepseek-v3", {"dense_ffn_size": None}),
    ],
)
def test_fields_that_go_together_stand_together(model, changes):
    row = base_model(load_catalog(), model)
    with pytest.raises(ValidationError, match=r"goes with|are parts of"):
        BaseModelRow.model_validate(row.model_dump() | changes)
