"""What a training request means: method, devices, tokens, layout. Everything it leaves open is assumed and listed.

Enter at `setup_of`.
"""

from dataclasses import dataclass, replace

from advisor.contracts.estimates import Assumption, TrainingRequest
from advisor.core.memory import MemoryFit, MemoryPlan, Method, Recompute, activation_bytes, lightest_plan
from advisor.core.shapes import ModelShape
from advisor.estimate.batches import Batch, batch_of
from advisor.estimate.coefficients import memory_fit
from advisor.estimate.draws import Draws
from advisor.estimate.parts import Part, part_of
from advisor.estimate.samples import examples_in
from advisor.estimate.shapes import BILLION, shape_of

FOUR_BIT = ("nf4", "int4", "fp4-", "4bit", "4-bit", "q4")
WHOLE_RUNS = ("pretrain", "continued_pretrain", "full_ft", "lora", "qlora", "reward_model", "dpo", "ppo", "grpo")
RL_KINDS = ("ppo", "grpo")
FROM_TEXT = ("pretrain", "continued_pretrain")
"""Kinds that read running text in packed blocks."""
LORA_MATRICES = 7.0
"""Adapted matrices per layer: query, key, value, output and the three of a gated feed-forward block."""
ADAPTED_BY_DEFAULT = 2.0
"""Query and value alone, the default of most tools."""
USUAL_RANK = 16
PACKED_FROM_TOKENS = 2048
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


@dataclass(frozen=True)
class Setup:
    """A training request with all gaps filled."""

    kind: str
    year: int | None
    method: Method
    shape: ModelShape
    part: Part | None
    devices: int
    is_linked: bool
    """All devices stand in one server."""
    seq_len: float
    tokens: float | None
    """Tokens of the whole run; None: neither given nor guessed."""
    tokens_input: str | None
    """Parameter whose spread the tokens carry; None: they are given."""
    rollouts_per_device: float | None
    """Answers that a device writes at once; None: not said."""
    generated_fraction: float
    """Share of the tokens that the model writes itself."""
    micro_tokens: float
    """Tokens of one pass of one device, sequences at their full length (what memory must hold)."""
    step_tokens: float
    """Tokens of one device in an optimiser step, likewise."""
    is_packed: bool
    """Examples are joined to full blocks, so no token is padding."""
    fill_fraction: float
    """Real over full-length tokens: examples are shorter than the longest one, packed text is not."""
    padding_ratio: float
    """Tokens worked through per real token."""
    halvings: int
    """Times the 16 bits of the products are halved."""
    plan: MemoryPlan
    weights_only: bool
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]


def setup_of(request: TrainingRequest, pool: Draws) -> Setup:
    """Fill the gaps of a request.

    Raises:
        BadInput: model size or accelerator are missing or unknown.
    """
    shape, assumed = shape_of(request, pool.catalog)
    notes = list(assumed)
    method = _method(request)
    weights_only = request.kind == "memory" and not (request.seq_len or request.batch or request.accelerator)
    has_part = request.accelerator is not None or request.peak_flop_per_s is not None
    part = None if request.kind == "memory" and not has_part else part_of(request, pool.catalog)
    seq_len = _seq_len(request, shape, pool, notes)
    batch = batch_of(request.batch)
    devices = _devices(request, shape, part, batch, seq_len, pool, notes)
    micro, step = _tokens_per_step(request, batch, seq_len, devices, shape, part, pool, notes)
    tokens, tokens_input = _tokens(request, shape, seq_len, pool, notes)
    plan = _plan(request, shape, part, method, devices, micro, memory_fit(pool.value), notes)
    packed = _is_packed(request)
    return Setup(
        kind=request.kind,
        year=request.year,
        method=method,
        shape=shape,
        part=part,
        devices=devices,
        is_linked=part is None or devices <= part.devices_per_server,
        seq_len=seq_len,
        tokens=tokens,
        tokens_input=tokens_input,
        rollouts_per_device=None if batch.sequences is None else max(1.0, batch.sequences / devices),
        generated_fraction=_generated(request, pool, notes),
        micro_tokens=micro,
        step_tokens=max(step, micro),
        is_packed=packed,
        fill_fraction=1.0 if packed else pool.value("example_fill_fraction"),
        padding_ratio=1.0 if packed or micro <= seq_len else pool.value("padding_ratio"),
        halvings=_halvings(request, method),
        plan=plan,
        weights_only=weights_only,
        assumptions=tuple(notes),
        warnings=_warnings(request, part),
    )


def _method(request: TrainingRequest) -> Method:
    if request.kind in ("lora", "qlora"):
        return request.kind
    text = f"{request.model or ''} {request.precision or ''}".lower()
    if request.kind == "memory":
        if any(word in text for word in FOUR_BIT):
            return "qlora"
        return "lora" if "lora" in text or request.lora_rank is not None else "full"
    return "lora" if request.lora_rank is not None else "full"


def _halvings(request: TrainingRequest, method: Method) -> int:
    precision = (request.precision or "").lower()
    if method == "qlora":
        return 0
    return 2 if "fp4" in precision else 1 if "fp8" in precision else 0


def _is_packed(request: TrainingRequest) -> bool:
    """Text always; examples where the length is far above that of a usual example, which only packing fills."""
    return request.kind in (*FROM_TEXT, "throughput", "memory") or (request.seq_len or 0) >= PACKED_FROM_TOKENS


def _assume(notes: list[Assumption], name: str, amount: float | str, source: str) -> None:
    notes.append(Assumption(name=name, value=amount, source=source))


def _seq_len(request: TrainingRequest, shape: ModelShape, pool: Draws, notes: list[Assumption]) -> float:
    if request.seq_len is not None:
        return float(request.seq_len)
    if request.tokens_per_sample is not None:
        return request.tokens_per_sample
    if shape.family != "decoder":
        name = "training_seq_len.encoder"
    elif request.kind in FROM_TEXT or request.kind == "throughput":
        name = "training_seq_len.text" if (request.year or 2024) >= 2023 else "training_seq_len.text_before_2023"
    else:
        name = "training_seq_len.examples"
    length = pool.value(name)
    _assume(notes, "seq_len", length, f"catalogue parameter {name}")
    return length


def _devices(
    request: TrainingRequest,
    shape: ModelShape,
    part: Part | None,
    batch: Batch,
    seq_len: float,
    pool: Draws,
    notes: list[Assumption],
) -> int:
    if request.accelerator_count is not None:
        return request.accelerator_count
    if request.kind not in FROM_TEXT or part is None or part.memory_bytes is None:
        state = 18.0 if request.kind in WHOLE_RUNS and request.kind not in ("lora", "qlora") else 2.5
        needed = 1 if part is None or part.memory_bytes is None else shape.params * state / (0.7 * part.memory_bytes)
        count = 1
        while count < needed:
            count *= 2
    else:
        per_device = pool.value("training_tokens_per_device_step")
        tokens = batch.tokens_per_step(seq_len) or pool.value("training_batch_tokens")
        count = max(8, 8 * round(tokens / per_device / 8))
    if request.kind != "memory":
        _assume(notes, "accelerator_count", float(count), "fits the model at a usual batch; moves hours little")
    return count


def _tokens_per_step(
    request: TrainingRequest,
    batch: Batch,
    seq_len: float,
    devices: int,
    shape: ModelShape,
    part: Part | None,
    pool: Draws,
    notes: list[Assumption],
) -> tuple[float, float]:
    """Tokens of one device in a pass and in an optimiser step."""
    total = batch.tokens_per_step(seq_len)
    step = None if total is None else total / devices
    if batch.micro_sequences is not None:
        micro = batch.micro_sequences * seq_len
    elif request.kind in FROM_TEXT or request.kind == "throughput":
        roomy = _roomy_tokens(shape, part, memory_fit(pool.value))
        micro = max(seq_len, min(roomy if step is None else step, roomy))
        if step is None:
            _assume(notes, "tokens_per_device_and_step", micro, "activations fill a part of the memory")
    else:
        micro = max(seq_len, min(step, LONGEST_MICRO_TOKENS)) if step is not None else seq_len
        if step is None:
            _assume(notes, "micro_batch_sequences", micro / seq_len, "one sequence a pass")
    return micro, step if step is not None else micro


def _roomy_tokens(shape: ModelShape, part: Part | None, fit: MemoryFit) -> float:
    """Tokens of a pass whose activations and logits take the usual share of the memory."""
    if part is None or part.memory_bytes is None:
        return LONGEST_MICRO_TOKENS
    plan = MemoryPlan("full", "adamw", "zero3", "none", 1, 1.0)
    per_token = float(activation_bytes(shape, plan, fit)) + float(fit.logit_bytes) * shape.vocab_size
    return min(LONGEST_MICRO_TOKENS, ACTIVATION_SHARE * part.memory_bytes / per_token)


def _tokens(
    request: TrainingRequest, shape: ModelShape, seq_len: float, pool: Draws, notes: list[Assumption]
) -> tuple[float | None, str | None]:
    """Tokens of the run, and the parameter whose spread they carry."""
    if request.tokens_b is not None:
        return request.tokens_b * BILLION, None
    if request.kind not in WHOLE_RUNS:
        return None, None
    samples, epochs = (request.samples, request.epochs) if request.samples else examples_in(request.model or "")
    if samples is not None:
        usual = pool.value("fine_tuning_epochs") if request.kind not in RL_KINDS else 1.0
        return _example_tokens(request, float(samples), request.epochs or epochs or usual, seq_len, pool, notes)
    if request.kind in FROM_TEXT:
        name = f"training_tokens_per_parameter.{request.kind}"
        tokens = shape.params * pool.value(name)
    else:
        name = f"training_tokens.{request.kind}"
        tokens = pool.value(name)
    _assume(notes, "tokens_b", tokens / BILLION, f"not given; catalogue parameter {name}, very wide")
    return tokens, name


def _example_tokens(
    request: TrainingRequest, samples: float, epochs: float, seq_len: float, pool: Draws, notes: list[Assumption]
) -> tuple[float, str | None]:
    pair = 2.0 if request.kind in ("reward_model", "dpo") else 1.0
    if request.tokens_per_sample is not None:
        return samples * pair * epochs * request.tokens_per_sample, None
    tokens = samples * pair * epochs * seq_len * pool.value("example_fill_fraction")
    _assume(notes, "tokens_b", tokens / BILLION, f"{samples:g} examples, {epochs:g} epochs, example_fill_fraction")
    return tokens, "example_fill_fraction"


def _generated(request: TrainingRequest, pool: Draws, notes: list[Assumption]) -> float:
    if request.kind not in RL_KINDS:
        return 0.0
    if request.generated_fraction is not None:
        return request.generated_fraction
    name = f"rollout_generated_fraction.{request.kind}"
    _assume(notes, "generated_fraction", pool.value(name), f"catalogue parameter {name}")
    return pool.value(name)


def _plan(
    request: TrainingRequest,
    shape: ModelShape,
    part: Part | None,
    method: Method,
    devices: int,
    micro: float,
    fit: MemoryFit,
    notes: list[Assumption],
) -> MemoryPlan:
    """The layout that a run on this hardware must have: the most comfortable one that fits."""
    crowded = part is not None and part.memory_bytes is not None and 2 * shape.params > SHARD_ABOVE * part.memory_bytes
    sharding = request.sharding or ("zero3" if devices > 1 and (method == "full" or crowded) else "none")
    rank = request.lora_rank or USUAL_RANK
    adapters = ADAPTED_BY_DEFAULT * 2 * rank * shape.hidden_size * (shape.num_layers + shape.encoder_layers)
    wanted = MemoryPlan(
        method=method,
        optimizer=request.optimizer or "adamw",
        sharding=sharding,
        recompute="none",
        devices=devices,
        micro_tokens=micro,
        adapter_params=adapters if method != "full" else 0.0,
        tensor_parallel=request.tensor_parallel or 1,
        weight_bytes_per_param=_weight_bytes(request, notes),
    )
    recomputes: tuple[Recompute, ...] = ("none", "selective", "full")
    if devices > 1 and method == "full":
        recomputes = recomputes[1:]  # the default of the frameworks for several devices
    if request.kind in FROM_TEXT and request.batch is None:
        recomputes = recomputes[:-1]  # runs that choose their own layout split the model before they repeat it
    if devices > 1 and (request.year or FLASH_ATTENTION_YEAR) < FLASH_ATTENTION_YEAR:
        recomputes = ("full",)
    if request.recompute is not None:
        recomputes = ("full",) if request.recompute else ("none",)
    single = devices == 1 and method == "full"
    states = ("adamw", "adamw_bf16", "adamw_8bit", "adamw_paged", "adamw_fused") if single else ("adamw",)
    if request.optimizer is not None:
        states = (request.optimizer,)
    return lightest_plan(
        shape,
        replace(wanted),
        fit,
        memory_bytes=None if part is None else part.memory_bytes,
        optimizers=states,
        recomputes=recomputes,
        logit_chunks=(1, LOSS_CHUNKS),
        most_parallel=1 if single or request.tensor_parallel else min(devices, MOST_PARALLEL),
    )


def _weight_bytes(request: TrainingRequest, notes: list[Assumption]) -> float:
    """32 bit where it is said, or where nothing is said and the tools of the time loaded weights so."""
    precision = (request.precision or "").lower()
    if "32" in precision and "16" not in precision:
        return 4.0
    if request.precision is None and (request.year or LOADED_16_BIT_SINCE) < LOADED_16_BIT_SINCE:
        _assume(notes, "precision", "fp32 weights", "default of transformers before version 5 when none is named")
        return 4.0
    return 2.0


def _warnings(request: TrainingRequest, part: Part | None) -> tuple[str, ...]:
    if part is not None and not part.is_listed:
        return (f"accelerator {part.name!r} is not in the catalogue: estimated from its datasheet, wide interval",)
    return ()
