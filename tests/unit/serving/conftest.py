"""Fixtures of the serving tests: one tiny model and one engine per session."""

import pytest
from tiny_causal_model import save_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def engine(tiny_model):
    from serving.engines.transformers import load_engine

    loaded = load_engine(tiny_model, threads=1)
    yield loaded
    loaded.close()
