"""The coefficients of the serving formulas: which rows of the catalogue make up the fit of a part and an engine.

Enter at `step_fit` and `power_fit`; both take values by name, central ones or draws.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from advisor.core.decode import StepFit
from advisor.core.serving_power import PowerFit
from advisor.estimate.parts import Part

PREFIX = "serving_"
GENERATIONS = ("a100", "h100", "b200", "amd", "consumer", "cpu")
"""Classes of parts with coefficients of their own; all others take those of `other`."""
BY_GENERATION = (
    "bandwidth_efficiency_fraction",
    "compute_efficiency_fraction",
    "prefill_efficiency_fraction",
    "layer_s",
)
BY_ENGINE = ("overhead_ratio", "compute_ratio")
BY_SERVER = ("sequence_s", "expert_ratio")
"""Told apart for vLLM and TensorRT-LLM alone: only they have rows with many sequences."""
SHARED = (
    "step_s",
    "expert_layer_s",
    "narrow_layer_s",
    "narrow_expert_layer_s",
    "hop_s",
    "cache_ratio",
    "expert_tile_tokens",
    "chunk_tokens",
    "narrow_exponent",
    "overlap_exponent",
    "link_efficiency_fraction",
)
POWER = ("idle_power_fraction", "single_power_fraction", "full_power_fraction", "half_power_batch")


def generation_of(part: Part | None) -> str:
    """The generation whose coefficients a part takes."""
    return part.mfu_class if part is not None and part.mfu_class in GENERATIONS else "other"


def names_for(generation: str, engine: str) -> tuple[str, ...]:
    """The rows of the catalogue, without their prefix, that a part's generation and an engine need."""
    return (
        *(f"{name}.{generation}" for name in BY_GENERATION),
        *(f"{name}.{engine}" for name in BY_ENGINE),
        *(f"{name}.{_server(engine)}" for name in BY_SERVER),
        _expansion(engine),
        *SHARED,
        *(("ceiling_flop_per_s",) if engine == "llamacpp" else ()),
    )


def _server(engine: str) -> str:
    return engine if engine in ("vllm", "tensorrt") else "other"


def _expansion(engine: str) -> str:
    """Compiled engines widen packed weights inside the product; others write them out first."""
    return "expansion_ratio.eager" if engine == "eager" else "expansion_ratio.fused"


def step_fit(values: Mapping[str, ArrayLike], generation: str, engine: str) -> StepFit:
    """Coefficients of a step: those of the generation, stretched by the engine's ratios.

    llama.cpp multiplies single tokens as vectors, so that no tiles stay empty.
    """
    v = {name: np.asarray(values[name], np.float64) for name in names_for(generation, engine)}
    slow, quick = v[f"overhead_ratio.{engine}"], v[f"compute_ratio.{engine}"]
    return StepFit(
        step_s=v["step_s"] * slow,
        layer_s=v[f"layer_s.{generation}"] * slow,
        expert_layer_s=v["expert_layer_s"] * slow,
        narrow_layer_s=v["narrow_layer_s"] * slow,
        narrow_expert_layer_s=v["narrow_expert_layer_s"] * slow,
        hop_s=v["hop_s"],
        sequence_s=v[f"sequence_s.{_server(engine)}"],
        bandwidth_efficiency=v[f"bandwidth_efficiency_fraction.{generation}"],
        cache_ratio=v["cache_ratio"],
        expansion_ratio=v[_expansion(engine)],
        compute_efficiency=v[f"compute_efficiency_fraction.{generation}"] * quick,
        prefill_efficiency=v[f"prefill_efficiency_fraction.{generation}"] * quick,
        expert_ratio=v[f"expert_ratio.{_server(engine)}"],
        chunk_tokens=v["chunk_tokens"],
        overlap_exponent=v["overlap_exponent"],
        expert_tile_tokens=v["expert_tile_tokens"] * (0.0 if engine == "llamacpp" else 1.0),
        narrow_exponent=v["narrow_exponent"],
        link_efficiency=v["link_efficiency_fraction"],
        ceiling_flop_per_s=v.get("ceiling_flop_per_s", np.asarray(np.inf)),
    )


def power_fit(values: Mapping[str, ArrayLike]) -> PowerFit:
    """Coefficients of the draw."""
    return PowerFit(*(np.asarray(values[name], np.float64) for name in POWER))
