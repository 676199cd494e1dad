"""How fast a training goes, relative to the run that stands for its class of accelerators.

Enter at `pace_of`, for an option, and at `ratio_of_plan` and `ratio_of_probe`, for what was measured. All ask the step
model that answers `advisor estimate`; its ratio to the reference run is what an option adds to the utilisation of its
class, `mfu_fraction.<class>.full`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from advisor.catalog import lookup
from advisor.contracts.catalog import AcceleratorRow, ArchitectureRow, BaseModelRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingKind, TrainingRequest
from advisor.contracts.measurements import TrainingProbe
from advisor.contracts.plan import Architecture, LoraSettings, PretrainPhase, SftPhase, TrainingPlan
from advisor.core.memory import training_memory_bytes
from advisor.core.parameters import decoder_parameters
from advisor.core.training import token_time_s
from advisor.estimate.coefficients import memory_fit, training_fit
from advisor.estimate.draws import Draws, draws_of
from advisor.estimate.kinds import FROM_TEXT, PLAIN_KINDS
from advisor.estimate.loads import load_of
from advisor.estimate.setup import setup_of
from advisor.estimate.shapes import BILLION

REFERENCE_PARTS = {
    "a100": "a100-sxm-80gb",
    "h100": "h100-sxm-80gb",
    "b200": "b200-sxm-180gb",
    "v100": "v100-sxm2-32gb",
    "tpu": "tpu-v4",
    "amd": "mi300x-192gb",
    "consumer": "rtx-4090-24gb",
}
"""The part on which a class's reference run stands. Processors, Apple and Intel parts have none: no published run of
theirs is behind the step model, so their utilisation is the class's alone."""
REFERENCE_PARAMS_B, REFERENCE_YEAR = 7.0, 2026
COUNTS = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of devices that are tried; what does not fit the last one counts as impossible."""
FULL_STATE_BYTES = 14.0
"""Weights in 16 bit, master copy and two moments: what a checkpoint of full training keeps per parameter."""
ADAPTER_STATE_BYTES = 14.0


@dataclass(frozen=True)
class Pace:
    """What the step model says about one training on one part."""

    flop_per_token: float
    """Model FLOPs of products and attention (causal, counted once)."""
    mfu_ratio: float
    """Utilisation over that of the class's reference run; 1 where the step model does not cover the class."""
    devices: int
    """Fewest devices that hold weights, states, activations and logits, by the memory model's high bound."""
    checkpoint_bytes: float
    note: str
    """What was compared, for the reader."""


@dataclass(frozen=True)
class _Step:
    flop_per_token: float
    mfu_fraction: float
    checkpoint_bytes: float
    recompute: str


def central_pool(catalog: Catalog) -> Draws:
    """The catalogue's parameters at their central values, one pool for all questions."""
    return draws_of(catalog, draws=1, seed=0)


def sizes_of(model: BaseModelRow | ArchitectureRow) -> dict[str, Any]:
    """The keys of a training request that say which model it is."""
    if isinstance(model, BaseModelRow):
        return {
            "model": model.id,
            "params_b": model.parameters / BILLION,
            "active_params_b": model.active_parameters / BILLION,
        }
    names = ("num_layers", "hidden_size", "num_heads", "num_kv_heads", "ffn_size", "vocab_size")
    head_dim = model.hidden_size // model.num_heads
    return {"params_b": model.parameters / BILLION, "head_dim": head_dim} | {
        name: getattr(model, name) for name in names
    }


def pace_of(
    model: BaseModelRow | ArchitectureRow,
    kind: TrainingKind,
    part: AcceleratorRow,
    pool: Draws,
    *,
    tokens_per_example: float,
) -> Pace | None:
    """The pace on the fewest devices that hold the training; None where nothing holds it."""
    lengths = _text_lengths(model, pool) if kind in FROM_TEXT else _example_lengths(model, tokens_per_example, pool)
    return _fewest(tuple((sizes_of(model) | lengths).items()), kind, part, pool)


@lru_cache(maxsize=4096)
def _fewest(stated: tuple[tuple[str, Any], ...], kind: TrainingKind, part: AcceleratorRow, pool: Draws) -> Pace | None:
    """The pace for the keys of a request: a matter of the catalogue alone, so it is reckoned once for all cases."""
    keys = dict(stated)
    count = next((count for count in COUNTS if _fits(keys, kind, part, count, pool)), None)
    if count is None:
        return None
    step = _step(keys, kind, part, count, pool)
    ratio = _ratio(step, kind, part, pool)
    note = (
        f"step model of `advisor estimate`: {kind} on {count} x {part.id}, {keys['seq_len']} tokens a sequence, "
        f"{step.recompute} recomputation, over a dense pre-training of 7 billion parameters in {REFERENCE_YEAR}"
    )
    if part.mfu_class not in REFERENCE_PARTS:
        note = (
            f"no published run on the class {part.mfu_class} is behind the step model: the class's utilisation as it is"
        )
    return Pace(step.flop_per_token, ratio, count, step.checkpoint_bytes, note)


@lru_cache(maxsize=64)
def reference_mfu_fraction(mfu_class: str, pool: Draws) -> float:
    """Whole-run utilisation of the class's reference run, at the central values of the step model."""
    part = lookup.accelerator(pool.catalog, REFERENCE_PARTS[mfu_class])
    sizes = {"params_b": REFERENCE_PARAMS_B}
    return _whole(_step(sizes, "pretrain", part, None, pool), "pretrain", pool)


def ratio_of_plan(plan: TrainingPlan, phase: str, part: AcceleratorRow, catalog: Catalog) -> float:
    """Utilisation that a plan's phase should reach over that of the reference run; 1 where the model cannot tell."""
    found = plan.phases.pretrain if phase == "pretrain" else plan.phases.sft
    if found is None or part.mfu_class not in REFERENCE_PARTS:
        return 1.0
    pool = central_pool(catalog)
    keys: dict[str, Any] = {"batch": f"GBS {found.batch_sequences}"}
    kind: TrainingKind = "full_ft"
    if isinstance(plan.model, Architecture):
        names = ("num_layers", "hidden_size", "num_heads", "num_kv_heads", "ffn_size", "vocab_size")
        sizes = {name: getattr(plan.model, name) for name in names}
        sizes["head_dim"] = plan.model.hidden_size // plan.model.num_heads
        keys |= sizes | {"params_b": decoder_parameters(**sizes, tied_embeddings=False) / BILLION}
    else:
        keys["model"] = plan.model.model
    if isinstance(found, PretrainPhase):
        kind = "pretrain" if isinstance(plan.model, Architecture) else "continued_pretrain"
        keys["seq_len"] = found.sequence_tokens
    elif found.lora is not None:
        kind = "lora"
        keys["lora_rank"] = found.lora.rank
    try:
        step = _step(keys, kind, part, plan.accelerator_count, pool)
    except BadInput:
        return 1.0
    return _ratio(step, kind, part, pool)


def ratio_of_probe(probe: TrainingProbe, part: AcceleratorRow, catalog: Catalog) -> float:
    """Utilisation that a probe's steps should reach over that of the reference run; 1 where the model cannot tell."""
    if part.mfu_class not in REFERENCE_PARTS:
        return 1.0
    pool, model = central_pool(catalog), probe.model
    keys: dict[str, Any] = {name: getattr(model, name) for name in ("num_layers", "hidden_size", "vocab_size")}
    keys |= {"params_b": model.parameters / BILLION, "seq_len": probe.sequence_tokens}
    keys["batch"] = f"GBS {probe.batch_sequences}"
    try:
        step = _step(keys, "full_ft", part, 1, pool)
    except BadInput:
        return 1.0
    return _ratio(step, "full_ft", part, pool)


def _text_lengths(model: BaseModelRow | ArchitectureRow, pool: Draws) -> dict[str, Any]:
    return {"seq_len": int(min(model.context_tokens, pool.value("training_seq_len.text")))}


def _example_lengths(model: BaseModelRow | ArchitectureRow, tokens: float, pool: Draws) -> dict[str, Any]:
    """Examples of a mean length come with longer ones; batches are the trainer's, a sequence at a time."""
    longest = max(16, round(tokens / pool.value("example_fill_fraction")))
    batch = SftPhase().batch_sequences
    return {"seq_len": int(min(model.context_tokens, longest)), "batch": f"GBS {batch} (micro 1)"}


def _step(keys: dict[str, Any], kind: TrainingKind, part: AcceleratorRow, count: int | None, pool: Draws) -> _Step:
    """The step model at its central values."""
    setup = setup_of(_request(keys, kind, part, count), pool)
    load = load_of(setup, pool)
    time_s = float(token_time_s(load, training_fit(pool.value, plain=kind in PLAIN_KINDS and not setup.is_packed)))
    flop = float(load.matmul_flop) / setup.padding_ratio + float(load.attention_flop)
    state = setup.shape.params * FULL_STATE_BYTES
    if kind == "lora":
        state = setup.plan.adapter_params * ADAPTER_STATE_BYTES
    return _Step(
        flop_per_token=flop,
        mfu_fraction=flop / (time_s * part.peak_flop_per_s),
        checkpoint_bytes=state,
        recompute=setup.plan.recompute,
    )


def _fits(keys: dict[str, Any], kind: TrainingKind, part: AcceleratorRow, count: int, pool: Draws) -> bool:
    """Whether some layout stays below the memory even where the memory model errs upwards, as in `advisor estimate`."""
    error = lookup.parameter(pool.catalog, f"memory_residual_ratio.{'single' if count == 1 else 'several'}").high
    allowed = part.memory_bytes / error
    least = {"batch": "micro 1"} | keys | {"memory_bytes": allowed}
    setup = setup_of(_request(least, kind, part, count), pool)
    return float(training_memory_bytes(setup.shape, setup.plan, memory_fit(pool.value))) <= allowed


def _request(keys: dict[str, Any], kind: TrainingKind, part: AcceleratorRow, count: int | None) -> TrainingRequest:
    """Full training with the usual 32-bit states, adapters of the trainer's rank."""
    method = {"lora_rank": LoraSettings().rank} if kind == "lora" else {"optimizer": "adamw"}
    usual = {"id": "pace", "kind": kind, "accelerator": part.id, "accelerator_count": count, "precision": "bf16"}
    return TrainingRequest(**usual | {"year": REFERENCE_YEAR} | method | keys)


def _whole(step: _Step, kind: TrainingKind, pool: Draws) -> float:
    """Of the whole run: only large runs lose time to failures, evaluation and slow stretches, as in the estimator."""
    return step.mfu_fraction * (pool.value("training_run_efficiency_fraction") if kind in FROM_TEXT else 1.0)


def _ratio(step: _Step, kind: TrainingKind, part: AcceleratorRow, pool: Draws) -> float:
    if part.mfu_class not in REFERENCE_PARTS:
        return 1.0
    return _whole(step, kind, pool) / reference_mfu_fraction(part.mfu_class, pool)
