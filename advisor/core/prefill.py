"""Time of reading a prompt.

Enter at `prefill_s`: the work of one prompt on one copy of the model, without waiting and without launches.
"""

import numpy as np
from numpy.typing import ArrayLike

from advisor.core.decode import (
    Array,
    Device,
    Layout,
    NumberFormat,
    StepFit,
    exchange_s,
    expert_share,
    product_rate,
)
from advisor.core.shapes import ModelShape


def prefill_flop(model: ModelShape, input_tokens: ArrayLike, cached_fraction: ArrayLike = 0.0) -> Array:
    """Work of one prompt of which a share is found in the prefix cache.

    F = 2 N_a (s - p) + 2 L a (s^2 - p^2),  p = cached tokens, a = width of all heads; windows cap the second term
    units: tokens -> FLOP.   source: forward pass 2N per token plus causal attention, PaLM appendix B.
    validity: decoders; the output head runs on one token alone and is counted in, below 10 % too much.
    """
    s = np.asarray(input_tokens, np.float64)
    p = _cached(s, cached_fraction)
    width = model.num_heads * model.head_dim
    part = model.sliding_layer_fraction if model.sliding_window_tokens else 0.0
    window = np.minimum(s, float(model.sliding_window_tokens or np.inf))
    pairs = (1.0 - part) * (s**2 - p**2) + part * 2.0 * window * (s - p)
    return np.asarray(2.0 * model.matmul_params * (s - p) + 2.0 * model.num_layers * width * pairs)


def _cached(input_tokens: Array, cached_fraction: ArrayLike) -> Array:
    """Tokens found in the cache; the last one is always computed, since the answer starts from it."""
    share = np.asarray(cached_fraction, np.float64)
    return np.asarray(np.minimum(input_tokens * share, np.maximum(input_tokens - 1.0, 0.0)))


def prefill_s(
    model: ModelShape,
    device: Device,
    form: NumberFormat,
    layout: Layout,
    fit: StepFit,
    *,
    input_tokens: ArrayLike,
    cached_fraction: ArrayLike = 0.0,
) -> Array:
    """Time that one prompt takes of one copy of the model.

    t = F / (eP peak g) + t_link(s - p)
    units: tokens -> seconds.   source: own fit; TensorRT-LLM and llama.cpp publish eP 0.3 to 0.7.
    validity: prompts of 100 to 20,000 tokens, alone or in chunks between decode steps.
    """
    s = np.asarray(input_tokens, np.float64)
    fresh = s - _cached(s, cached_fraction)
    share = np.asarray(fit.prefill_efficiency, np.float64)
    share = share * expert_share(model, fit, fit.chunk_tokens)
    rate = product_rate(device, form, fit, share) * layout.side_by_side
    work = prefill_flop(model, s, cached_fraction) / rate
    return np.asarray(work + exchange_s(model, device, layout, fit, fresh))
