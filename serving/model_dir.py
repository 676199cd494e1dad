"""Model directories, checked before anything heavy is imported, and the model card beside the weights.

Enter at `served_models`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.runs import ModelCard
from advisor.files import read_contract, read_document

CARD = "model_card.json"
ADAPTER = "adapter_config.json"
ENCODERS = frozenset(
    {
        *("albert", "bert", "big_bird", "camembert", "convbert", "data2vec-text", "deberta", "deberta-v2"),
        *("distilbert", "electra", "ernie", "eurobert", "longformer", "megatron-bert", "mobilebert", "modernbert"),
        *("mpnet", "nomic_bert", "rembert", "roberta", "roformer", "xlm-roberta", "xlm-roberta-xl"),
    }
)
"""Model types of transformers that read a whole text at once and generate none."""
WEIGHTS = "*.safetensors"
"""No other form is loaded: pickled weights can hold code."""


@dataclass(frozen=True)
class ServedModel:
    """A model under the name that clients ask for."""

    name: str
    path: Path | None
    """None: the echo engine without a directory."""
    card: ModelCard | None = None
    parent: str | None = None
    """Model over whose weights this is an adapter."""
    encoder: bool = False
    """It makes vectors of texts and generates none."""


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
    return [
        ServedModel(name, path, _card(path), encoder=weights and is_encoder(_config(path / "config.json")))
        for name, path in zip(called, found, strict=True)
    ]


def is_encoder(config: Mapping[str, Any]) -> bool:
    """Whether a model of this configuration is of the BERT type."""
    return config.get("model_type") in ENCODERS and not config.get("is_decoder")


def adapter_model(name: str, directory: Path, base: ServedModel) -> ServedModel:
    """A LoRA directory over a base model.

    Raises:
        BadInput: it holds no LoRA adapter in safetensors.
    """
    path = directory
    if not (path / ADAPTER).is_file() and (path / "adapter" / ADAPTER).is_file():
        path /= "adapter"
    if not (path / ADAPTER).is_file():
        raise BadInput(f"--adapter {directory}: no {ADAPTER}, so this is no directory of an adapter")
    kind = _config(path / ADAPTER).get("peft_type")
    if kind != "LORA":
        raise BadInput(f"--adapter {directory}: an adapter of the type {kind}; only LORA is served")
    if not (path / "adapter_model.safetensors").is_file():
        raise BadInput(f"--adapter {directory}: no adapter_model.safetensors beside {ADAPTER}")
    return ServedModel(name, path, _card(path), parent=base.name)


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
        raise BadInput(
            f"{path}: an encoder-decoder model ({config.get('model_type')}); only decoders and encoders are served"
        )
    if not any((path / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise BadInput(f"{path}: no tokenizer.json beside config.json; save the tokenizer into the same directory")
    if next(path.glob(WEIGHTS), None) is None:
        raise BadInput(f"{path}: no weights ({WEIGHTS}); save them with save_pretrained of transformers")
    return path


def _config(path: Path) -> dict[str, Any]:
    document = read_document(path)
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a model configuration: {json.dumps(document)[:60]}")
    return document


def _card(path: Path) -> ModelCard | None:
    return read_contract(path / CARD, ModelCard) if (path / CARD).is_file() else None
