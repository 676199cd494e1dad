"""Time of one decode step: what a batch of sequences reads, computes and waits for to get one token each.

Enter at `decode_step_s`. The formulas take one value or an array of draws for batch, context and coefficients alike.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.shapes import ModelShape

Array = NDArray[np.float64]
ACTIVATION_BYTES = 2.0
"""Activations travel between devices in 16 bits."""


@dataclass(frozen=True)
class Device:
    """The figures of an accelerator that decide its speed."""

    peak_flop_per_s: float
    """Dense 16-bit matrix rate."""
    bandwidth_bytes_per_s: float
    memory_bytes: float
    peak_fp8_flop_per_s: float | None = None
    peak_fp4_flop_per_s: float | None = None
    link_bytes_per_s: float | None = None
    """To the neighbours, both directions together; None: no link known, a slow bus is taken."""


@dataclass(frozen=True)
class NumberFormat:
    """How the weights and the cache are stored, and in which width the products are computed."""

    name: str = "bf16"
    weight_bytes: float = 2.0
    """Per parameter, scales included."""
    cache_bytes: float = 2.0
    """Per number of the keys and values."""
    compute_bits: Literal[4, 8, 16] = 16
    keeps_embeddings: bool = False
    """True: embedding and output head stay in 16 bits."""


@dataclass(frozen=True)
class Layout:
    """How the devices share the work."""

    devices: int
    """Devices of one copy of the model."""
    copies: int = 1
    attention_is_split: bool = True
    """True: tensor parallel; False: every device attends to its own sequences, only the experts are shared."""
    stages: int = 1
    """Groups of a copy's devices that hold consecutive layers (pipeline parallel)."""

    @property
    def side_by_side(self) -> int:
        """Devices that work on one layer together."""
        return self.devices // self.stages

    @property
    def total(self) -> int:
        """All devices."""
        return self.devices * self.copies


@dataclass(frozen=True)
class StepFit:
    """Coefficients of a step: one number each, or one per draw."""

    step_s: ArrayLike
    """Scheduling and sampling of a step."""
    layer_s: ArrayLike
    """Launches and tails of one layer."""
    expert_layer_s: ArrayLike
    """The same, for routing and grouping of a layer with experts, on top."""
    narrow_layer_s: ArrayLike
    """The same, for scaling the activations of 8- and 4-bit products."""
    narrow_expert_layer_s: ArrayLike
    """The same, for 8- and 4-bit products over grouped experts."""
    hop_s: ArrayLike
    """Latency of one exchange between the devices of a copy."""
    sequence_s: ArrayLike
    """Work of the engine for one sequence in a step."""
    bandwidth_efficiency: ArrayLike
    """Share of the memory bandwidth that reading weights reaches."""
    cache_ratio: ArrayLike
    """Share of that again which reading scattered keys and values reaches."""
    expansion_ratio: ArrayLike
    """Share of that again which reading packed weights reaches."""
    compute_efficiency: ArrayLike
    """Share of the peak that the small products of decoding reach."""
    prefill_efficiency: ArrayLike
    """Share of the peak that the large products of a prompt reach."""
    expert_ratio: ArrayLike
    """Share of that again which products over grouped experts reach when every expert has many tokens."""
    expert_tile_tokens: ArrayLike
    """Tokens per expert at which half of that is reached: products work in tiles, and a tile is not full."""
    narrow_exponent: ArrayLike
    """A peak r times the 16-bit one is worth r^(1 - this)."""
    link_efficiency: ArrayLike
    """Share of one direction of the link that an exchange reaches."""
    chunk_tokens: ArrayLike
    """Tokens of prompts that an engine computes in one pass."""
    overlap_exponent: ArrayLike = 1.0
    """How reading and computing add up: 1 one after the other, large side by side."""
    ceiling_flop_per_s: ArrayLike = np.inf
    """Rate per device that the kernels of an engine cannot pass, however large the part."""


def expert_params(model: ModelShape) -> float:
    """Parameters that sit in experts: X = (N - N_a) / (1 - k/E); 0 for dense models."""
    if model.num_experts <= model.experts_per_token or model.experts_per_token < 1:
        return 0.0
    spread = (model.params - model.active_params) / (1.0 - model.experts_per_token / model.num_experts)
    return float(min(max(spread, 0.0), model.params))


def touched_fraction(model: ModelShape, batch: ArrayLike) -> Array:
    """Share of the experts that a batch needs in one step.

    f = 1 - (1 - k/E)^B
    units: sequences -> fraction.   source: uniform routing, derived.
    validity: real routing is skewed, so the share is an upper bound.
    """
    share = model.experts_per_token / model.num_experts if model.num_experts else 1.0
    return np.asarray(1.0 - (1.0 - min(share, 1.0)) ** np.asarray(batch, np.float64))


def expert_share(model: ModelShape, fit: StepFit, tokens: ArrayLike) -> Array:
    """Share of the usual efficiency that products over experts reach with so many tokens in a step; 1 for dense.

    s = e m / (m + m0),  m = T k / (E f(T)) tokens per touched expert
    units: tokens -> fraction.   source: own choice of form; tiles of grouped products are padded.
    validity: fitted on mixtures of 8 to 256 experts.
    """
    t = np.maximum(np.asarray(tokens, np.float64), 1.0)
    if expert_params(model) <= 0:
        return np.ones_like(t)
    each = t * model.experts_per_token / (model.num_experts * touched_fraction(model, t))
    full = np.asarray(fit.expert_ratio, np.float64)
    return np.asarray(full * each / (each + np.asarray(fit.expert_tile_tokens, np.float64)))


def weight_bytes(model: ModelShape, form: NumberFormat) -> float:
    """Bytes of all weights of one copy."""
    kept = model.embedding_params if form.keeps_embeddings else 0.0
    kept = min(kept, model.params)
    return float((model.params - kept) * form.weight_bytes + kept * ACTIVATION_BYTES)


def cache_bytes(model: ModelShape, form: NumberFormat, context: ArrayLike) -> Array:
    """Bytes of keys and values of one sequence; layers with a window keep the window alone.

    C = k b ((1 - f) c + f min(c, w))
    units: tokens -> bytes.   source: definition of grouped-query, latent and sliding attention.
    validity: Llama-3.1-8B in bf16 131,072 bytes per token. State-space layers keep less.
    """
    c = np.asarray(context, np.float64)
    window = float(model.sliding_window_tokens or np.inf)
    part = model.sliding_layer_fraction if model.sliding_window_tokens else 0.0
    kept = (1.0 - part) * c + part * np.minimum(c, window)
    return np.asarray(model.kv_values_per_token * form.cache_bytes * kept)


def cache_shards(model: ModelShape, layout: Layout) -> int:
    """Over how many devices the cache of one sequence is spread: heads are split, a latent vector is not."""
    if not layout.attention_is_split:
        return layout.side_by_side
    if model.kv_latent_size is not None:
        return 1
    return min(layout.side_by_side, max(1, model.num_kv_heads))


def latent_flop(model: ModelShape, context: ArrayLike) -> Array:
    """Work of one token's attention in the latent space, where every head multiplies the whole latent vector.

    F = 4 L a_heads r c;  0 for plain heads, whose reading of the cache takes longer than the work on it
    units: tokens -> FLOP.   source: DeepSeek-V2, absorbed projections.   validity: multi-head latent attention.
    """
    c = np.asarray(context, np.float64)
    return np.asarray(4.0 * model.num_layers * model.num_heads * float(model.kv_latent_size or 0) * c)


def weight_traffic_bytes(model: ModelShape, form: NumberFormat, layout: Layout, batch: ArrayLike) -> Array:
    """Bytes of weights that each device reads in one step: its share of the dense part and of the touched experts."""
    experts = expert_params(model) * form.weight_bytes
    looked_up = 0.0 if model.tied_embeddings else model.vocab_size * model.hidden_size
    per_param = ACTIVATION_BYTES if form.keeps_embeddings else form.weight_bytes
    dense = max(0.0, weight_bytes(model, form) - experts - looked_up * per_param)
    shares = layout.side_by_side if layout.attention_is_split else 1
    return np.asarray(dense / shares + experts * touched_fraction(model, batch) / layout.side_by_side)


def narrow_peak(device: Device, form: NumberFormat) -> float | None:
    """Rate of the unit that multiplies the format as it is; None where the weights are widened to 16 bits first."""
    return {4: device.peak_fp4_flop_per_s, 8: device.peak_fp8_flop_per_s, 16: None}[form.compute_bits]


def usable_peak(device: Device, form: NumberFormat, fit: StepFit) -> Array:
    """Matrix rate that a format is worth before efficiency: narrower products gain less than their peak says."""
    ratio = (narrow_peak(device, form) or device.peak_flop_per_s) / device.peak_flop_per_s
    return np.asarray(device.peak_flop_per_s * ratio ** (1.0 - np.asarray(fit.narrow_exponent, np.float64)))


def product_rate(device: Device, form: NumberFormat, fit: StepFit, share: ArrayLike) -> Array:
    """FLOP/s that one device reaches: a share of the peak, bent under the ceiling of the engine's kernels.

    r = ((e peak)^-2 + ceiling^-2)^-1/2
    units: FLOP/s.   source: own choice; llama.cpp computes 40 to 120 TFLOP/s on parts of 70 to 750.
    validity: the ceiling is infinite for engines built on tuned libraries.
    """
    rate = np.asarray(share, np.float64) * usable_peak(device, form, fit)
    return np.asarray((rate**-2.0 + np.asarray(fit.ceiling_flop_per_s, np.float64) ** -2.0) ** -0.5)


def exchange_s(model: ModelShape, device: Device, layout: Layout, fit: StepFit, tokens: ArrayLike) -> Array:
    """Time of moving the activations of `tokens` tokens between the devices of a copy, latency not counted.

    t = 2 L x bytes / (eL BW_link / 2);  all-reduce: bytes = 2 (g-1)/g T h 2;  experts: T/g k h 2 (out and back)
    units: tokens -> seconds.   source: ring all-reduce, Megatron (two per layer); expert dispatch derived.
    validity: inside one linked server; without a known link a PCIe 4.0 x16 bus.
    """
    g = layout.side_by_side
    count = np.asarray(tokens, np.float64)
    if g == 1:
        return np.zeros_like(count)
    if layout.attention_is_split:
        moved = 2.0 * (g - 1) / g * count * model.hidden_size * ACTIVATION_BYTES
    else:
        moved = count / g * min(model.experts_per_token or 1, g) * model.hidden_size * ACTIVATION_BYTES
    one_way = (device.link_bytes_per_s or BUS_BYTES_PER_S) / 2.0
    return np.asarray(2.0 * model.num_layers * moved / (np.asarray(fit.link_efficiency, np.float64) * one_way))


BUS_BYTES_PER_S = 64e9
"""PCIe 4.0 with 16 lanes, both directions: 2 x 16 GT/s x 16 / 8 bits."""


def decode_step_s(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    layout: Layout,
    fit: StepFit,
    *,
    batch: ArrayLike,
    context: ArrayLike,
    drafted: ArrayLike = 0.0,
) -> Array:
    """Time of one decode step of one copy with `batch` sequences in flight.

    t = t0 + L (l + m + n + 2 a) + s1 b + (R^p + C^p)^(1/p) + t_link(T)
    R = W(T)/(eBW BW) + b k(c)/(eBW eKV BW n),  C = 2 N_a T/(eC peak g);  b = B over the stages, T = b (1 + drafted)
    units: sequences, tokens -> seconds.   source: own fit on published rows (advisor/hindcast/serving_fit.py).
    validity: B 1 to 8,192; coefficients by generation and engine; error by class in METHODOLOGY 5.
    """
    c, b = np.asarray(context, np.float64), np.asarray(batch, np.float64)
    b = np.maximum(b / layout.stages, np.minimum(b, 1.0))
    tokens = b * (1.0 + np.asarray(drafted, np.float64))
    f = {name: np.asarray(value, np.float64) for name, value in vars(fit).items()}
    experts = expert_params(model) > 0
    layer = (
        f["layer_s"]
        + (f["expert_layer_s"] if experts else 0.0)
        + (2.0 * f["hop_s"] if layout.side_by_side > 1 else 0.0)
    )
    narrow = narrow_peak(device, form) is not None
    if narrow:
        layer = layer + f["narrow_expert_layer_s" if experts else "narrow_layer_s"]
    reach = f["bandwidth_efficiency"] * device.bandwidth_bytes_per_s
    packed = f["expansion_ratio"] if form.weight_bytes < ACTIVATION_BYTES and not narrow else 1.0
    read = weight_traffic_bytes(model, form, layout, tokens) / (reach * packed)
    cached = b * cache_bytes(model, form, c) / (reach * f["cache_ratio"] * cache_shards(model, layout))
    share = f["compute_efficiency"] * expert_share(model, fit, tokens)
    work = 2.0 * model.matmul_params * tokens / (product_rate(device, form, fit, share) * layout.side_by_side)
    rate16 = product_rate(device, NumberFormat(), fit, f["compute_efficiency"])
    work = work + tokens * latent_flop(model, c) / (rate16 * layout.side_by_side)
    handled = b if layout.attention_is_split else b / layout.side_by_side
    fixed = f["step_s"] + model.num_layers * layer + f["sequence_s"] * handled
    p = f["overlap_exponent"]
    busy = ((read + cached) ** p + work**p) ** (1.0 / p)
    return np.asarray(fixed + busy + exchange_s(model, device, layout, fit, tokens))
