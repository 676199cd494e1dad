"""Model directories, checked before anything heavy is imported, and the model card beside the weights.

Enter at `served_models`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import ModelCard
from advisor.files import read_contract, read_document

CARD = "model_card.json"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class ServedModel:
    """A model under the name that clients ask for."""

    name: str
    path: Path | None
    """None: the echo engine without a directory."""
    card: ModelCard | None = None


def served_models(paths: Sequence[Path], names: Sequence[str], *, weights: bool) -> list[ServedModel]:
    """Check the directories and name the models.

    Args:
        paths: model directories.
        names: their names in the same order, or none: the directories' own.
        weights: whether the engine needs configuration, tokenizer and weights.

    Raises:
        BadInput: a directory is missing or incomplete, or names do not fit.
    """
    if names and len(names) != max(len(paths), 1):
        raise BadInput(f"--name: {len(names)} names for {max(len(paths), 1)} models; give one per model directory")
    if not paths:
        if weights:
            raise BadInput("MODEL_DIR: give at least one model directory, or --engine echo")
        return [ServedModel(names[0] if names else "echo", None)]
    found = [_model_dir(path, weights=weights) for path in paths]
    called = list(names) or [path.resolve().name for path in found]
    twice = next((name for name in called if called.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f"two models are called {twice!r}; tell them apart with --name, once per model directory")
    if "" in called:
        raise BadInput("--name: a model needs a name that is not empty")
    return [ServedModel(name, path, _card(path)) for name, path in zip(called, found, strict=True)]


def _model_dir(path: Path, *, weights: bool) -> Path:
    if not path.is_dir():
        raise BadInput(f"{path}: no such model directory")
    if not weights:
        return path
    if not (path / "config.json").is_file() and (path / "model" / "config.json").is_file():
        path /= "model"
    if not (path / "config.json").is_file():
        raise BadInput(f"{path}: no config.json, so this is neither a model directory nor a run that holds one")
    config = _config(path / "config.json")
    if config.get("is_encoder_decoder"):
        raise BadInput(f"{path}: an encoder-decoder model ({config.get('model_type')}); only decoders are served")
    if not any((path / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise BadInput(f"{path}: no tokenizer.json beside config.json; save the tokenizer into the same directory")
    if not any(next(path.glob(pattern), None) for pattern in WEIGHTS):
        raise BadInput(f"{path}: no weights ({' or '.join(WEIGHTS)})")
    return path


def _config(path: Path) -> dict[str, Any]:
    document = read_document(path)
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a model configuration: {json.dumps(document)[:60]}")
    return document


def _card(path: Path) -> ModelCard | None:
    return read_contract(path / CARD, ModelCard) if (path / CARD).is_file() else None
