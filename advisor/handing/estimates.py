"""Training requests of a plan's phases, and the number of devices that fits memory and deadline.

Enter at `requests_of` and `hardware_of`. The estimators are those of `advisor estimate training`.
"""

from dataclasses import dataclass
from typing import Any

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingEstimate, TrainingRequest
from advisor.contracts.plan import Architecture, BaseModelSource, PhasesPlan
from advisor.core.units import HOURS_PER_MONTH
from advisor.estimate.training import estimate_training
from advisor.handing.figures import assumed
from advisor.input_rows import three_points
from advisor.options.pace import REFERENCE_PARTS
from advisor.roadmap import MONTH_SHARES, steps_used

DRAWS = 400
MOST_COUNT = 64
TRAINING_STEPS = (6, 8)
BILLION = 1e9


@dataclass(frozen=True)
class Hardware:
    """Where the training runs."""

    accelerator: str | None
    count: int
    estimates: tuple[TrainingEstimate, ...] = ()
    """One per phase that is forecast, in order; empty where the step model does not cover the part."""
    notes: tuple[str, ...] = ()


def requests_of(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    model: Architecture | BaseModelSource,
    phases: PhasesPlan,
    count: int,
) -> list[TrainingRequest]:
    """One request per gradient phase: pre-training or adaptation, then supervised tuning."""
    common: dict[str, Any] = _size(option, catalog, model) | {
        "accelerator": option.accelerator,
        "accelerator_count": count,
        "precision": "bf16",
    }
    found = []
    if phases.pretrain is not None:
        phase = phases.pretrain
        tokens = phase.max_steps * phase.batch_sequences * phase.sequence_tokens
        kind = "pretrain" if isinstance(model, Architecture) else "continued_pretrain"
        own = {"seq_len": phase.sequence_tokens, "batch": float(phase.batch_sequences), "tokens_b": tokens / BILLION}
        found.append(TrainingRequest(id="pretrain", kind=kind, optimizer="adamw", **common | own))
    if phases.sft is not None:
        per_example = assumed(assessment, "input_tokens_per_request") + assumed(assessment, "output_tokens_per_request")
        own = {
            "batch": float(phases.sft.batch_sequences),
            "samples": max(1, round(assumed(assessment, "labelled_examples"))),
            "tokens_per_sample": per_example,
            "epochs": phases.sft.epochs,
        }
        if phases.sft.lora is not None:
            own["lora_rank"] = phases.sft.lora.rank
            found.append(TrainingRequest(id="sft", kind="lora", **common | own))
        else:
            found.append(TrainingRequest(id="sft", kind="full_ft", optimizer="adamw", **common | own))
    return found


def hardware_of(
    assessment: Assessment,
    option: Option,
    catalog: Catalog,
    model: Architecture | BaseModelSource,
    phases: PhasesPlan,
) -> Hardware:
    """The fewest devices on which every phase fits the memory and the runs end in time.

    In time: the high bound of the hours is below the training steps' share of the deadline, or of the time to value
    where the case names no deadline. What the company owns is the limit where it owns the part.
    """
    if option.accelerator is None:
        return Hardware(None, 1)
    part = lookup.accelerator(catalog, option.accelerator)
    owned = _owned(assessment, part, catalog)
    if part.mfu_class not in REFERENCE_PARTS:
        return Hardware(part.id, owned or 1)
    allowed_h = _allowed_hours(assessment, option)
    limit = owned or MOST_COUNT
    counts = sorted({count for count in (1, 2, 4, 8, 16, 32, 64) if count <= limit} | {limit})
    best: Hardware | None = None
    for count in counts:
        try:
            requests = requests_of(assessment, option, catalog, model, phases, count)
            estimates = tuple(
                estimate_training(request, catalog, draws=DRAWS, seed=assessment.seed) for request in requests
            )
        except BadInput:
            return Hardware(part.id, owned or 1)
        if any(estimate.fits is False for estimate in estimates):
            continue
        best = Hardware(part.id, count, estimates)
        wall = sum(estimate.wall_hours.p95 for estimate in estimates if estimate.wall_hours is not None)
        if wall <= allowed_h:
            return best
    if best is None:
        note = f"no number of {part.name} up to {limit} holds the training in its memory; take a larger part or LoRA"
        return Hardware(part.id, limit, (), (note,))
    note = f"even {best.count} x {part.name} may take longer than the {allowed_h:,.0f} h that the roadmap leaves"
    return Hardware(best.accelerator, best.count, best.estimates, (note,))


def _allowed_hours(assessment: Assessment, option: Option) -> float:
    used = steps_used(option)
    whole = sum(MONTH_SHARES[step - 1] for step in used)
    training = sum(MONTH_SHARES[step - 1] for step in TRAINING_STEPS if step in used)
    deadline = assessment.case.budget.deadline_months
    months = option.time_to_value_months.p50 if deadline is None else three_points(deadline)[1]
    return months * training / whole * HOURS_PER_MONTH


def _owned(assessment: Assessment, part: AcceleratorRow, catalog: Catalog) -> int | None:
    for owned in assessment.case.hardware.owned:
        if lookup.accelerator(catalog, owned.accelerator).id == part.id:
            return owned.count
    return None


def _size(option: Option, catalog: Catalog, model: Architecture | BaseModelSource) -> dict[str, Any]:
    """What the estimators need to know of the model, in billions of parameters and shapes."""
    if isinstance(model, Architecture):
        row = lookup.architecture(catalog, option.model or "")
        names = ("num_layers", "hidden_size", "num_heads", "num_kv_heads", "ffn_size", "vocab_size")
        sizes: dict[str, Any] = {name: getattr(model, name) for name in names}
        sizes["head_dim"] = model.hidden_size // model.num_heads
        return sizes | {"params_b": row.parameters / BILLION}
    return {"model": lookup.base_model(catalog, option.model or "").id}
