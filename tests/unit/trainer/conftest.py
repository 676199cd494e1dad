"""Fixtures of the trainer's tests: nothing is asked of a hub."""

import os

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@pytest.fixture(scope="session")
def tiny_tokenizer(tmp_path_factory):
    """A tokenizer of 300 tokens, trained on a few words."""
    from trainer.tokenizer import train_tokenizer

    directory = tmp_path_factory.mktemp("tokenizer")
    texts = ["the quick brown fox jumps over the lazy dog", "user assistant pages of the reference"] * 20
    train_tokenizer(texts, vocab_size=300, context_tokens=64, directory=directory)
    return directory
