"""Model, tokenizer and adapter directories into memory: safetensors only, nothing of a checkpoint is executed.

Enter at `load_tokenizer` and `load_weights`.
"""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from advisor.contracts.errors import Failed

UNLOADABLE = (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, SafetensorError)


def load_tokenizer(path: Path) -> Any:
    """The tokenizer of a model directory.

    Raises:
        Failed: transformers cannot load it, or it has no fast form.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    except UNLOADABLE as error:
        raise unloadable(path, error) from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise Failed(f"{path}: the tokenizer has no tokenizer.json form; save it as a fast tokenizer")
    return tokenizer


def load_weights(path: Path, adapters: Mapping[str, Path]) -> Any:
    """A causal language model on the device there is, with its adapters, ready to answer.

    Raises:
        Failed: transformers cannot load the model, or peft an adapter.
    """
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(
            path,
            dtype="auto" if torch.cuda.is_available() else torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
        )
    except UNLOADABLE as error:
        raise unloadable(path, error) from error
    for name, directory in adapters.items():
        model = _adapted(model, name, directory)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def name_inside(name: str) -> str:
    """An adapter's name for peft, which takes no dots."""
    return f"a{name.encode().hex()}"


def unloadable(path: Path, error: Exception) -> Failed:
    """What transformers says of a directory, in one line."""
    return Failed(f"{path}: transformers cannot load this model: {' '.join(str(error).split())[:300]}")


def _adapted(model: Any, name: str, directory: Path) -> Any:
    try:
        with warnings.catch_warnings():  # peft asks transformers by a name that transformers is about to drop
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
            return _with_adapter(model, name, directory)
    except UNLOADABLE as error:
        said = " ".join(str(error).split())[:300]
        raise Failed(f"--adapter {directory}: peft cannot put it over this model: {said}") from error


def _with_adapter(model: Any, name: str, directory: Path) -> Any:
    from peft import PeftModel

    if isinstance(model, PeftModel):
        model.load_adapter(str(directory), adapter_name=name_inside(name))
        return model
    return PeftModel.from_pretrained(model, str(directory), adapter_name=name_inside(name))
