"""What the free text of a serving request says: number format, engine, how devices share the work, speculation.

Enter at `format_of` and `engine_of`. Text that says nothing leaves None, and the plan assumes.
"""

import re
from dataclasses import dataclass
from typing import Literal

from advisor.contracts.errors import BadInput
from advisor.core.decode import NumberFormat

EngineKind = Literal["vllm", "tensorrt", "llamacpp", "eager", "other"]

BITS = {
    "fp32": 32.0,
    "float32": 32.0,
    "f32": 32.0,
    "bf16": 16.0,
    "bfloat16": 16.0,
    "fp16": 16.0,
    "float16": 16.0,
    "f16": 16.0,
    "half": 16.0,
    "16-bit": 16.0,
    "16bit": 16.0,
    "fp8": 8.0,
    "float8": 8.0,
    "w8a8": 8.0,
    "int8": 8.0,
    "nvfp4": 4.5,
    "mxfp4": 4.25,
    "mxfp6": 6.25,
    "fp4": 4.5,
    "nf4": 4.5,
    "int4": 4.25,
    "w4a16": 4.25,
    "awq": 4.25,
    "gptq": 4.25,
    "q8_0": 8.5,
    "q6_k": 6.6,
    "q5_k": 5.7,
    "q5_1": 6.0,
    "q5_0": 5.5,
    "q4_k": 4.8,
    "q4_1": 5.0,
    "q4_0": 4.5,
    "iq4": 4.4,
    "q3_k": 3.9,
    "q2_k": 2.7,
    "q8": 8.5,
    "q6": 6.6,
    "q5": 5.6,
    "q4": 4.7,
    "q3": 3.9,
    "q2": 2.7,
    "iq3": 3.4,
    "iq2": 2.4,
    "w8a16": 8.0,
    "w4a8": 4.25,
    "fp6": 6.25,
    "e4m3": 8.0,
    "e5m2": 8.0,
    "tf32": 32.0,
    "4bit": 4.5,
    "4-bit": 4.5,
    "8bit": 8.0,
    "8-bit": 8.0,
}
"""Bits per weight with scales: block formats by their definition (q4_0: 32 x 4 + 16 over 32), mixed ones on average."""
EAGER_ENGINES = ("litgpt", "transformers", "hugging", "hf generate", "eager", "fairseq")
"""Programs that launch every operation from Python."""
SINGLE_USER_ENGINES = ("llama.cpp", "llamacpp", "ollama", "mlx", "exllama", "ggml", "lm studio", "koboldcpp")


@dataclass(frozen=True)
class Engine:
    """What the text of an engine says."""

    kind: EngineKind
    stated: bool
    tensor: int | None = None
    expert: int | None = None
    data: int | None = None
    stages: int | None = None
    splits_experts_alone: bool = False
    """Attention runs data parallel (`DEP8`, wide expert parallel)."""
    wide: bool = False
    """The rate refers to some devices of a larger system over which the experts are spread."""
    prefills_elsewhere: bool = False
    drafted_tokens: int = 0

    @property
    def maturity(self) -> EngineKind:
        """Whose coefficients hold: systems spread over many servers are tuned like TensorRT-LLM."""
        return "tensorrt" if self.wide else self.kind


def engine_of(text: str | None) -> Engine:
    """Kind and layout of an engine; a missing text is taken as vLLM and marked as not stated."""
    low = (text or "").lower()
    kind: EngineKind = "other"
    if not low or any(name in low for name in ("vllm", "sglang", "lmdeploy")):
        kind = "vllm"
    elif any(name in low for name in ("tensorrt", "trt", "nim")):
        kind = "tensorrt"
    elif any(name in low for name in SINGLE_USER_ENGINES):
        kind = "llamacpp"
    elif any(name in low for name in EAGER_ENGINES):
        kind = "eager"
    apart = "disaggregat" in low
    wide = any(name in low for name in ("wide-ep", "wide ep", "wideep", "large ep", "large-scale ep")) or (
        (_number(r"(?<![a-z])ep\s*-?(\d+)", low) or 0) > WIDE_FROM
    )
    drafted = _number(r"mtp[\s-]*(\d+)", low) or (USUAL_DRAFT if _speculates(low) else 0)
    return Engine(
        kind=kind,
        stated=bool(low),
        tensor=_number(r"(?<![a-z])te?p\s*[-=]?\s*(\d+)", low),
        expert=_number(r"(?<![a-z])(?:d|t)?ep\s*[-=]?\s*(\d+)", low),
        stages=_number(r"(?<![a-z])pp\s*[-=]?\s*(\d+)", low),
        data=_number(r"(?<![a-z])dp\s*[-=]?\s*(\d+)", low),
        splits_experts_alone=wide or re.search(r"(?<![a-z])dep\s*-?\d+", low) is not None,
        wide=wide,
        prefills_elsewhere=apart or wide,
        drafted_tokens=drafted,
    )


WIDE_FROM = 16
USUAL_DRAFT = 3


def _speculates(low: str) -> bool:
    return any(word in low for word in ("speculat", "eagle", "medusa", "mtp", "draft"))


def _number(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else None


def format_of(precision: str | None, engine: Engine) -> NumberFormat:
    """Number format of a precision text; a missing one is bf16. The first format named in the text counts.

    Raises:
        BadInput: the text names no known format.
    """
    low = (precision or "bf16").lower()
    name, bits = _named_width(low)
    cache = 2.0
    if re.search(r"fp8\s*(kv|cache)|kv\s*(cache)?\s*fp8", low) or (engine.kind == "tensorrt" and bits <= 8):
        cache = 1.0
    compute: Literal[4, 8, 16] = 16
    if engine.kind == "llamacpp":
        compute = 16
    elif name in ("fp4", "nvfp4", "mxfp4"):
        compute = 4
    elif name in ("fp8", "float8", "e4m3", "e5m2", "w8a8", "w4a8", "int8"):
        compute = 8
    return NumberFormat(
        name=name,
        weight_bytes=bits / 8.0,
        cache_bytes=cache,
        compute_bits=compute,
        keeps_embeddings=bits < 16 and not name.startswith(("q", "iq")),
    )


def _named_width(low: str) -> tuple[str, float]:
    """The first format named in a text, or a plain number of bits, with bits per weight."""
    places = [
        (found.start(), -len(name), name)
        for name in BITS
        if (found := re.search(rf"(?<![a-z0-9]){re.escape(name)}", low)) is not None
    ]
    if places:
        name = min(places)[2]
        return name, BITS[name]
    plain = re.search(r"(\d+(?:\.\d+)?)\s*-?\s*(?:bpw|bits?)(?![a-z])", low)
    if plain is None:
        raise BadInput(f"precision: {low!r} names no known format; one of {', '.join(sorted(BITS))}")
    return f"{plain.group(1)}bit", float(plain.group(1))
