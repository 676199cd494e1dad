"""Which models are timed: directories, sizes of the catalogue by name, sizes by figures, or one that fits.

Enter at `sources_of` and `fitting`; no training library is imported. `models.py` builds them.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.mistakes import describe
from advisor.contracts.plan import Architecture
from advisor.files import read_document
from trainer.measure.facts import architecture, ladder
from trainer.plan import DECODER
from trainer.sizes import ADAM_BYTES_PER_PARAMETER, activation_bytes, architecture_parameters

Source = Architecture | Path
SHAPE_KEYS = {
    "hidden": "hidden_size",
    "layers": "num_layers",
    "heads": "num_heads",
    "kv_heads": "num_kv_heads",
    "ffn": "ffn_size",
    "vocab": "vocab_size",
    "context": "context_tokens",
}
BATCH_SEQUENCES, SEQUENCE_TOKENS = 16, 256
"""Those of a plan that does not say (`PretrainPhase`)."""
HEAD_SIZE = 64
VOCAB_SIZE = 32768
CONTEXT_TOKENS = 1024
FFN_RATIO = 8 / 3
"""Width of a gated feed-forward layer over the hidden size that keeps the parameters of a plain one four times as
wide (Shazeer 2020, arXiv 2002.05202)."""
FITTING_SEQUENCES = 4
MEMORY_SHARE = 0.7
"""Of the memory that is free; the rest is for the libraries and for fragmentation."""


def sources_of(models: Sequence[str], shapes: Sequence[str]) -> list[Source]:
    """The models that the user named, in their order.

    Raises:
        BadInput: no such directory or size, or figures that make no model.
    """
    return [*(_named(name) for name in models), *(shape(text) for text in shapes)]


def check_length(sources: Sequence[Source], tokens: int | None) -> None:
    """Refuse sequences that a model does not take.

    Raises:
        BadInput: they are longer than its context.
    """
    for source in sources:
        limit = context_tokens(source)
        if tokens is not None and limit is not None and tokens > limit:
            name = str(source) if isinstance(source, Path) else source.name
            raise BadInput(f"--sequence: {tokens} is longer than the context of {name} ({limit} tokens)")


def context_tokens(source: Source) -> int | None:
    """Longest sequence of a model; None where its configuration does not say."""
    if not isinstance(source, Path):
        return source.context_tokens
    limit = read_document(source / "config.json").get("max_position_embeddings")
    return int(limit) if limit else None


def shape(text: str) -> Architecture:
    """`hidden=512,layers=8`: a size by its figures; what is left out follows from the hidden size."""
    given: dict[str, int] = {}
    for part in text.split(","):
        key, _, value = part.strip().partition("=")
        if key not in SHAPE_KEYS:
            raise UnknownName("figure of --shape", key, SHAPE_KEYS, "as in hidden=512,layers=8")
        if not value.isdecimal():
            raise BadInput(f"--shape: {key}: expected a whole number, got {value!r}")
        given[SHAPE_KEYS[key]] = int(value)
    missing = [name for name in ("hidden", "layers") if SHAPE_KEYS[name] not in given]
    if missing:
        raise BadInput(f"--shape: {text!r} lacks {' and '.join(missing)}; give at least hidden=512,layers=8")
    hidden = given["hidden_size"]
    heads = given.get("num_heads", max(1, hidden // HEAD_SIZE))
    figures = {
        "num_heads": heads,
        "num_kv_heads": heads,
        "ffn_size": max(1, round(FFN_RATIO * hidden / HEAD_SIZE)) * HEAD_SIZE,
        "vocab_size": VOCAB_SIZE,
        "context_tokens": CONTEXT_TOKENS,
        **given,
    }
    try:
        return Architecture.model_validate({"name": f"shape {text}", **figures})
    except ValidationError as error:
        raise BadInput(describe(error, Architecture, "--shape")) from error


def fitting(memory_bytes: float | None, flop_per_s: float, share_s: float, *, steps: int) -> Architecture:
    """The largest size of the ladder whose steps fit the memory and the time; the smallest where none does.

    A batch of `FITTING_SEQUENCES` has to fit; it is made as large as the time allows afterwards.
    """
    sizes = ladder()
    chosen = sizes[0]
    for size in sizes:
        rows, length = batch_of(size, FITTING_SEQUENCES, None)
        in_memory = memory_bytes is None or training_bytes(size, rows, length) <= MEMORY_SHARE * memory_bytes
        step_s = 6 * matmul_estimate(size) * rows * length / flop_per_s
        if in_memory and steps * step_s <= share_s:
            chosen = size
    return chosen


def batch_of(source: Source, sequences: int | None, tokens: int | None) -> tuple[int, int]:
    """Sequences and their length: as given, or those that a plan has by default, within the model's context."""
    limit = context_tokens(source)
    length = tokens if tokens is not None else min(SEQUENCE_TOKENS, limit or SEQUENCE_TOKENS)
    return (sequences if sequences is not None else BATCH_SEQUENCES), length


def matmul_estimate(size: Architecture) -> int:
    """Parameters in matrix products, without building the model: all but the look-up table (and a few norms)."""
    return architecture_parameters(size) - size.vocab_size * size.hidden_size


def training_bytes(size: Architecture, rows: int, length: int) -> float:
    """Memory of a training step, float32, as `trainer run --dry-run` states it."""
    return ADAM_BYTES_PER_PARAMETER * architecture_parameters(size) + activation_bytes(size, rows * length, length)


def _named(name: str) -> Source:
    directory = Path(name)
    if not directory.is_dir():
        return architecture(name)
    if not (directory / "config.json").exists():
        inner = directory / "model"
        hint = f"; did you mean {inner}?" if (inner / "config.json").exists() else ""
        raise BadInput(f"--model: {directory} is no model directory (config.json is missing){hint}")
    config = read_document(directory / "config.json")
    if "num_experts_per_tok" in config:
        raise BadInput(
            f"--model: {directory} is a mixture of experts, whose parameters per token are not counted here; "
            "give a dense model"
        )
    kinds = config.get("architectures") or []
    if not any(DECODER.search(str(kind)) for kind in kinds):
        raise BadInput(
            f"--model: {directory} is {', '.join(map(str, kinds)) or 'of no stated architecture'}; "
            "decoders alone are timed (...ForCausalLM)"
        )
    return directory
