"""Parts of the phases that can be checked without training."""

import io
import math

import pytest
from rich.console import Console

from advisor.contracts.baseline import SuiteItem
from trainer.progress import Progress


def completions(*texts):
    return [[{"role": "assistant", "content": text}] for text in texts]


def test_the_guard_punishes_empty_and_rambling_answers_and_no_others():
    from trainer.phases.rewards import length_guard

    guard = length_guard(4)
    assert guard(completions("data model", "", "   ", "a b c d", "a b c d e")) == [0.0, -1.0, -1.0, 0.0, -1.0]


def test_blocks_hold_every_token_once_in_order_with_texts_kept_apart(tiny_tokenizer):
    from transformers import AutoTokenizer

    from trainer.phases.pretrain import PackedBlocks

    tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer)
    texts = ["the quick brown fox", "jumps over the lazy dog"] * 5
    blocks = PackedBlocks(texts, tokenizer, 8)
    whole = "<|endoftext|>".join(texts) + "<|endoftext|>"
    packed = tokenizer.decode(blocks.blocks.flatten().tolist())
    assert whole.startswith(packed) and len(blocks) >= 5
    assert all(len(blocks[n]["input_ids"]) == 8 for n in range(len(blocks)))


def test_blocks_longer_than_the_corpus_are_refused(tiny_tokenizer):
    from transformers import AutoTokenizer

    from advisor.contracts.errors import BadInput
    from trainer.phases.pretrain import PackedBlocks

    with pytest.raises(BadInput, match=r"phases\.pretrain\.sequence_tokens: 4096 is longer"):
        PackedBlocks(["the fox"], AutoTokenizer.from_pretrained(tiny_tokenizer), 4096)


@pytest.fixture(scope="module")
def even_model(tiny_tokenizer, tmp_path_factory):
    """A model that gives every token the same probability, whatever came before."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    directory = tmp_path_factory.mktemp("even")
    tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16,
        tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    torch.nn.init.zeros_(model.lm_head.weight)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def test_bits_per_byte_of_an_even_model_are_tokens_times_log2_of_the_vocabulary_per_byte(even_model):
    """Each token costs log2(V) bits; texts longer than the context of 16 are read in windows, none is left out."""
    from trainer.evaluate.model import bits_per_byte, load

    model, tokenizer = load(even_model)
    texts = ["the quick brown fox " * 10, "größer", "x"]
    tokens = sum(len(tokenizer(text)["input_ids"]) for text in texts)
    expected = tokens * math.log2(len(tokenizer)) / sum(len(text.encode()) for text in texts)
    score = bits_per_byte(model, tokenizer, texts)
    assert score.value == pytest.approx(expected, rel=1e-5)
    assert (score.n, score.unit) == (3, "bits_per_byte")


def test_an_evaluation_counts_every_question_and_calls_back_to_the_end(even_model):
    from trainer.evaluate.model import evaluate_directory

    items = [
        SuiteItem(id=str(n), messages=({"role": "user", "content": "the dog?"},), expected="fox") for n in range(20)
    ]
    seen = []
    report = evaluate_directory(
        even_model, task="classification", items=items, texts=["the fox"], advance=lambda *now: seen.append(now)
    )
    assert report.primary == "accuracy"
    assert {score.name: score.n for score in report.scores}["accuracy"] == 20
    assert seen[-1] == (21, 21)


def test_without_a_terminal_progress_is_a_line_with_figures_speed_and_time_left():
    stream = io.StringIO()
    with Progress(Console(file=stream)) as progress:
        progress.begin("sft", total=4)
        progress.figures({"loss": 1.25, "learning_rate": 0.1})
        progress._line_s -= 40
        progress.advance(1, 4, 100)
        progress._line_s -= 40
        progress.advance(2, 4, 200)
        progress.advance(3, 4, 300)
        progress.advance(4, 4, 400)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "sft ..."
    assert len(lines) == 4, "the third step follows too soon for a line of its own; the last always has one"
    assert "loss 1.250" in lines[2] and "tokens/s" in lines[2] and "s left" in lines[2]
    assert "sft 4/4" in lines[3]
