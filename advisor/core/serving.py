"""What one copy of a model serves: the batch that memory holds, requests per second, time per token, its design.

Enter at `steady` (speed at a batch), `batch_limit` (memory) and `replica_design` (devices and batch for a latency).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from advisor.core.decode import (
    Array,
    Device,
    Layout,
    NumberFormat,
    StepFit,
    cache_bytes,
    cache_shards,
    decode_step_s,
    expert_params,
    weight_bytes,
)
from advisor.core.fleet import queue_wait_s
from advisor.core.prefill import prefill_s
from advisor.core.shapes import ModelShape

DEVICE_COUNTS = (1, 2, 4, 8, 16, 32, 64)
SERVER_DEVICES = 8
LARGEST_DESIGN_BATCH = 256


@dataclass(frozen=True)
class Replica:
    """How one copy of the model is run."""

    devices: int
    batch: int
    ttft_s: float
    """Prefill of one request, one step, and the mean wait for a free place at the planned load."""
    tpot_s: float
    meets_latency: bool


@dataclass(frozen=True)
class Steady:
    """Speed of one copy that keeps `batch` sequences in flight."""

    batch: Array
    step_s: Array
    """One decode step."""
    fill_s: Array
    """Prefill of one prompt."""
    requests_per_s: Array
    prefill_share: Array
    """Share of the time that prompts take."""
    tokens_per_step: Array
    """Tokens that a sequence gains in a step; above 1 with speculation."""


def resident_bytes(model: ModelShape, form: NumberFormat, layout: Layout) -> float:
    """Bytes of weights in all devices of one copy: with split experts alone every device holds the dense part."""
    experts = expert_params(model) * form.weight_bytes
    dense = weight_bytes(model, form) - experts
    return dense * (1 if layout.attention_is_split else layout.side_by_side) + experts


def batch_limit(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    layout: Layout,
    *,
    tokens_in_flight: ArrayLike,
    usable_fraction: ArrayLike,
) -> Array:
    """Whole sequences of one copy whose keys and values fit beside the weights; 0 when not even the weights fit.

    B = floor((g M u - W) / (C(c) g / n))
    units: bytes, tokens -> sequences.   source: memory balance, u = 0.9 as vLLM's default.
    validity: activations of the step are inside (1 - u); c is what a sequence holds on average, or at its end.
    """
    free = layout.devices * device.memory_bytes * np.asarray(usable_fraction, np.float64)
    free = free - resident_bytes(model, form, layout)
    copies_of_cache = layout.side_by_side / cache_shards(model, layout)
    each = cache_bytes(model, form, np.maximum(np.asarray(tokens_in_flight, np.float64), 1.0)) * copies_of_cache
    return np.asarray(np.floor(np.maximum(free, 0.0) / each))


def fewest_devices(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    *,
    tokens_in_flight: float,
    usable_fraction: float,
    sequences: float = 1.0,
) -> int | None:
    """Smallest power of two of devices that holds the weights and the cache of that many sequences; None above 64."""
    for count in DEVICE_COUNTS:
        limit = batch_limit(
            model,
            device,
            form,
            Layout(count),
            tokens_in_flight=tokens_in_flight,
            usable_fraction=usable_fraction,
        )
        if limit >= sequences:
            return count
    return None


def accepted_tokens(drafted: ArrayLike, acceptance_fraction: ArrayLike) -> Array:
    """Tokens that a step yields when d are drafted and each is kept with probability p until the first miss.

    n = 1 + p + ... + p^d
    units: tokens, fraction -> tokens.   source: Leviathan et al. 2023, equation 1.
    validity: independent acceptance.
    """
    d, p = np.asarray(drafted, np.float64), np.asarray(acceptance_fraction, np.float64)
    return np.asarray((1.0 - p ** (d + 1.0)) / (1.0 - p))


def steady(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    layout: Layout,
    fit: StepFit,
    *,
    batch: ArrayLike,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_fraction: ArrayLike = 0.0,
    drafted: ArrayLike = 0.0,
    acceptance_fraction: ArrayLike = 0.0,
    prefills_elsewhere: bool = False,
) -> Steady:
    """Speed of one copy with `batch` sequences in flight, prefill and decode sharing its devices.

    q = B / (B t_pre + (o / n) t_step(B, i + o/2))
    units: tokens -> requests/s.   source: Little's law over one batch's life; n tokens per step.
    validity: steady load; `prefills_elsewhere`: the prompt is read by other devices and costs these nothing.
    """
    i, o = np.asarray(input_tokens, np.float64), np.maximum(np.asarray(output_tokens, np.float64), 1.0)
    b = np.asarray(batch, np.float64)
    step = decode_step_s(model, device, form, layout, fit, batch=b, context=i + o / 2.0, drafted=drafted)
    fill = prefill_s(model, device, form, layout, fit, input_tokens=i, cached_fraction=cached_fraction)
    gained = accepted_tokens(drafted, acceptance_fraction)
    steps = o / gained
    filling = b * fill / np.clip(b, 1.0, layout.stages) * (0.0 if prefills_elsewhere else 1.0)
    life = filling + steps * step
    return Steady(
        batch=b,
        step_s=step,
        fill_s=fill,
        requests_per_s=np.asarray(b / life),
        prefill_share=np.asarray(filling / life),
        tokens_per_step=gained,
    )


def replica_design(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    fit: StepFit,
    *,
    input_tokens: float,
    output_tokens: float,
    ttft_s: float,
    tpot_s: float,
    usable_memory_fraction: float,
    cached_fraction: float = 0.0,
    load_fraction: float = 0.0,
    max_devices: int = SERVER_DEVICES,
    max_batch: int = LARGEST_DESIGN_BATCH,
) -> Replica | None:
    """Fewest devices (1, 2, 4 or 8) that hold the model and meet the latency, with the largest batch that does.

    `max_devices` is 8 inside a server whose accelerators are linked, less over a plain bus.
    The first token waits for a free place as it does at `load_fraction` of the capacity. When no count meets the
    latency the fastest one is returned with `meets_latency` False; None when the model does not fit. A running decode
    step is stretched by the prefills of its neighbours, so the time per token counts o t_step + B t_pre over o.
    """
    fallback: Replica | None = None
    for devices in (count for count in DEVICE_COUNTS if count <= max_devices):
        layout = Layout(devices)
        limit = batch_limit(
            model,
            device,
            form,
            layout,
            tokens_in_flight=input_tokens + output_tokens,
            usable_fraction=usable_memory_fraction,
        )
        if limit < 1:
            continue
        batches = np.unique(np.minimum(2.0 ** np.arange(0, np.log2(max_batch) + 1), min(float(limit), max_batch)))
        speed = steady(
            model,
            device,
            form,
            layout,
            fit,
            batch=batches,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_fraction=cached_fraction,
        )
        tpot = speed.step_s + batches * speed.fill_s / max(output_tokens, 1.0)
        life = batches / speed.requests_per_s
        ttft = speed.fill_s + speed.step_s + queue_wait_s(load_fraction, life, batches)
        good = (tpot <= tpot_s) & (ttft <= ttft_s)
        if good.any():
            best = int(np.flatnonzero(good)[-1])
            return Replica(devices, int(batches[best]), float(ttft[best]), float(tpot[best]), True)
        if fallback is None or tpot[0] < fallback.tpot_s:
            fallback = Replica(devices, int(batches[0]), float(ttft[0]), float(tpot[0]), False)
    return fallback
