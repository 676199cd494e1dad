"""Which shape a request's model has."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingRequest
from advisor.core.shapes import typical_decoder
from advisor.estimate.shapes import named_model, shape_of, squeezed


def request(**fields):
    return TrainingRequest.model_validate({"id": "r", "kind": "pretrain", **fields})


def model_named_in(text, params_b=None):
    row = named_model(text, params_b, load_catalog().base_models)
    return None if row is None else row.id


@pytest.mark.parametrize(
    ("text", "params_b", "model"),
    [
        ("OPT-350M reward model for OPT-13B", 0.331, "opt-350m"),
        ("OPT-13B actor with OPT-350M reward model", 13, "opt-13b"),
        ("LLaMA 2 13B chat tune", 13.0, "llama-2-13b"),
        ("Llama-2-7B", None, "llama-2-7b"),
        ("llama2_7b, QLoRA", 6.74, "llama-2-7b"),
        ("Llama-2-7B", 70.0, None),
        ("Foo 7B", 7.0, None),
        (None, 7.0, None),
    ],
)
def test_a_name_in_free_text_counts_only_with_the_right_size(text, params_b, model):
    assert model_named_in(text, params_b) == model


def test_the_longest_name_wins():
    """Both are named, both have about 7 billion parameters."""
    assert model_named_in("CodeLlama 7B, which continues Llama 2 7B", 6.74) == "codellama-7b"
    assert model_named_in("Llama 2 7B beside CodeLlama 7B", 6.74) == "codellama-7b"


def test_spelling_of_names_does_not_matter():
    assert squeezed("Llama-2-7B") == squeezed("llama2 7b") == squeezed("LLaMA_2 7B") == "llama27b"
    assert squeezed("Llama-3.1-8B") != squeezed("Llama-31-8B")


def test_a_size_stated_beside_a_known_name_keeps_the_shape_and_scales_the_active_parameters():
    shape, _ = shape_of(request(model="Llama-2-7B", params_b=7.0), load_catalog())
    assert (shape.params, shape.active_params) == (7e9, pytest.approx(7e9))
    assert (shape.num_layers, shape.hidden_size, shape.known) == (32, 4096, True)


KNOWN = {
    "llama-2-7b": (6.738e9, 32, 4096),
    "llama-2-13b": (13.016e9, 40, 5120),
    "llama-2-70b": (68.977e9, 80, 8192),
    "llama-3.1-8b": (8.03e9, 32, 4096),
    "llama-3.1-70b": (70.55e9, 80, 8192),
    "llama-3.1-405b": (405.85e9, 126, 16384),
    "pythia-12b": (11.846e9, 36, 5120),
    "qwen3-32b": (32.76e9, 64, 5120),
}


@pytest.mark.parametrize("name", KNOWN)
def test_an_unknown_model_has_about_the_layers_times_width_of_published_ones(name):
    """What activations and kernels grow with: within a fifth for eight published configurations."""
    params, layers, hidden = KNOWN[name]
    shape = typical_decoder(params)
    assert shape.num_layers * shape.hidden_size == pytest.approx(layers * hidden, rel=0.2)


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "qwen3-32b"])
def test_an_unknown_model_has_about_the_layers_and_the_width_of_published_ones(name):
    """Qwen3 32B is deeper and narrower than others of its size and stays out."""
    params, layers, hidden = KNOWN[name]
    shape = typical_decoder(params)
    assert shape.num_layers == pytest.approx(layers, rel=0.2)
    assert shape.hidden_size == pytest.approx(hidden, rel=0.2)


def test_an_unknown_model_is_listed_as_typical_and_a_known_one_by_its_name():
    shape, (assumed,) = shape_of(request(model="Foo", params_b=7), load_catalog())
    assert (assumed.name, shape.known) == ("model_shape", False)
    assert str(shape.num_layers) in str(assumed.value)
    _, (known,) = shape_of(request(model="Qwen3-8B"), load_catalog())
    assert known.value == "qwen3-8b"


def test_sizes_in_the_request_win_over_the_catalogue():
    shape, _ = shape_of(request(model="Llama-2-7B", num_layers=20, vocab_size=99), load_catalog())
    assert (shape.num_layers, shape.vocab_size, shape.hidden_size) == (20, 99, 4096)


def test_a_mixture_of_experts_is_told_by_its_active_parameters():
    shape, _ = shape_of(request(params_b=100, active_params_b=10), load_catalog())
    assert shape.num_experts > 1
    assert shape.active_params == 10e9
    assert shape_of(request(params_b=100), load_catalog())[0].num_experts == 0


def test_neither_size_nor_known_name_is_an_error_that_names_the_field():
    with pytest.raises(BadInput, match="params_b: missing, and model 'Foo'"):
        shape_of(request(model="Foo"), load_catalog())


def test_more_active_than_all_parameters_is_an_error_that_names_the_field():
    with pytest.raises(BadInput, match=r"active_params_b: 20\.0 exceeds params_b 7\.0"):
        shape_of(request(params_b=7, active_params_b=20), load_catalog())
