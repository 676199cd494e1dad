"""Peak memory of training on one device: weights, gradients, optimiser, activations, logits.

Enter at `training_memory_bytes`; `lightest_plan` finds out how a run that exists must have been set up to fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.shapes import ModelShape

Array = NDArray[np.float64]
Method = Literal["full", "lora", "qlora"]
Recompute = Literal["none", "selective", "full"]
Sharding = Literal["none", "zero1", "zero2", "zero3"]

BYTES_16_BIT = 2.0
LORA_STATE_BYTES = 16.0
"""Adapters are few, so they keep 32-bit states: weight, gradient, master copy and two moments."""
OPTIMIZER_BYTES = {
    "adamw": 12.0,
    "adamw_bf16": 4.0,
    "adamw_8bit": 2.0,
    "adamw_paged": 0.0,
    "adamw_fused": 0.0,
    "sgd": 0.0,
}
"""Optimiser states per trained parameter: 32-bit master copy and moments; 16-bit moments; 8-bit ones; none on the
device where paged states lie in the host's memory; none, and no gradients either, where each layer is updated as soon
as its gradient is there."""
FUSED = "adamw_fused"
FULL_RECOMPUTE_BYTES = 2.0
"""Bytes kept per token, layer and unit of hidden size when only the inputs of the layers are."""
SELECTIVE_SHARE = 0.5
"""Share of the activations that selective recomputation keeps."""
USABLE_FRACTION = 0.95
"""Share of a device's memory up to which people load it."""
FFN_TENSORS = {True: 4, False: 2}
"""Tensors of the feed-forward width kept for the backward pass: gate, value, activated gate and product; or two."""


@dataclass(frozen=True)
class MemoryFit:
    """Coefficients of the memory model."""

    hidden_bytes_per_token: ArrayLike
    """Bytes kept per token, layer and unit of hidden size beside keys, values and the feed-forward block: inputs of
    norms, queries, attention output and its statistics."""
    logit_bytes: ArrayLike
    """Bytes per token and entry of the vocabulary: 16-bit logits, their 32-bit copy and its gradient."""
    quantised_activation_ratio: ArrayLike
    """Activations kept over 4-bit weights, over those of 16-bit weights: the adapters' own inputs come on top."""
    fragmentation_ratio: ArrayLike
    """Reserved over requested memory of what comes and goes."""
    fixed_bytes: ArrayLike
    """Driver context and libraries."""
    quantised_bytes_per_param: ArrayLike
    """4-bit weight with its block's scale."""


@dataclass(frozen=True)
class MemoryPlan:
    """How a training is laid out."""

    method: Method
    optimizer: str
    sharding: Sharding
    recompute: Recompute
    devices: int
    micro_tokens: float
    """Tokens of one pass on one device."""
    adapter_params: float = 0.0
    weight_bytes_per_param: float = BYTES_16_BIT
    """4 where a tool loads frozen weights in 32 bit."""
    frozen_copies: int = 0
    """Whole models beside the trained one that only read: the reference of DPO, PPO and GRPO."""
    tensor_parallel: int = 1
    logit_chunks: int = 1


def training_memory_bytes(shape: ModelShape, plan: MemoryPlan, fit: MemoryFit) -> Array:
    """Peak bytes on one device.

    M = (W + 2 N c)/d_w + 2 N_tr/d_g + o N_tr/d_o + f (q A + C V t) + M_0
    A = t L (a h + 4 n_q d + 2 n f_ffn) / tp;  full recompute 2 t h L plus one layer
    units: tokens, parameters -> bytes.   source: ZeRO (arXiv:1910.02054), activations after arXiv:2205.05198.
    validity: flash attention, 16-bit activations; sharded weights gather a layer at a time; fit on published peaks.
    """
    frozen = plan.method != "full"
    trained = plan.adapter_params if frozen else shape.params
    split = float(max(1, plan.devices))
    over = {
        "weights": split if plan.sharding == "zero3" else float(plan.tensor_parallel),
        "gradients": split if plan.sharding in ("zero2", "zero3") else float(plan.tensor_parallel),
        "states": split if plan.sharding != "none" else float(plan.tensor_parallel),
    }
    beside = BYTES_16_BIT * shape.params * plan.frozen_copies
    weights = (weight_bytes(shape, plan, fit) + beside) / over["weights"]
    if frozen:
        states = np.asarray(LORA_STATE_BYTES * trained)
    else:
        gradients = 0.0 if plan.optimizer == FUSED else BYTES_16_BIT * trained / over["gradients"]
        states = np.asarray(gradients + OPTIMIZER_BYTES[plan.optimizer] * trained / over["states"])
    gathered = 2 * BYTES_16_BIT * shape.params / shape.num_layers if plan.sharding == "zero3" and split > 1 else 0.0
    ratio = np.asarray(fit.quantised_activation_ratio, np.float64) if plan.method == "qlora" else 1.0
    activations = ratio * activation_bytes(shape, plan, fit)
    logits = (
        np.asarray(fit.logit_bytes, np.float64)
        * shape.vocab_size
        * plan.micro_tokens
        / (plan.tensor_parallel * plan.logit_chunks)
    )
    moving = np.asarray(fit.fragmentation_ratio, np.float64) * (activations + logits + gathered)
    return np.asarray(weights + states + moving + np.asarray(fit.fixed_bytes, np.float64))


def weight_bytes(shape: ModelShape, plan: MemoryPlan, fit: MemoryFit) -> Array:
    """Bytes of the weights as they are held: 16 or 32 bit, or 4 bit with the embeddings in 16."""
    if plan.method != "qlora":
        return np.asarray(plan.weight_bytes_per_param * shape.params)
    kept = min(shape.params, shape.embedding_params)
    return np.asarray(
        np.asarray(fit.quantised_bytes_per_param, np.float64) * (shape.params - kept) + BYTES_16_BIT * kept
    )


def activation_bytes(shape: ModelShape, plan: MemoryPlan, fit: MemoryFit) -> Array:
    """Bytes that the forward pass leaves for the backward pass, on one device."""
    ffn_width = shape.ffn_size * max(1, shape.experts_per_token)
    # Keys and values of grouped heads are repeated to the width of the queries before attention, and held so.
    keys_and_values = 2 * BYTES_16_BIT * shape.num_heads * shape.head_dim
    layer = (
        np.asarray(fit.hidden_bytes_per_token, np.float64) * shape.hidden_size
        + keys_and_values
        + BYTES_16_BIT * FFN_TENSORS[shape.gated_ffn] * ffn_width
    )
    layers = shape.num_layers + shape.encoder_layers
    whole = plan.micro_tokens * layers * layer
    if plan.recompute == "full":
        inputs = FULL_RECOMPUTE_BYTES * plan.micro_tokens * layers * shape.hidden_size
        whole = inputs + plan.micro_tokens * layer
    elif plan.recompute == "selective":
        whole = SELECTIVE_SHARE * whole
    return np.asarray(whole / plan.tensor_parallel)


def lightest_plan(
    shape: ModelShape,
    wanted: MemoryPlan,
    fit: MemoryFit,
    *,
    memory_bytes: float | None,
    optimizers: Sequence[str],
    recomputes: Sequence[Recompute],
    logit_chunks: Sequence[int] = (1,),
    most_parallel: int = 1,
) -> MemoryPlan:
    """The first layout, in order of comfort, that fits; the lightest one when none does.

    Smaller optimiser states are tried before recomputation, recomputation before a loss in chunks, and that before a
    model is split over more devices (tensor, context and pipeline parallel alike divide activations and logits).
    """
    degrees = [wanted.tensor_parallel * 2**power for power in range(most_parallel.bit_length())]
    choice = wanted
    for degree, chunks, again, state in product(degrees, logit_chunks, recomputes, optimizers):
        choice = replace(wanted, optimizer=state, recompute=again, tensor_parallel=degree, logit_chunks=chunks)
        if memory_bytes is None or is_held(shape, choice, fit, memory_bytes):
            return choice
    return choice


def is_held(shape: ModelShape, plan: MemoryPlan, fit: MemoryFit, memory_bytes: float) -> bool:
    """True when a layout takes no more of a device than people load it with."""
    return float(training_memory_bytes(shape, plan, fit)) <= USABLE_FRACTION * memory_bytes
