"""Hours of a phase on catalogue hardware that nobody has measured with this workload.

Enter at `estimated_phase`. The step model of `advisor estimate training` answers where it covers the class, corrected
by what a calibration knows of the class; else planned FLOPs over the class's utilisation.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

from advisor.calibrate.figures import OWN_RUN_SPREAD_LN
from advisor.catalog import lookup
from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration, CalibrationEntry
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import TrainingKind, TrainingRequest
from advisor.contracts.plan import Architecture, TrainingPlan
from advisor.core.compute import accelerator_hours
from advisor.core.project import HIGHEST_MFU
from advisor.core.sampling import Z95
from advisor.estimate.training import estimate_training
from advisor.forecast.measured import Timed
from advisor.forecast.target import Size, Target
from advisor.forecast.wanted import Wanted
from advisor.options.pace import REFERENCE_PARTS

BILLION = 1e9
DRAWS = 1000
SIZES = ("num_layers", "hidden_size", "num_heads", "num_kv_heads", "ffn_size", "vocab_size")


@dataclass(frozen=True)
class Utilisation:
    """What a calibration knows of a class: its utilisation over the catalogue's, and the band around it."""

    ratio: float
    spread_ln: float
    reports: int


def estimated_phase(
    wanted: Wanted, plan: TrainingPlan, size: Size, target: Target, catalog: Catalog, calibration: Calibration | None
) -> Timed | str:
    """P5, P50 and P95 of a phase's hours, or why they cannot be said."""
    part, phase = target.part, wanted.workload.phase
    if part is None:
        return "not measured on this hardware, and the catalogue does not know it"
    if wanted.steps is None:
        return wanted.steps_note
    if phase == "rl":
        return "the lengths of prompts and answers are not known; a run with the phase rl on this hardware tells them"
    if part.mfu_class not in REFERENCE_PARTS:
        return _by_utilisation(wanted, target, catalog, calibration)
    try:
        request = _request(wanted, plan, size, target)
        hours = estimate_training(request, catalog, draws=DRAWS).wall_hours
    except BadInput as error:
        return f"cannot be estimated: {error}"
    if hours is None:
        return "the estimate has no hours for it"
    source = f"step model of `advisor estimate training`, {request.kind} on {target.words}"
    return _corrected(hours, source, _utilisation_of(part.mfu_class, calibration))


def _corrected(hours: Interval, source: str, known: Utilisation | None) -> Timed:
    """The estimate moved by what its class was measured to reach, with the band of that and of one more run."""
    if known is None:
        return Timed(_rounded(hours.p5, hours.p50, hours.p95), source)
    middle = hours.p50 / known.ratio
    own_ln = log(hours.p95 / hours.p5) / (2 * Z95)
    spread_ln = min(own_ln, sqrt(known.spread_ln**2 + OWN_RUN_SPREAD_LN**2))
    low, high = (middle * exp(k * Z95 * spread_ln) for k in (-1.0, 1.0))
    note = f"{source}, corrected by the utilisation of its class in {known.reports} reports (x {known.ratio:.2f})"
    return Timed(_rounded(low, middle, high), note)


def _by_utilisation(wanted: Wanted, target: Target, catalog: Catalog, calibration: Calibration | None) -> Timed | str:
    part = target.part
    if part is None or wanted.step_flop is None or wanted.steps is None:
        return "the lengths of its texts are not known; a run of the phase on this hardware tells the time of its steps"
    name = f"mfu_fraction.{part.mfu_class}.full"
    row = lookup.parameter(catalog, name)
    shares, source = (row.high, row.central, row.low), f"planned FLOPs over {name} of the catalogue"
    entry = _class_entry(part.mfu_class, calibration)
    if entry is not None and entry.posterior is not None:
        learnt = entry.posterior
        shares, source = (learnt.p95, learnt.p50, learnt.p5), f"planned FLOPs over {name} as it was measured"
    flop = wanted.step_flop * wanted.steps
    found = [
        float(accelerator_hours(flop, part.peak_flop_per_s, min(HIGHEST_MFU, share))) / target.count for share in shares
    ]
    return Timed(_rounded(*found), source)


def _class_entry(mfu_class: str, calibration: Calibration | None) -> CalibrationEntry | None:
    name = f"mfu_fraction.{mfu_class}.full"
    entries = calibration.entries if calibration is not None else ()
    return next((entry for entry in entries if entry.input == name and entry.posterior is not None), None)


def _utilisation_of(mfu_class: str, calibration: Calibration | None) -> Utilisation | None:
    entry = _class_entry(mfu_class, calibration)
    if entry is None or entry.posterior is None or entry.prior is None:
        return None
    counted = [item for item in entry.observations if item.state == "counted"]
    spread_ln = log(entry.posterior.p95 / entry.posterior.p5) / (2 * Z95)
    return Utilisation(entry.posterior.p50 / entry.prior.value.p50, spread_ln, len(counted))


def _request(wanted: Wanted, plan: TrainingPlan, size: Size, target: Target) -> TrainingRequest:
    work = wanted.workload
    batch = float(work.batch_sequences or 1)
    keys: dict[str, Any] = {
        "id": work.phase,
        "accelerator": target.part.id if target.part is not None else None,
        "accelerator_count": target.count,
        "precision": "bf16",
        "batch": batch,
        "params_b": size.parameters / BILLION,
    }
    model = plan.model
    if isinstance(model, Architecture):
        keys |= {name: getattr(model, name) for name in SIZES} | {"head_dim": model.hidden_size // model.num_heads}
    else:
        keys["model"] = model.model
    kind: TrainingKind = "full_ft"
    if work.phase == "pretrain":
        kind = "pretrain" if isinstance(model, Architecture) else "continued_pretrain"
        tokens = float(wanted.steps or 0) * batch * float(work.sequence_tokens or 1)
        keys |= {"tokens_b": tokens / BILLION, "seq_len": work.sequence_tokens, "optimizer": "adamw"}
    else:
        epochs = float(wanted.steps or 0) * batch / max(1, wanted.examples or 1)
        keys |= {"samples": wanted.examples, "epochs": epochs, "tokens_per_sample": wanted.example_tokens}
        lora = plan.phases.sft.lora if plan.phases.sft is not None and work.phase == "sft" else None
        kind = "reward_model" if work.phase == "reward" else "lora" if lora is not None else "full_ft"
        keys |= {"lora_rank": lora.rank} if lora is not None else {"optimizer": "adamw"}
    return TrainingRequest(kind=kind, **keys)


def _rounded(low: float, middle: float, high: float) -> Interval:
    return Interval(p5=float(f"{low:.4g}"), p50=float(f"{middle:.4g}"), p95=float(f"{high:.4g}"))
