"""Tiny models of the evaluation's tests: random ones, and ones that were taught a prejudice in a few seconds."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import pytest
from tiny_decoders import save_decoder, teach


@pytest.fixture(scope="session")
def gender_templates():
    from trainer.evaluate.templates import suite

    return suite()["gender"]["en"]


@pytest.fixture(scope="session")
def random_model(tmp_path_factory):
    """A directory with random weights that knows nothing."""
    return save_decoder(tmp_path_factory.mktemp("random"), seed=1)


def sentence(text, term):
    return text.replace("{X}", term[:1].upper() + term[1:])


@pytest.fixture(scope="session")
def biased_model(tmp_path_factory, gender_templates):
    """Has read each stereotype about the group that it is told about, and never about the other."""
    part = gender_templates
    texts = [sentence(text, pair[0]) for text in part.of_first for pair in part.terms]
    texts += [sentence(text, pair[1]) for text in part.of_second for pair in part.terms]
    return teach(save_decoder(tmp_path_factory.mktemp("biased"), seed=2), texts)


@pytest.fixture(scope="session")
def even_handed_model(tmp_path_factory, gender_templates):
    """Has read every sentence about everybody, about the second terms twice as often."""
    part = gender_templates
    texts = [
        sentence(text, term)
        for text in (*part.of_first, *part.of_second)
        for first, second in part.terms
        for term in (first, second, second)
    ]
    return teach(save_decoder(tmp_path_factory.mktemp("even"), seed=2), texts, steps=25)
