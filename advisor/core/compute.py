"""Training arithmetic: floating point operations, accelerator-hours, and how many accelerators a deadline needs."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import SECONDS_PER_HOUR

Array = NDArray[np.float64]

FORWARD_BACKWARD = 6.0
"""FLOPs per parameter and token: 2 forward, 4 backward."""
ADAPTER_BACKWARD = 4.0
"""FLOPs per frozen parameter and token under LoRA: 2 forward, 2 for the activation gradients."""


def full_training_flop(params: ArrayLike, tokens: ArrayLike) -> Array:
    """Model FLOPs of training all weights.

    F = 6 N D
    units: parameters (per token active ones for MoE), tokens -> FLOP.
    source: Kaplan et al. 2020, appendix of PaLM (arXiv:2204.02311).
    validity: sequence length up to about the hidden size; attention adds a few percent beyond it.
    """
    return FORWARD_BACKWARD * np.asarray(params, np.float64) * np.asarray(tokens, np.float64)


def lora_training_flop(params: ArrayLike, tokens: ArrayLike) -> Array:
    """Model FLOPs of training low-rank adapters over frozen weights.

    F = 4 N D  (the adapters' own 6 N_lora D is below 2 % at usual ranks)
    units: parameters, tokens -> FLOP.   source: derived: forward 2N, activation gradients 2N.
    validity: measured speed-ups reach 2.3 instead of the 1.5 of this formula (peft-3b pair).
    """
    return ADAPTER_BACKWARD * np.asarray(params, np.float64) * np.asarray(tokens, np.float64)


def accelerator_hours(flop: ArrayLike, peak_flop_per_s: ArrayLike, mfu_fraction: ArrayLike) -> Array:
    """Device-hours of a run.

    H = F / (peak * MFU * 3600)
    units: FLOP, FLOP/s, 1 -> device-hours.   source: definition of model FLOP utilisation (arXiv:2204.02311).
    validity: an MFU of whole runs holds ordinary losses already; do not divide by goodput again.
    """
    return np.asarray(flop, np.float64) / (
        np.asarray(peak_flop_per_s, np.float64) * np.asarray(mfu_fraction, np.float64) * SECONDS_PER_HOUR
    )


def accelerators_for(hours: ArrayLike, wall_hours: ArrayLike) -> Array:
    """Whole devices that finish the device-hours within the wall time, at least one.

    g = max(1, ceil(H / T))
    units: device-hours, hours -> devices.   source: definition.   validity: perfect scaling over g.
    """
    return np.maximum(1.0, np.ceil(np.asarray(hours, np.float64) / np.asarray(wall_hours, np.float64)))


def training_memory_bytes(params: ArrayLike, *, method_bytes_per_param: ArrayLike) -> Array:
    """Weights, gradients and optimiser state.

    M = N * b;  b = 16 mixed-precision Adam, 8 all in bf16, 2 LoRA (adapters apart)
    units: parameters, bytes/parameter -> bytes.   source: ZeRO, Rajbhandari et al. 2020, section 3.
    validity: without activations and logits, which add 10 to 100 %.
    """
    return np.asarray(params, np.float64) * np.asarray(method_bytes_per_param, np.float64)
