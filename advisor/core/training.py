"""How long training takes: the time of one token on one device, from work, traffic and communication.

Enter at `token_time_s`. A `TrainingFit` holds the coefficients (data/parameters/training.yml: what each was fit on);
a `TrainingLoad` holds what is trained on what. All fields may be arrays: one formula serves one run and 10,000 draws.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

BYTES_16_BIT = 2.0
GATHERS_PER_STEP = 3.0
"""Passes of all weights over the links in a step of sharded training: gathered forward, gathered backward, reduced."""
TENSOR_PARALLEL_TRAFFIC = 16.0
"""Bytes per token, layer, hidden unit and device when products are shared: four all-reduces of 16-bit values, twice
through the link each (Megatron-LM, arXiv:1909.08053)."""
STATE_TRAFFIC_BYTES = 32.0
"""Bytes that the optimiser reads and writes per trained parameter and step: gradient, master copy and two moments."""
LOGIT_TRAFFIC_BYTES = 20.0
"""Bytes per token and entry of the vocabulary: 16-bit logits, their 32-bit copy and its gradient, written and read."""
RECOMPUTE_RATIO = 4.0 / 3.0
"""Executed over model FLOPs when the forward pass is run twice (Korthikanti et al. 2022)."""


@dataclass(frozen=True)
class TrainingFit:
    """Coefficients of the step time; each is a plain physical share, factor or time."""

    matmul_efficiency_fraction: ArrayLike
    """Share of the sustained matrix rate that large products reach."""
    attention_efficiency_ratio: ArrayLike
    """Efficiency of attention kernels over that of the products."""
    activation_traffic_factor: ArrayLike
    """Activations moved to and from memory per layer, token and unit of hidden size."""
    exposed_communication_fraction: ArrayLike
    """Share of the communication that computation does not hide."""
    layer_overhead_s: ArrayLike
    """Launch time of a layer's kernels, forward and backward, per micro-step."""
    low_precision_gain_ratio: ArrayLike
    """Speed of 8-bit products over 16-bit ones, and of 4-bit over 8-bit ones, casts and scales included."""
    expert_width_half: ArrayLike
    """Feed-forward width at which routed experts reach half the speed of dense products of the same work: narrow
    experts mean small products and more exchange per unit of work."""
    software_gain_per_year: ArrayLike
    """Yearly gain of kernels, frameworks and practice."""


@dataclass(frozen=True)
class TrainingLoad:
    """What is trained on what, per token and device."""

    matmul_flop: ArrayLike
    """Model FLOPs of the products per token (6 N for all weights)."""
    attention_flop: ArrayLike
    """Model FLOPs of attention scores per token (6 L h s causal)."""
    shared_params: ArrayLike
    """Parameters that every device needs: all of a dense model, the active ones of a mixture of experts."""
    trained_params: ArrayLike
    """Parameters with optimiser state."""
    streamed_bytes: ArrayLike
    """Bytes that unpacking quantised weights moves in each pass of a device; 0 for plain weights."""
    num_layers: ArrayLike
    hidden_size: ArrayLike
    vocab_size: ArrayLike
    expert_width: ArrayLike
    """Feed-forward width of one routed expert; infinite for dense models."""
    software_years: ArrayLike
    """Years beyond 2024 (negative before)."""
    halvings: ArrayLike
    """Times the 16 bits of the products are halved: 0, 1 for 8-bit, 2 for 4-bit ones."""
    recomputed: ArrayLike
    """Share of the forward pass that is run twice."""
    tokens_per_micro_step: ArrayLike
    """Tokens of one device between two passes of the weights over the links."""
    tokens_per_step: ArrayLike
    """Tokens of one device between two optimiser steps."""
    devices: ArrayLike
    sustained_flop_per_s: ArrayLike
    """16-bit matrix rate that the part holds at its power limit."""
    bandwidth_bytes_per_s: ArrayLike
    tensor_parallel_devices: ArrayLike
    """Devices of a server that may share each product; 1 where there is no server."""
    server_link_bytes_per_s: ArrayLike
    """One direction of the link between the devices of a server."""
    network_bytes_per_s: ArrayLike
    """One direction, per device, of the narrowest link between all devices of the run."""


def sustained_flop_per_s(
    peak_flop_per_s: ArrayLike,
    *,
    achievable_fraction: ArrayLike,
    power_limit_ratio: ArrayLike = 1.0,
) -> Array:
    """Matrix rate that a part holds.

    r = peak * a * min(1, p)^(1/2)
    units: FLOP/s, 1, 1 -> FLOP/s; p: the part's power limit over that of the part on which a was measured.
    source: a: measured large products (stas00/ml-engineering); square root: dynamic power grows with f V^2, V with f.
    validity: throttled variants of one chip, p above 0.4.
    """
    limit = np.minimum(1.0, np.asarray(power_limit_ratio, np.float64))
    return np.asarray(peak_flop_per_s, np.float64) * np.asarray(achievable_fraction, np.float64) * np.sqrt(limit)


def token_time_s(load: TrainingLoad, fit: TrainingFit) -> Array:
    """Device-seconds per trained token in steady state.

    t = (1 + r/3) (F_mm / (e R q x) + F_att / (e k R)) + (2 c L h + 20 V) / BW
        + t_opt + t_q + t_launch + exposed(t_comm)
    x = f / (f + f_half) for experts of width f, else 1
    t_opt = 32 N_tr / (g BW T_step), t_q = unpacked bytes / (BW T_micro), t_launch = L o / T_micro
    t_comm = min(3 * 2 N / (network T_micro), 16 tp h L / server link)    sharded weights, or tensor parallel
    exposed(x) = phi x + (1 - phi) max(0, x - compute)
    units: FLOP, bytes, tokens -> s/token and device.   source: roofline terms; coefficients fit on published steps.
    q = gain^halvings
    validity: sharded data parallel and its combinations with tensor and pipeline parallel; 100 M to 500 B parameters.
    """
    n = _Floats(load)
    learned = np.exp(np.asarray(fit.software_gain_per_year, np.float64) * n.software_years)
    rate = np.asarray(fit.matmul_efficiency_fraction, np.float64) * n.sustained_flop_per_s * learned
    speed = np.asarray(fit.low_precision_gain_ratio, np.float64) ** n.halvings
    experts = 1.0 / (1.0 + np.asarray(fit.expert_width_half, np.float64) / n.expert_width)
    products = n.matmul_flop / (rate * speed * experts)
    attention = n.attention_flop / (rate * np.asarray(fit.attention_efficiency_ratio, np.float64))
    compute = (1.0 + (RECOMPUTE_RATIO - 1.0) * n.recomputed) * (products + attention)
    moved = BYTES_16_BIT * np.asarray(fit.activation_traffic_factor, np.float64) * n.num_layers * n.hidden_size
    traffic = (moved + LOGIT_TRAFFIC_BYTES * n.vocab_size) / n.bandwidth_bytes_per_s
    optimiser = STATE_TRAFFIC_BYTES * n.trained_params / (n.devices * n.bandwidth_bytes_per_s * n.tokens_per_step)
    unpacking = n.streamed_bytes / (n.bandwidth_bytes_per_s * n.tokens_per_micro_step)
    launch = np.asarray(fit.layer_overhead_s, np.float64) * n.num_layers / n.tokens_per_micro_step
    gathered = GATHERS_PER_STEP * BYTES_16_BIT * n.shared_params / (n.network_bytes_per_s * n.tokens_per_micro_step)
    reduced = (
        TENSOR_PARALLEL_TRAFFIC * n.tensor_parallel_devices * n.hidden_size * n.num_layers / n.server_link_bytes_per_s
    )
    communication = np.where(n.devices > 1, np.minimum(gathered, reduced), 0.0)
    hidden_by = compute + traffic
    shown = np.asarray(fit.exposed_communication_fraction, np.float64)
    exposed = shown * communication + (1.0 - shown) * np.maximum(0.0, communication - hidden_by)
    return np.asarray(compute + traffic + optimiser + unpacking + launch + exposed)


class _Floats:
    """The fields of a load as float arrays."""

    def __init__(self, load: TrainingLoad) -> None:
        for name, value in vars(load).items():
            setattr(self, name, np.asarray(value, np.float64))

    def __getattr__(self, name: str) -> Array:
        raise AttributeError(name)
