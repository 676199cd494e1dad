"""`trainer export`: adapters merged into their base model, and weights in the form that another program reads.

Enter at `export`. GGUF is written by llama.cpp's own converter, found on the PATH or named by TRAINER_GGUF_CONVERTER.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput, Failed
from advisor.files import read_document

CONVERTER = "convert_hf_to_gguf.py"
CONVERTER_VARIABLE = "TRAINER_GGUF_CONVERTER"
GGUF_TYPES = {"float32": "f32", "bfloat16": "bf16", "float16": "f16"}
CARD_FILES = ("model_card.json", "README.md")


def export(model: Path, output: Path, *, to: str, dtype: str, base: Path | None) -> int:
    """Write a model for other programs.

    Args:
        model: a model directory, or one of adapters.
        output: directory of safetensors, or GGUF file; must not exist.
        to: `safetensors` or `gguf`.
        dtype: precision of the weights.
        base: base model of adapters; None: the one that they name.

    Raises:
        BadInput: there is no model, its base is not found, or something lies at `output`.
        Failed: there is no converter, or it failed.
    """
    if output.exists():
        raise BadInput(f"--output: {output} exists already; name another path")
    if not any((model / name).exists() for name in ("config.json", "adapter_config.json")):
        raise BadInput(f"MODEL: {model} holds neither a model (config.json) nor adapters (adapter_config.json)")
    command = converter() if to == "gguf" else []
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as folder:
        plain = Path(folder) / "model"
        _write_plain(model, plain, dtype, base)
        if to == "gguf":
            _convert(
                [*command, str(plain), "--outfile", str(Path(folder) / "out.gguf"), "--outtype", GGUF_TYPES[dtype]]
            )
            (Path(folder) / "out.gguf").rename(output)
        else:
            plain.rename(output)
    size = sum(file.stat().st_size for file in ([output] if output.is_file() else output.iterdir()))
    sys.stdout.write(f"written to {output}: {to}, {dtype}, {size:,} bytes\n")
    return 0


def converter() -> list[str]:
    """The command that turns a Hugging Face directory into GGUF.

    Raises:
        Failed: none is installed.
    """
    named = os.environ.get(CONVERTER_VARIABLE)
    found = named if named is not None and Path(named).is_file() else shutil.which(CONVERTER)
    if found is None:
        raise Failed(
            f"no GGUF converter: {CONVERTER} of llama.cpp is not on the PATH"
            + (f" and {CONVERTER_VARIABLE}={named} is no file" if named else "")
            + f"; get it with llama.cpp, or name it in {CONVERTER_VARIABLE}, or export --to safetensors"
        )
    return [sys.executable, found] if found.endswith(".py") else [found]


def _write_plain(model: Path, target: Path, dtype: str, base: Path | None) -> None:
    """A directory of whole weights with tokenizer and card."""
    import torch
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    source = _base_of(model, base) if (model / "adapter_config.json").exists() else model
    kinds = read_document(source / "config.json").get("architectures") or []
    kind: Any = getattr(transformers, kinds[0], None) if kinds else None
    if kind is None:
        raise BadInput(f"MODEL: {source}/config.json names no architecture that transformers has ({kinds})")
    loaded = kind.from_pretrained(source, dtype=getattr(torch, dtype), use_safetensors=True, trust_remote_code=False)
    if source is not model:
        from peft import PeftModel

        loaded = PeftModel.from_pretrained(loaded, model).merge_and_unload()
    loaded.save_pretrained(target)
    holder = model if (model / "tokenizer_config.json").exists() else source
    transformers.AutoTokenizer.from_pretrained(holder, trust_remote_code=False).save_pretrained(target)
    for name in CARD_FILES:
        if (model / name).exists():
            shutil.copy(model / name, target / name)


def _base_of(adapter: Path, base: Path | None) -> Path:
    named = (
        base if base is not None else Path(read_document(adapter / "adapter_config.json")["base_model_name_or_path"])
    )
    if not (named / "config.json").exists():
        raise BadInput(f"--base: {named} holds no base model for the adapters in {adapter}; name its directory")
    return named


def _convert(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{Path(command[1]).name} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
