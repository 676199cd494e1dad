"""Training arithmetic: floating point operations of every phase, accelerator-hours, losses by interruptions.

Enter at `flop_per_token` for the work of a phase and at `accelerator_hours` for its time.
"""

from typing import Literal, assert_never

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import SECONDS_PER_HOUR

Array = NDArray[np.float64]

FORWARD_BACKWARD = 6.0
"""FLOPs per parameter and token: 2 forward, 4 backward."""
ADAPTER_BACKWARD = 4.0
"""FLOPs per frozen parameter and token under LoRA: 2 forward, 2 for the activation gradients."""


REFERENCE_FORWARD = 2.0
"""FLOPs per parameter and token of a frozen model that only reads, as the reference of DPO, PPO and GRPO does."""
CAUSAL_ATTENTION = 6.0
"""Attention scores per token, layer, width and position, forward and backward, where a token sees its past alone."""
FULL_ATTENTION = 12.0

TrainedShare = Literal["all", "adapters"]
Phase = Literal["language", "reward", "preference", "reinforcement"]


def flop_per_token(
    params: ArrayLike,
    *,
    trained: TrainedShare,
    phase: Phase = "language",
    adapter_params: ArrayLike = 0.0,
    reference_params: ArrayLike | None = None,
) -> Array:
    """Model FLOPs of the matrix products for one token that a phase works through.

    all weights 6 N; adapters 4 N + 6 N_lora; preference (DPO) and reinforcement (PPO, GRPO, RLOO) + 2 N_ref
    units: parameters in products (per token active ones) -> FLOP/token; a pair counts with both its answers.
    source: Kaplan et al. 2020; frozen weights pass gradients on but keep none; the reference model reads once.
    validity: attention apart (`attention_flop_per_token`); writing the answers of reinforcement learning apart
    (`core.rollout`); a critic of its own adds its 6 N; cached reference log-probabilities save the last term.
    """
    size = np.asarray(params, np.float64)
    if trained == "all":
        own = FORWARD_BACKWARD * size
    elif trained == "adapters":
        own = ADAPTER_BACKWARD * size + FORWARD_BACKWARD * np.asarray(adapter_params, np.float64)
    else:
        assert_never(trained)
    if phase in ("language", "reward"):
        return own
    reference = size if reference_params is None else np.asarray(reference_params, np.float64)
    return own + REFERENCE_FORWARD * reference


def attention_flop_per_token(
    num_layers: ArrayLike, width: ArrayLike, seq_len: ArrayLike, *, causal: bool = True
) -> Array:
    """Model FLOPs of attention scores and sums for one token, forward and backward.

    a L w s;  a = 6 causal, 12 where every position sees every other (encoders)
    units: layers, heads x head size, tokens -> FLOP/token.   source: PaLM appendix B (a = 12), FlashAttention (a = 6).
    validity: exact attention; sliding windows see less. Say which a a published utilisation was counted with.
    """
    factor = CAUSAL_ATTENTION if causal else FULL_ATTENTION
    return factor * np.asarray(num_layers, np.float64) * np.asarray(width, np.float64) * np.asarray(seq_len, np.float64)


def encoder_decoder_products(
    encoder_params: ArrayLike, decoder_params: ArrayLike, *, decoder_token_fraction: ArrayLike
) -> Array:
    """Parameters that one token of an encoder-decoder meets on average.

    N = (1 - d) N_enc + d N_dec
    units: parameters, share of the tokens that the decoder reads -> parameters.   source: definition.
    validity: 6 N D on all parameters overstates the work about twofold.
    """
    share = np.asarray(decoder_token_fraction, np.float64)
    return (1.0 - share) * np.asarray(encoder_params, np.float64) + share * np.asarray(decoder_params, np.float64)


def interruption_loss_fraction(
    hours_between_stops: ArrayLike, *, checkpoint_hours: ArrayLike, restart_hours: ArrayLike
) -> Array:
    """Share of a run that interruptions cost at the best distance of checkpoints.

    tau = sqrt(2 c M);  lost = c / tau + tau / (2 M) + R / M, at most 1
    units: hours between stops of the whole run, hours of a checkpoint, hours of a restart -> 1.
    source: Young 1974, Daly 2006.   validity: stops at random, c far below M.
    """
    between, checkpoint = np.asarray(hours_between_stops, np.float64), np.asarray(checkpoint_hours, np.float64)
    distance = np.sqrt(2.0 * checkpoint * between)
    lost = checkpoint / distance + distance / (2.0 * between) + np.asarray(restart_hours, np.float64) / between
    return np.minimum(1.0, lost)


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
