"""Attributions of a model whose answer one known token decides, and the page that shows them."""

import json
import re

import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from trainer.cli import main
from trainer.explain.attribute import attribute, completeness_of, log_probabilities
from trainer.explain.limits import TEXTS, limits_page
from trainer.explain.page import STYLE, explanation_page
from trainer.explain.prompt import baseline_of, read_prompt
from trainer.explain.record import METHODS, Explanation
from trainer.tokenizer import train_tokenizer

PROMPT = "the quick brown fox jumps over the lazy dog"
DECIDES, ANSWER = " fox", " dog"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """One that knows each word of the prompt as one token."""
    directory = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer([PROMPT] * 20, vocab_size=400, context_tokens=64, directory=directory)
    return AutoTokenizer.from_pretrained(directory)


@pytest.fixture(scope="module")
def model(tokenizer):
    """All embeddings are alike but that of the deciding token, which attention hands on evenly to the answer's head."""
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=64, tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    made = LlamaForCausalLM(config).eval()
    layer, (decides,), (answer,) = made.model.layers[0], *(ids(tokenizer, text) for text in (DECIDES, ANSWER))
    with torch.no_grad():
        for parameter in (*layer.mlp.parameters(), made.lm_head.weight, made.model.embed_tokens.weight):
            parameter.zero_()
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj):
            projection.weight.zero_()
        for projection in (layer.self_attn.v_proj, layer.self_attn.o_proj):
            projection.weight.copy_(torch.eye(16))
        made.model.embed_tokens.weight[:, 0] = 1.0
        made.model.embed_tokens.weight[decides, 1] = 3.0
        made.lm_head.weight[answer, 1] = 4.0
    return made


@pytest.fixture(scope="module")
def directory(tmp_path_factory, model, tokenizer):
    """The model as a run leaves it, with training data beside it."""
    run = tmp_path_factory.mktemp("run")
    model.save_pretrained(run / "model")
    tokenizer.save_pretrained(run / "model")
    (run / "data").mkdir()
    (run / "data" / "train.jsonl").write_text(
        '{"id": "zoo#1", "text": "The quick brown fox sleeps."}\n{"id": "zoo#2", "text": "Nothing alike"}\n'
    )
    (run / "data" / "conversations.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "A lazy cat?"}, {"role": "assistant", "content": "yes"}]}\n'
    )
    (run / "data" / "data_card.json").write_text("{}")
    return run


def ids(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def attributed(model, tokenizer, *, method, as_chat, answer=ANSWER):
    prompt = read_prompt(tokenizer, PROMPT, as_chat=as_chat)
    found = attribute(
        model, tokenizer, prompt, ids(tokenizer, answer), method=method, baseline_id=baseline_of(tokenizer)
    )
    return prompt, found


@pytest.mark.parametrize("as_chat", [False, True], ids=["plain", "chat"])
@pytest.mark.parametrize("method", METHODS)
def test_the_one_token_that_decides_gets_all_of_the_attribution(model, tokenizer, method, as_chat):
    prompt, found = attributed(model, tokenizer, method=method, as_chat=as_chat)
    assert "".join(prompt.pieces) == PROMPT, "tokens of the chat template carry none"
    (row,) = found.rows
    place = prompt.pieces.index(DECIDES)
    assert row[place] > 0.1
    assert all(abs(value) < 1e-6 for number, value in enumerate(row) if number != place)


@pytest.mark.parametrize("method", METHODS)
def test_the_attribution_of_that_token_is_the_change_of_the_score_without_it(model, tokenizer, method):
    prompt, found = attributed(model, tokenizer, method=method, as_chat=False)
    place = prompt.pieces.index(DECIDES)
    without = list(prompt.ids)
    without[place] = baseline_of(tokenizer)
    answer = ids(tokenizer, ANSWER)
    change = sum(log_probabilities(model, prompt.ids, answer)) - sum(log_probabilities(model, without, answer))
    assert found.rows[0][place] == pytest.approx(change, rel=0.02)


def test_integrated_gradients_of_a_longer_answer_add_up_within_the_tolerance(model, tokenizer):
    _, found = attributed(model, tokenizer, method="layer_integrated_gradients", as_chat=True, answer=" dog dog lazy")
    check = found.completeness
    assert len(found.rows) == 3 and check.within_tolerance
    assert check.sum_nats == pytest.approx(sum(map(sum, found.rows)))
    assert check.score_nats == pytest.approx(sum(found.log_probabilities))
    assert abs(check.gap_nats) <= max(0.01, 0.02 * abs(check.difference_nats))


def test_a_sum_that_misses_by_more_than_the_tolerance_is_told():
    """From -5 to -1 nats is 4; 2 % of it is 0.08."""
    inside = completeness_of([[3.0, 0.95]], score=-1.0, before=-5.0, steps=32)
    outside = completeness_of([[3.0, 0.9]], score=-1.0, before=-5.0, steps=32)
    assert inside.within_tolerance and not outside.within_tolerance
    assert outside.gap_nats == pytest.approx(-0.1) and outside.tolerance_nats == pytest.approx(0.08)


def test_the_verb_writes_page_and_data_and_finds_the_training_data_of_the_run(directory, tmp_path, capsys):
    output = tmp_path / "why"
    arguments = ["explain", str(directory), "--prompt", PROMPT, "--answer", ANSWER, "--output", str(output)]
    assert main([*arguments, "--format", "json"]) == 0
    found = Explanation.model_validate_json(capsys.readouterr().out)
    assert found == Explanation.model_validate_json((output / "explanation.json").read_text())
    assert max(found.tokens, key=lambda token: token.attribution_nats).text == DECIDES
    assert [row.id for row in found.neighbours] == ["zoo#1", "conversations:1"] and found.examples_searched == 3
    assert "TF-IDF" in found.neighbours_by and "does not say that the example caused" in found.neighbours_by
    assert found.completeness.within_tolerance and not found.warnings
    assert {path.name for path in output.iterdir()} == {"explanation.html", "explanation.json", "limits.html"}
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "' fox'" in printed and "within the tolerance" in printed and "zoo#1" in printed


def test_an_own_answer_is_generated_and_explained(directory, tmp_path, capsys):
    arguments = ["explain", str(directory / "model"), "--prompt", PROMPT, "--plain", "--max-tokens", "3"]
    assert main([*arguments, "--output", str(tmp_path), "--format", "json", "--method", "feature_ablation"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == ANSWER * 3 and not found["answer_was_given"]
    assert found["completeness"] is None and "not to be expected" in found["completeness_reason"]


def explanation(**changes):
    row = {
        "created_at": "2026-01-01T00:00:00+00:00", "model": "m", "method": "feature_ablation", "prompt": "<b>&",
        "as_chat": False, "answer": "<i>", "answer_was_given": True, "baseline_token": "<|pad|>",
        "tokens": [{"text": "<b>", "attribution_nats": 0.5}, {"text": "&\n", "attribution_nats": -0.25}],
        "answer_tokens": [{"text": "<i>", "log_probability_nats": -1.0, "attributions_nats": [0.5, -0.25]}],
        "completeness": None, "completeness_reason": "why not", "neighbours": [], "neighbours_by": "none",
        "examples_searched": 0,
    }  # fmt: skip
    return Explanation.model_validate(row | changes)


def test_the_page_loads_nothing_and_can_be_read_without_colour():
    page = explanation_page(explanation())
    assert not re.search(r"https?:|<script|<link|<img|@import|url\(", page)
    assert 'aria-label="&lt;b&gt;: +0.5000 nats"' in page and 'title="&amp;: -0.2500 nats"' in page
    assert "<small>+0.50</small>" in page and "<small>-0.25</small>" in page
    assert "<b>" not in page.replace("<body>", ""), "the prompt is text, not markup"
    assert "prefers-color-scheme:dark" in page and 'href="limits.html"' in page


def test_the_limits_stand_in_english_and_german_with_as_many_points():
    page = limits_page(STYLE)
    assert 'lang="en"' in page and 'lang="de"' in page and "was sie nicht sagt" in page
    assert not re.search(r"https?:|<script|url\(", page)
    counts = [[len(texts) for _, texts in sections] for _, sections in TEXTS.values()]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "--prompt", "x"], "neither a model directory"),
        (["{model}", "--prompt", " "], "--prompt: it is empty"),
        (["{model}", "--prompt", "x", "--train", "nowhere.jsonl"], "--train: nowhere.jsonl is no file"),
        (["{model}", "--prompt", "x", "--neighbours", "0"], "--neighbours: must be positive"),
        (["{model}", "--prompt", "fox " * 80], "the model reads 64"),
    ],
)
def test_a_mistake_is_exit_2_with_what_to_change(directory, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    filled = [text.format(model=directory / "model") for text in arguments]
    assert main(["explain", *filled]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_without_weights_is_named_with_its_directory(tmp_path, capsys):
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert main(["explain", str(tmp_path), "--prompt", "x", "--output", str(tmp_path / "why")]) == 2
    assert f"MODEL: {tmp_path} cannot be loaded" in capsys.readouterr().err
    assert not (tmp_path / "why").exists()
