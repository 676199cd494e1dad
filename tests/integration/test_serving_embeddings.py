"""Embeddings of a local encoder through the real client, beside a model that generates."""

import json
import sys
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import import_app, save_tiny_model, served

TEXTS = ["The quick brown fox", "Größe", "a", "The lazy dog jumps over the quick brown fox"]
CONTEXT_TOKENS = 64


def save_tiny_encoder(directory, tokenizer_of):
    """A random BERT for masked words, which has no pooler, with the tokenizer of the tiny Llama."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    tokenizer = AutoTokenizer.from_pretrained(tokenizer_of)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=CONTEXT_TOKENS,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertForMaskedLM(config).save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def encoder_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    return save_tiny_encoder(folder / "bert", save_tiny_model(folder / "llama"))


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


@pytest.fixture(scope="module")
def url(encoder_path, records):
    from serving.engines.echo import EchoEngine
    from serving.engines.encoder import load_encoder
    from serving.model_dir import ServedModel, served_models
    from serving.quota import Prices
    from trainer.energy.meter import Meter
    from trainer.energy.source import NullSource

    (model,) = served_models([encoder_path], ["vectors"], weights=True)
    assert model.encoder
    rows = [(model, load_encoder(encoder_path, threads=1)), (ServedModel("echo", None), EchoEngine())]
    prices = Prices(input_per_mtok=1.0, output_per_mtok=1.0)
    with served(import_app()(rows, Meter(NullSource("no driver")), records, prices=prices)) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as made:
        yield made


def expected(path, text):
    """By hand, one text at a time: no padding, so the plain mean over the tokens."""
    import torch
    from transformers import AutoTokenizer, BertModel

    tokenizer = AutoTokenizer.from_pretrained(path)
    model = BertModel.from_pretrained(path, add_pooling_layer=False).eval()
    with torch.no_grad():
        hidden = model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False)).last_hidden_state[0]
    mean = hidden.mean(0).numpy()
    return mean / np.linalg.norm(mean)


def test_vectors_are_the_mean_over_the_tokens_whatever_shares_their_pass(client, encoder_path):
    answer = client.embeddings.create(model="vectors", input=TEXTS)
    assert [row.index for row in answer.data] == [0, 1, 2, 3]
    for row, text in zip(answer.data, TEXTS, strict=True):
        np.testing.assert_allclose(row.embedding, expected(encoder_path, text), atol=1e-5)
        assert np.linalg.norm(row.embedding) == pytest.approx(1, abs=1e-5)


def test_numbers_and_bytes_are_the_same_vector(client, url):
    as_bytes = client.embeddings.create(model="vectors", input="The fox").data[0].embedding
    as_numbers = client.embeddings.create(model="vectors", input="The fox", encoding_format="float").data[0].embedding
    np.testing.assert_allclose(as_bytes, as_numbers)
    raw = httpx.post(f"{url}/v1/embeddings", json={"model": "vectors", "input": "x", "encoding_format": "base64"})
    assert isinstance(raw.json()["data"][0]["embedding"], str)


def test_more_texts_than_fit_a_pass_keep_their_order(client):
    texts = [f"{'word ' * (number % 9)}{number}" for number in range(75)]
    together = client.embeddings.create(model="vectors", input=texts).data
    for place in (0, 31, 40, 74):
        alone = client.embeddings.create(model="vectors", input=texts[place]).data[0].embedding
        np.testing.assert_allclose(together[place].embedding, alone, atol=1e-5)


def test_usage_and_cost_are_recorded_and_token_ids_are_taken(client, records, encoder_path):
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(encoder_path)("The fox")["input_ids"]
    answer = client.embeddings.create(model="vectors", input=[ids, ids])
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 2 * len(ids)
    row = json.loads((records / "usage.jsonl").read_text().splitlines()[-1])
    assert (row["endpoint"], row["prompt_tokens"], row["completion_tokens"]) == ("embeddings", 2 * len(ids), 0)
    assert row["cost"] == pytest.approx(2 * len(ids) / 1e6)
    alone = client.embeddings.create(model="vectors", input="The fox").data[0].embedding
    np.testing.assert_allclose(answer.data[0].embedding, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"input": "word " * 100}, "context_length_exceeded"),
        ({"input": ""}, "invalid_value"),
        ({"input": []}, "invalid_value"),
        ({"input": ["a", ""]}, "invalid_value"),
        ({"input": [[99999]]}, "invalid_value"),
        ({"input": "a", "dimensions": 8}, "unsupported_parameter"),
        ({"input": "a", "dimension": 8}, "unknown_parameter"),
        ({"input": "a", "model": "echo"}, "unsupported_model"),
        ({"input": "a", "model": "nothing"}, "model_not_found"),
    ],
)
def test_what_cannot_be_embedded_is_refused_in_openais_shape(url, body, code):
    answer = httpx.post(f"{url}/v1/embeddings", json={"model": "vectors", **body})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["code"] == code


def test_an_encoder_is_listed_and_generates_nothing(client):
    assert client.models.retrieve("vectors").embedding_dimensions == 32
    assert client.models.retrieve("vectors").context_tokens == CONTEXT_TOKENS
    with pytest.raises(openai.BadRequestError, match="answers at /v1/embeddings"):
        client.chat.completions.create(model="vectors", messages=[{"role": "user", "content": "Hi"}])
    assert (
        client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "Hi"}])
        .choices[0]
        .message.content
        == "Hi"
    )
