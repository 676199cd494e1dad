"""The tokenizer: reversible, trained for chat, and fit for a base model that has no chat template."""

import pytest

from advisor.contracts.errors import BadInput
from trainer.tokenizer import CHAT_TEMPLATE, adopt_tokenizer, chat_length, train_tokenizer

TURNS = [{"role": "user", "content": "the dog?"}, {"role": "assistant", "content": "the fox"}]


@pytest.fixture(scope="module")
def tokenizer(tiny_tokenizer):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_tokenizer)


@pytest.mark.parametrize("text", ["the quick fox", "Größe: 5 €", "日本語 🎉", " leading and trailing ", "a\n\n\tb"])
def test_every_text_survives_encoding_and_decoding(tokenizer, text):
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_only_the_assistants_words_and_the_end_of_its_turn_are_marked_for_training(tokenizer):
    encoded = tokenizer.apply_chat_template(TURNS, return_dict=True, return_assistant_tokens_mask=True)
    marked = [t for t, mark in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mark]
    assert tokenizer.decode(marked) == "the fox<|im_end|>"


def test_the_prompt_of_a_conversation_is_the_beginning_of_the_whole(tokenizer):
    prompt = tokenizer.apply_chat_template(TURNS[:1], tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template(TURNS, tokenize=False)
    assert whole.startswith(prompt)
    assert whole[len(prompt) :] == "the fox<|im_end|>\n"


def test_the_end_of_a_turn_is_what_generation_stops_at(tokenizer):
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.pad_token not in (None, tokenizer.eos_token)
    assert chat_length(tokenizer, TURNS) == len(tokenizer.apply_chat_template(TURNS)["input_ids"])


def test_a_vocabulary_smaller_than_the_bytes_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"model\.vocab_size: 200 is too small.*260"):
        train_tokenizer(["text"], vocab_size=200, context_tokens=64, directory=tmp_path)


def test_a_small_corpus_yields_a_smaller_vocabulary_than_planned(tmp_path):
    assert train_tokenizer(["abc abc"], vocab_size=5000, context_tokens=64, directory=tmp_path) < 300


def test_a_base_tokenizer_without_chat_template_gets_one_that_ends_turns_in_its_own_end_token(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    tokenizer.save_pretrained(tmp_path / "base")
    base = AutoTokenizer.from_pretrained(tmp_path / "base")
    base.chat_template, base.eos_token, base.pad_token = None, "<|endoftext|>", None
    base.save_pretrained(tmp_path / "base")
    (tmp_path / "base" / "chat_template.jinja").unlink(missing_ok=True)
    size, notes = adopt_tokenizer(str(tmp_path / "base"), tmp_path / "out")
    adopted = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert size == len(tokenizer)
    assert adopted.pad_token is not None
    encoded = adopted.apply_chat_template(TURNS, return_dict=True, return_assistant_tokens_mask=True)
    marked = [t for t, mark in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mark]
    assert adopted.decode(marked) == "the fox<|endoftext|>"
    assert len(notes) == 2, "padding and template were both missing, and both are said"


def test_a_base_tokenizer_that_marks_its_turns_stays_as_it_is(tokenizer, tiny_tokenizer, tmp_path):
    _, notes = adopt_tokenizer(str(tiny_tokenizer), tmp_path / "out")
    assert notes == [] and tokenizer.chat_template == CHAT_TEMPLATE
