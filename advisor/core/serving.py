"""What one replica of a model serves: memory, step time, batch, requests per second; and the fleet for a demand.

Enter at `replica_design` (chooses devices per replica and batch at central values) and
`requests_per_s` (vectorised capacity of that design).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ServedModel:
    """The figures of a model that decide its speed."""

    params: float
    active_params: float
    num_layers: int
    hidden_size: int
    num_kv_heads: int
    head_dim: int
    bytes_per_param: float
    """2 for bf16."""


@dataclass(frozen=True)
class Device:
    """The figures of an accelerator that decide its speed."""

    peak_flop_per_s: float
    bandwidth_bytes_per_s: float
    memory_bytes: float


@dataclass(frozen=True)
class StepFit:
    """Coefficients of the decode step (see `decode_step_s`)."""

    fixed_s: float
    per_sequence_s: float
    bandwidth_efficiency: float
    compute_efficiency: float
    prefill_efficiency: float


@dataclass(frozen=True)
class Replica:
    """How one copy of the model is run."""

    devices: int
    batch: int
    ttft_s: float
    """Prefill of one request plus one step, unloaded queue."""
    tpot_s: float
    meets_latency: bool


def weight_bytes(model: ServedModel) -> float:
    """Bytes of the weights: parameters times bytes per parameter."""
    return model.params * model.bytes_per_param


def kv_bytes_per_token(model: ServedModel, bytes_per_value: float = 2.0) -> float:
    """Bytes of keys and values that one token of context occupies.

    k = 2 L n_kv d_head b
    units: layers, heads, values/head, bytes -> bytes/token.   source: definition of grouped-query attention.
    validity: full attention; sliding windows and latent attention need less. Llama-3.1-8B in bf16: 131,072.
    """
    return 2.0 * model.num_layers * model.num_kv_heads * model.head_dim * bytes_per_value


def decode_step_s(
    model: ServedModel,
    device: Device,
    fit: StepFit,
    *,
    devices: ArrayLike,
    batch: ArrayLike,
    context: ArrayLike,
) -> Array:
    """Time of one decode step with `batch` sequences in flight.

    t = t0 + s1 B + (W + B c k) / (eBW BW g) + 2 N_a B / (eC peak g)
    units: sequences, tokens -> seconds.   source: own fit on published ML.ENERGY v3 rows, vLLM on H100.
    validity: B 8-1024, tensor parallel inside a node, dense models; leave-one-model-out median error 6 %, P90 22 %.
    """
    g, b, c = (np.asarray(v, np.float64) for v in (devices, batch, context))
    moved = weight_bytes(model) + b * c * kv_bytes_per_token(model)
    return (
        fit.fixed_s
        + fit.per_sequence_s * b
        + moved / (fit.bandwidth_efficiency * device.bandwidth_bytes_per_s * g)
        + 2.0 * model.active_params * b / (fit.compute_efficiency * device.peak_flop_per_s * g)
    )


def prefill_s(
    model: ServedModel, device: Device, fit: StepFit, *, devices: ArrayLike, input_tokens: ArrayLike
) -> Array:
    """Time to read one prompt.

    t = (2 N_a s + 2 L h s^2) / (eP peak g)
    units: tokens -> seconds.   source: forward pass 2N per token plus attention, PaLM appendix B.
    validity: eP 0.3-0.7 on 2,048-token prompts (TensorRT-LLM, A100 and H100).
    """
    s, g = np.asarray(input_tokens, np.float64), np.asarray(devices, np.float64)
    flop = 2.0 * model.active_params * s + 2.0 * model.num_layers * model.hidden_size * s**2
    return flop / (fit.prefill_efficiency * device.peak_flop_per_s * g)


def batch_limit(model: ServedModel, device: Device, *, devices: int, tokens_in_flight: float, usable: float) -> int:
    """Sequences whose keys and values fit beside the weights; 0 when not even the weights fit.

    B = (g M u - W) / (k c)
    units: bytes, tokens -> sequences.   source: memory balance, u = 0.9 as vLLM's default.
    validity: activations of the step are inside (1 - u).
    """
    free = devices * device.memory_bytes * usable - weight_bytes(model)
    return max(0, int(free / (kv_bytes_per_token(model) * tokens_in_flight)))


def requests_per_s(
    model: ServedModel,
    device: Device,
    fit: StepFit,
    replica: Replica,
    *,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
) -> Array:
    """Requests per second of one replica at its batch, prefill and decode sharing the devices.

    q = B / (B t_pre(i) + o t_step(B, i + o/2))
    units: tokens -> requests/s.   source: Little's law over one batch's life.
    validity: steady load; the same fit and limits as `decode_step_s`.
    """
    i, o = np.asarray(input_tokens, np.float64), np.asarray(output_tokens, np.float64)
    step = decode_step_s(model, device, fit, devices=replica.devices, batch=replica.batch, context=i + o / 2)
    fill = prefill_s(model, device, fit, devices=replica.devices, input_tokens=i)
    return replica.batch / (replica.batch * fill + np.maximum(o, 1.0) * step)


def replica_design(
    model: ServedModel,
    device: Device,
    fit: StepFit,
    *,
    input_tokens: float,
    output_tokens: float,
    ttft_s: float,
    tpot_s: float,
    usable_memory_fraction: float,
    max_devices: int = 8,
    max_batch: int = 256,
) -> Replica | None:
    """Fewest devices (1, 2, 4 or 8) that hold the model and meet the latency, with the largest batch that does.

    `max_devices` is 8 inside a server whose accelerators are linked, less over a plain bus.
    When no count meets the latency the fastest one is returned with `meets_latency` False; None when the model
    does not fit. A running decode step is stretched by the prefills of its neighbours, so the time
    per token counts o t_step + B t_pre over o.
    """
    fallback: Replica | None = None
    for devices in (count for count in (1, 2, 4, 8) if count <= max_devices):
        limit = batch_limit(
            model,
            device,
            devices=devices,
            tokens_in_flight=input_tokens + output_tokens,
            usable=usable_memory_fraction,
        )
        if limit < 1:
            continue
        batches = np.unique(np.minimum(2.0 ** np.arange(0, 9), min(limit, max_batch)))
        fill = float(prefill_s(model, device, fit, devices=devices, input_tokens=input_tokens))
        step = decode_step_s(
            model, device, fit, devices=devices, batch=batches, context=input_tokens + output_tokens / 2
        )
        tpot = step + batches * fill / max(output_tokens, 1.0)
        ttft = fill + step
        good = (tpot <= tpot_s) & (ttft <= ttft_s)
        if good.any():
            best = int(np.flatnonzero(good)[-1])
            return Replica(devices, int(batches[best]), float(ttft[best]), float(tpot[best]), True)
        if fallback is None or tpot[0] < fallback.tpot_s:
            fallback = Replica(devices, int(batches[0]), float(ttft[0]), float(tpot[0]), False)
    return fallback


def replicas_needed(
    peak_requests_per_s: ArrayLike,
    capacity_requests_per_s: ArrayLike,
    *,
    headroom_fraction: float,
    spare: int,
) -> Array:
    """Whole replicas for the busiest hour, plus the spare ones; none for no demand at all.

    n = ceil(q_peak / (q_replica * headroom)) + spare
    units: requests/s -> replicas.   source: N+1 redundancy.   validity: replicas fail one at a time.
    """
    load = np.asarray(peak_requests_per_s, np.float64) / (
        np.asarray(capacity_requests_per_s, np.float64) * headroom_fraction
    )
    return np.where(load > 0, np.ceil(load) + spare, 0.0)
