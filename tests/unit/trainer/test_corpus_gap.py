"""The gap: by hand on numbers, and with a model that was taught general text for seconds."""

import json
import math
import random

import pytest

from advisor.contracts.case import UseCase
from advisor.contracts.errors import BadInput
from advisor.files import parse_contract
from trainer.cli import main
from trainer.corpus.gap import TextCost, domain_gap_fraction, measure_gap, side_of
from trainer.corpus.gapmodel import PIECE_CHARACTERS, general_text, pieces, texts_below
from trainer.corpus.read import Problems
from trainer.corpus.steps.language import identify


def cost(bits_per_byte, size=1000, words=150, tokens=250):
    return TextCost(nats=bits_per_byte * size * math.log(2), tokens=tokens, words=words, bytes=size)


@pytest.mark.parametrize(
    ("domain", "reference", "gap"),
    [(1.0, 1.0, 0.0), (2.0, 1.0, 0.5), (1.0, 0.7, 0.3), (0.8, 1.0, 0.0), (8.0, 0.8, 0.9)],
)
def test_the_gap_is_the_share_of_bits_beyond_those_of_the_reference(domain, reference, gap):
    assert float(domain_gap_fraction(domain, reference)) == pytest.approx(gap)


def test_a_side_adds_up_before_it_divides():
    """1 bit on 1000 bytes and 3 bits on 3000 bytes are 10,000 bits on 4000 bytes."""
    side = side_of([cost(1.0), cost(3.0, size=3000)])
    assert side.bits_per_byte == pytest.approx(2.5)
    assert (side.texts, side.tokens_per_word, side.tokens_per_byte) == (2, 500 / 300, 500 / 4000)


def test_the_interval_comes_from_the_spread_of_the_texts_and_repeats_with_the_seed():
    rng = random.Random(1)
    domain, reference = ([cost(middle + rng.uniform(-0.3, 0.3)) for _ in range(40)] for middle in (2.0, 1.2))
    first, again, other = (measure_gap(domain, reference, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert first.p5 < first.p50 < first.p95
    assert first.p50 == pytest.approx(1 - first.reference.bits_per_byte / first.domain.bits_per_byte, abs=0.01)
    alike = measure_gap([cost(2.0)] * 40, [cost(1.2)] * 40, seed=0)
    assert alike.p5 == pytest.approx(alike.p95) == pytest.approx(0.4)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_delivered_reference_is_of_its_language_and_there_is_enough_to_resample(language):
    paragraphs, what = general_text(language)
    assert len(paragraphs) == 20 and what.startswith("20 paragraphs of everyday prose")
    assert {identify(" ".join(pieces)) for pieces in paragraphs} == {language}


def test_there_is_no_reference_for_another_language():
    with pytest.raises(BadInput, match="--reference: the text seems to be in 'fr'"):
        general_text("fr")


def test_few_long_documents_are_cut_into_pieces_and_nothing_is_lost(tmp_path):
    lines = [f"line {n} of the long document about claims" for n in range(200)]
    found = pieces("\n".join(lines))
    assert "\n".join(found).split("\n") == lines
    assert len(found) > 3 and max(map(len, found)) <= PIECE_CHARACTERS
    (tmp_path / "a.txt").write_text("\n".join(lines))
    sample = texts_below(tmp_path, "TEXT", Problems(), max_bytes=4000)
    assert 1 < len(sample) < len(found) and all(unit[0] in found for unit in sample)
    assert max(map(len, pieces("no line end " * 1000))) <= PIECE_CHARACTERS


def test_many_documents_are_resampled_whole_so_that_alike_pieces_do_not_narrow_the_interval(tmp_path):
    for number in range(40):
        (tmp_path / f"{number}.txt").write_text(f"document {number} says the same again and again. " * 30)
    units = texts_below(tmp_path, "TEXT", Problems(), max_bytes=10**6)
    assert len(units) == 40 and all(len(unit) > 2 for unit in units)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A tiny model, taught everyday German for some seconds."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from trainer.tokenizer import train_tokenizer

    directory = tmp_path_factory.mktemp("gap") / "model"
    paragraphs = ["\n".join(pieces) for pieces in general_text("de")[0]]
    size = train_tokenizer(paragraphs[:14], vocab_size=400, context_tokens=128, directory=directory)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(directory)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=size, hidden_size=48, intermediate_size=96, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=128,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    ids = torch.tensor(tokenizer(" ".join(paragraphs[:14]), add_special_tokens=False, verbose=False)["input_ids"])
    blocks = ids[: len(ids) // 64 * 64].view(-1, 64)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(30):
        loss = model(input_ids=blocks, labels=blocks).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    model.save_pretrained(directory)
    return directory, paragraphs[14:]


def gap_of(capsys, *arguments):
    assert main(["data", "gap", *map(str, arguments), "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_text_of_another_kind_has_a_gap_and_text_of_the_same_kind_none(taught, tmp_path, capsys):
    model, held_out = taught
    (tmp_path / "general.txt").write_text("\n\n".join(held_out[:3]))
    (tmp_path / "same.txt").write_text("\n\n".join(held_out[3:]))
    statutes = (
        "§ 7 Abs. 2 VVG-InfoV: Obliegenheitsverletzung, Quotelung gem. § 81 VVG; Regressverzicht (RVA) n. Ziff. 4."
    )
    (tmp_path / "other.txt").write_text(
        "\n\n".join(f"{statutes} Az. {n} O {n * 37}/19, KH-Vertrag {n}." for n in range(20))
    )
    same, other = (
        gap_of(capsys, tmp_path / name, "--model", model, "--reference", tmp_path / "general.txt")
        for name in ("same.txt", "other.txt")
    )
    assert same["domain_gap_fraction"]["p50"] < 0.1 < 0.25 < other["domain_gap_fraction"]["p5"]
    assert other["fertility_ratio"] > 1.3 > same["fertility_ratio"]
    assert any("the interval is too narrow below 20" in warning for warning in same["warnings"])


def test_the_line_for_the_case_is_one_that_the_case_takes(taught, tmp_path, capsys):
    model, held_out = taught
    (tmp_path / "text.txt").write_text("\n\n".join(held_out))
    report = gap_of(capsys, tmp_path / "text.txt", "--model", model)
    assert report["reference"]["what"].startswith("20 paragraphs of everyday prose")
    from ruamel.yaml import YAML

    document = {"task": "chat", "requests_per_month": 1, **YAML(typ="safe").load(report["case"])}
    share = parse_contract(document, UseCase, "case").domain_gap_fraction
    assert share.central == pytest.approx(report["domain_gap_fraction"]["p50"], abs=1e-3)
    assert main(["data", "gap", str(tmp_path / "text.txt"), "--model", str(model)]) == 0
    assert f"  {report['case']}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "config", "words"),
    [
        ("Ein Satz über Schäden am Haus und am Garten.", None, "--model: "),
        (
            "Ein Satz über Schäden am Haus.",
            '{"architectures": ["BertForMaskedLM"]}',
            "is BertForMaskedLM; bits per byte need",
        ),
        ("...", '{"architectures": ["LlamaForCausalLM"]}', "TEXT: "),
        (
            "Le contrat est signé par les deux parties.",
            '{"architectures": ["LlamaForCausalLM"]}',
            "--reference: the text",
        ),
    ],
)
def test_what_cannot_be_measured_is_exit_2_and_says_why(tmp_path, capsys, text, config, words):
    (tmp_path / "text.txt").write_text(text)
    (tmp_path / "model").mkdir()
    if config is not None:
        (tmp_path / "model" / "config.json").write_text(config)
    assert main(["data", "gap", str(tmp_path / "text.txt"), "--model", str(tmp_path / "model")]) == 2
    assert words in capsys.readouterr().err
