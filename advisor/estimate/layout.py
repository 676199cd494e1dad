"""How a training is laid out on its devices: method, optimiser, sharding, recomputation, size of a pass.

Enter at `plan_of`. A run that exists fits its devices, so what the request does not say is the most comfortable layout
that does.
"""

import math

from advisor.contracts.estimates import TrainingRequest
from advisor.core.memory import (
    MemoryFit,
    MemoryPlan,
    Method,
    Recompute,
    activation_bytes,
    is_held,
    lightest_plan,
)
from advisor.core.shapes import ModelShape
from advisor.estimate.batches import Batch
from advisor.estimate.draws import Draws
from advisor.estimate.kinds import FROM_TEXT, WHOLE_RUNS, Notes
from advisor.estimate.parts import Part

FOUR_BIT = ("nf4", "int4", "fp4-", "4bit", "4-bit", "q4")
ADAPTED_BY_DEFAULT = 2.0
"""Adapted matrices per layer: query and value, the default of most tools."""
USUAL_RANK = 16
SHARD_ABOVE = 0.6
"""Share of the memory above which frozen weights are spread over the devices."""
LOSS_CHUNKS = 8
"""Pieces in which memory-saving recipes compute the loss."""
MOST_PARALLEL = 64
"""Devices over which published runs split one model."""
FLASH_ATTENTION_YEAR = 2023
"""Before it became usual, attention scores filled the memory and large runs repeated the whole forward pass."""
LOADED_16_BIT_SINCE = 2026
LONGEST_MICRO_TOKENS = 65_536.0
ACTIVATION_SHARE = 0.4
"""Share of the memory that people fill with activations and logits."""
STATE_BYTES = {"full": 18.0, "lora": 2.5, "qlora": 2.5}
"""Bytes per parameter by which the number of devices is guessed."""
FILLED_SHARE = 0.7
LIGHTER_STATES = ("adamw", "adamw_bf16", "adamw_8bit", "adamw_paged", "adamw_fused")
"""Optimiser states, the most comfortable first."""
REFERENCE_KINDS = ("dpo", "ppo", "grpo")


def method_of(request: TrainingRequest) -> Method:
    """All weights, adapters, or adapters over 4-bit weights; memory rows say it in their text."""
    if request.kind in ("lora", "qlora"):
        return request.kind
    text = f"{request.model or ''} {request.precision or ''}".lower()
    if request.kind == "memory" and any(word in text for word in FOUR_BIT):
        return "qlora"
    named = request.kind == "memory" and "lora" in text
    return "lora" if named or request.lora_rank is not None else "full"


def halvings_of(request: TrainingRequest, method: Method) -> int:
    """Times the 16 bits of the products are halved; 4-bit weights are unpacked before they are multiplied."""
    precision = (request.precision or "").lower()
    if method == "qlora":
        return 0
    return 2 if "fp4" in precision else 1 if "fp8" in precision else 0


def devices_of(
    request: TrainingRequest, method: Method, shape: ModelShape, part: Part | None, tokens_per_step: float, pool: Draws
) -> int:
    """Devices used at once: given, or as many as a usual batch or the model's states fill."""
    if request.accelerator_count is not None:
        return request.accelerator_count
    memory = None if part is None else part.memory_bytes
    if request.kind in FROM_TEXT and memory is not None:
        return max(8, 8 * round(tokens_per_step / pool.value("training_tokens_per_device_step") / 8))
    state = STATE_BYTES[method] if request.kind in WHOLE_RUNS else STATE_BYTES["lora"]
    needed = 1.0 if memory is None else shape.params * state / (FILLED_SHARE * memory)
    return int(2 ** math.ceil(math.log2(max(1.0, needed))))  # no number holds an endless need: OverflowError


def pass_of(
    request: TrainingRequest,
    batch: Batch,
    *,
    seq_len: float,
    devices: int,
    shape: ModelShape,
    part: Part | None,
    fit: MemoryFit,
    notes: Notes,
) -> tuple[float, float]:
    """Tokens of one device in a pass and in an optimiser step."""
    total = batch.tokens_per_step(seq_len)
    step = None if total is None else total / devices
    if batch.micro_sequences is not None:
        micro = batch.micro_sequences * seq_len
    elif request.kind in FROM_TEXT or request.kind == "throughput":
        roomy = _roomy_tokens(shape, part, fit)
        micro = max(seq_len, min(roomy if step is None else step, roomy))
        if step is None:
            notes.add("tokens_per_device_and_step", micro, "activations fill a part of the memory")
    else:
        micro = max(seq_len, min(step, LONGEST_MICRO_TOKENS)) if step is not None else seq_len
        if step is None:
            notes.add("micro_batch_sequences", micro / seq_len, "one sequence a pass")
    return micro, max(micro, step if step is not None else micro)


def plan_of(
    request: TrainingRequest,
    *,
    method: Method,
    shape: ModelShape,
    part: Part | None,
    devices: int,
    micro_tokens: float,
    fit: MemoryFit,
    notes: Notes,
) -> MemoryPlan:
    """The layout that a run on this hardware must have: the most comfortable one that fits."""
    memory = None if part is None else part.memory_bytes
    crowded = memory is not None and 2 * shape.params > SHARD_ABOVE * memory
    rank = request.lora_rank or USUAL_RANK
    adapters = ADAPTED_BY_DEFAULT * 2 * rank * shape.hidden_size * (shape.num_layers + shape.encoder_layers)
    split = (request.tensor_parallel or 1) * (request.pipeline_parallel or 1)
    wanted = MemoryPlan(
        method=method,
        optimizer=request.optimizer or "adamw",
        sharding=request.sharding or ("zero3" if devices > 1 and (method == "full" or crowded) else "none"),
        recompute="none",
        devices=devices,
        micro_tokens=micro_tokens,
        adapter_params=adapters if method != "full" else 0.0,
        tensor_parallel=split,
        weight_bytes_per_param=_weight_bytes(request, notes),
        frozen_copies=int(method == "full" and request.kind in REFERENCE_KINDS),
    )
    single = devices == 1 and method == "full"

    def lightest(states: tuple[str, ...]) -> MemoryPlan:
        return lightest_plan(
            shape,
            wanted,
            fit,
            memory_bytes=memory,
            optimizers=states,
            recomputes=_recomputes(request, method, devices),
            logit_chunks=(1, LOSS_CHUNKS),
            most_parallel=1 if single or split > 1 else min(devices, MOST_PARALLEL),
        )

    if request.optimizer is not None:
        return lightest((request.optimizer,))
    plan = lightest(LIGHTER_STATES if single else LIGHTER_STATES[:1])
    if method == "full" and memory is not None and not is_held(shape, plan, fit, memory):
        return lightest(LIGHTER_STATES)  # several devices spread the states before they make them lighter
    return plan


def _recomputes(request: TrainingRequest, method: Method, devices: int) -> tuple[Recompute, ...]:
    """Ways of recomputation, the most comfortable first."""
    if request.recompute is not None:
        return ("full",) if request.recompute else ("none",)
    if devices > 1 and (request.year or FLASH_ATTENTION_YEAR) < FLASH_ATTENTION_YEAR:
        return ("full",)
    # Frameworks for several devices start from selective recomputation; runs that choose their own layout split the
    # model before they repeat the whole forward pass.
    start = 1 if devices > 1 and method == "full" else 0
    end = 2 if request.kind in FROM_TEXT and request.batch is None else 3
    ways: tuple[Recompute, ...] = ("none", "selective", "full")
    return ways[start:end]


def _roomy_tokens(shape: ModelShape, part: Part | None, fit: MemoryFit) -> float:
    """Tokens of a pass whose activations and logits take the usual share of the memory."""
    if part is None or part.memory_bytes is None:
        return LONGEST_MICRO_TOKENS
    plan = MemoryPlan("full", "adamw", "zero3", "none", 1, 1.0)
    per_token = float(activation_bytes(shape, plan, fit)) + float(fit.logit_bytes) * shape.vocab_size
    return min(LONGEST_MICRO_TOKENS, ACTIVATION_SHARE * part.memory_bytes / per_token)


def _weight_bytes(request: TrainingRequest, notes: Notes) -> float:
    """32 bit where it is said, or where nothing is said and the tools of the time loaded weights so."""
    precision = (request.precision or "").lower()
    if "32" in precision and "16" not in precision:
        return 4.0
    if request.precision is None and (request.year or LOADED_16_BIT_SINCE) < LOADED_16_BIT_SINCE:
        notes.add("precision", "fp32 weights", "default of transformers before version 5 when none is named")
        return 4.0
    return 2.0
