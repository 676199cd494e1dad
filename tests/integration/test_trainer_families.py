"""Encoders and encoder-decoders learn from their own objectives; an adaptation learns new words and keeps old ones."""

import json
import math

import pytest
import torch
from small_phases import ANIMALS, COLOURS, SIZE, TEXTS, Work
from trainer_runs import run, write_plan

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Architecture
from advisor.contracts.runs import RunReport
from advisor.files import read_contract
from trainer.sizes import architecture_parameters

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning:transformers")]

FIRST = {"max_steps": 150, "batch_sequences": 8, "sequence_tokens": 32, "learning_rate": 0.01}
LONG = {**FIRST, "max_steps": 400}


def scores_of(work, family, items=()):
    from trainer.phases.held_out import evaluate_family

    report = evaluate_family(
        work.model("pretrain" if not items else "sft"),
        family,
        task="classification",
        items=items,
        texts=TEXTS[:40],
        advance=lambda *_: None,
    )
    return report, {score.name: score for score in report.scores}


@pytest.mark.parametrize("family", ["masked", "seq2seq"])
def test_the_formula_of_the_size_counts_what_is_built(tiny_tokenizer_of, family):
    from trainer.phases.architectures import build

    tokenizer = tiny_tokenizer_of(family)
    size = Architecture.model_validate({**SIZE, "family": family, "num_layers": 3, "vocab_size": len(tokenizer)})
    assert architecture_parameters(size) == sum(w.numel() for w in build(size, tokenizer).parameters())


@pytest.fixture
def tiny_tokenizer_of(tmp_path):
    from transformers import AutoTokenizer

    from trainer.tokenizer import train_tokenizer

    def make(family):
        train_tokenizer(TEXTS, vocab_size=300, context_tokens=64, directory=tmp_path / family, family=family)
        return AutoTokenizer.from_pretrained(tmp_path / family)

    return make


def test_an_encoder_learns_to_fill_in_hidden_tokens(tmp_path):
    work = Work(tmp_path, {"pretrain": LONG}, model={**SIZE, "family": "masked"})
    result = work.run("pretrain")
    assert result.loss_first == pytest.approx(math.log(300), rel=0.05)
    report, scores = scores_of(work, "masked")
    assert report.primary == "masked_bits_per_byte"
    even = math.log2(300) * 6 / len(TEXTS[0])
    assert scores["masked_bits_per_byte"].high < 0.6 * even, (
        "an untrained one needs log2(300) bits for each of 6 tokens"
    )
    assert result.loss_last < 0.5 * result.loss_first
    per_block = 6 * (300 * 16 + 4 * 16 * 16 + 2 * 16 * 32 + 16 * 16)
    assert result.training_flop == per_block * result.tokens, "head, attention, feed-forward and the head's transform"


def test_an_encoder_decoder_learns_spans_and_then_answers(tmp_path):
    from advisor.contracts.baseline import SuiteItem

    sft = {"epochs": 200, "batch_sequences": 6, "learning_rate": 0.01}
    model = {**SIZE, "family": "seq2seq", "hidden_size": 32}
    work = Work(tmp_path, {"pretrain": LONG, "sft": sft}, model=model)
    rows = [
        {"messages": [{"role": "user", "content": f"{animal}?"}, {"role": "assistant", "content": colour}]}
        for animal, colour in zip(ANIMALS, COLOURS, strict=False)
    ]
    work.rows("conversations", rows)
    first = work.run("pretrain")
    report, scores = scores_of(work, "seq2seq")
    assert report.primary == "span_bits_per_byte" and scores["span_token_accuracy"].value > 0.1
    # 32 tokens hide 5 in 2 spans: 27 + 2 marks + end go in, 5 + 2 + end come out.
    assert first.tokens == 400 * 8 * (30 + 8)
    second = work.run("sft")
    assert second.loss_last < second.loss_first
    items = [
        SuiteItem(id=str(n), messages=tuple(row["messages"][:1]), expected=row["messages"][1]["content"])
        for n, row in enumerate(rows)
    ]
    report, scores = scores_of(work, "seq2seq", items)
    assert report.primary == "accuracy" and scores["accuracy"].value >= 0.5


def test_the_flop_of_an_encoder_decoder_count_each_token_in_its_own_half(tmp_path):
    work = Work(tmp_path, {"pretrain": {**FIRST, "max_steps": 2}}, model={**SIZE, "family": "seq2seq"})
    result = work.run("pretrain")
    encoder = 4 * 16 * 16 + 2 * 16 * 32 + 2 * 16 * 16
    decoder = 6 * 16 * 16 + 2 * 16 * 32 + len_vocab(work) * 16
    assert result.training_flop == pytest.approx(6 * 2 * 8 * (30 * encoder + 8 * decoder))


def len_vocab(work):
    return json.loads((work.model("pretrain") / "config.json").read_text())["vocab_size"]


def test_spans_put_back_in_their_places_give_the_text(tiny_tokenizer_of):
    from trainer.phases.objectives import Spans

    tokenizer = tiny_tokenizer_of("seq2seq")
    spans = Spans(tokenizer, 0.3, 3.0, seed=1)
    ids = torch.arange(40, 90)
    marks = set(spans.marks.tolist())
    for draw in range(20):
        found = spans.corrupt(ids, draw)
        inside, current = {}, None
        for token in found.targets.tolist()[:-1]:
            current = inside.setdefault(token, []) if token in marks else (current.append(token) or current)
        whole = [part for token in found.ids.tolist()[:-1] for part in (inside.get(token) or [token])]
        assert whole == ids.tolist()
    assert not torch.equal(spans.corrupt(ids, 1).ids, spans.corrupt(ids, 2).ids)
    assert torch.equal(spans.corrupt(ids, 1).ids, spans.corrupt(ids, 1).ids)


def test_a_run_of_an_encoder_goes_from_plan_to_report(tmp_path):
    model = {**SIZE, "family": "masked", "vocab_size": 400, "context_tokens": 64}
    write_plan(tmp_path, {"pretrain": {**FIRST, "max_steps": 4}}, model=model)
    run("run", "plan.yaml", "--output", "out", cwd=tmp_path)
    report = read_contract(tmp_path / "out" / "run_report.json", RunReport)
    assert report.evaluation.primary == "masked_bits_per_byte"
    assert report.model_card.context_tokens == 64


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A decoder that knows sentences about animals."""
    work = Work(tmp_path_factory.mktemp("base"), {"pretrain": {**FIRST, "max_steps": 120}})
    work.run("pretrain")
    return work.model("pretrain")


GENERAL = [f"the {colour} {animal} and the {other}" for colour in COLOURS for animal in ANIMALS for other in ANIMALS]
DOMAIN = [f"photosynthesis {n} needs chlorophyll and {m} quanta of radiation" for n in range(20) for m in range(8)]


def adapted(directory, base, **pretrain):
    phase = {**FIRST, "max_steps": 60, **pretrain}
    work = Work(directory, {"pretrain": phase}, model={"kind": "base_model", "model": str(base)})
    work.rows("train", [{"id": text, "text": text} for text in DOMAIN])
    (directory / "general.txt").write_text("\n\n".join(f"{text}, {n} times told" for n, text in enumerate(GENERAL)))
    return work


def test_new_words_become_tokens_whose_rows_start_as_the_mean_of_their_pieces(tmp_path, base):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from trainer.vocabulary import grow_embeddings

    work = adapted(tmp_path, base, new_tokens=25)
    metrics = work.run("tokenizer").metrics
    assert metrics["new_tokens"] == 25 and metrics["vocab_size"] == 325
    assert metrics["domain_tokens_after"] < 0.7 * metrics["domain_tokens_before"]
    old, new = AutoTokenizer.from_pretrained(base), AutoTokenizer.from_pretrained(tmp_path / "tokenizer")
    for text in DOMAIN[:3] + GENERAL[:3]:
        assert new.decode(new(text)["input_ids"]) == text
    assert [new(text)["input_ids"] for text in GENERAL[:20]] == [old(text)["input_ids"] for text in GENERAL[:20]]
    before, model = (AutoModelForCausalLM.from_pretrained(base) for _ in range(2))
    grow_embeddings(model, new, tmp_path / "tokenizer")
    token = max(range(300, 325), key=lambda token: len(new.decode([token])))
    pieces = old(new.decode([token]))["input_ids"]
    assert len(pieces) > 2
    for table in ("get_input_embeddings", "get_output_embeddings"):
        expected = getattr(before, table)().weight[pieces].mean(0)
        torch.testing.assert_close(getattr(model, table)().weight[token], expected)
    assert work.run("pretrain").loss_last < 3


def test_a_tokenizer_that_cannot_go_on_merging_is_refused(tmp_path):
    from trainer.vocabulary import extend

    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordPiece"}}))
    with pytest.raises(BadInput, match=r"phases\.pretrain\.new_tokens: .* of type WordPiece"):
        extend(tmp_path, ["text"], 5)


def test_replay_keeps_what_an_adaptation_alone_forgets(tmp_path, base):
    forgotten, kept = {}, {}
    for fraction, found in ((0.02, forgotten), (0.5, kept)):
        directory = tmp_path / str(fraction)
        directory.mkdir()
        work = adapted(directory, base, replay={"path": "general.txt", "fraction": fraction})
        work.run("tokenizer")
        found |= work.run("pretrain").metrics
    assert kept["replay_fraction"] == pytest.approx(0.5, abs=0.02)
    assert forgotten["general_bits_per_byte_before"] == kept["general_bits_per_byte_before"]
    assert kept["general_bits_per_byte_after"] < forgotten["general_bits_per_byte_after"]
