"""What a training project takes, from an option and a design: examples, annotation, compute, room for data.

Enter at `training_run`, `annotation_hours` and `storage_gb`; options that train nothing take nothing.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core import compute, data_work, energy
from advisor.core.candidates import Candidate, Hosting, Training
from advisor.core.demand import Demand
from advisor.core.footprint import facility_kwh
from advisor.core.sampling import Design
from advisor.core.units import HOURS_PER_MONTH, TOKENS_PER_MTOK

Array = NDArray[np.float64]
BYTES_PER_WEIGHT = 2.0
"""Models are kept in 16 bits."""
HIGHEST_MFU = 1.0
"""No draw of class, option and scatter together goes beyond the peak."""


@dataclass(frozen=True)
class Run:
    """The first training, all trials included; arrays over the points of a design."""

    compute: Array
    """Money."""
    hours: Array
    """Device-hours."""
    flop: Array
    """Of the final run."""
    it_kwh: Array
    devices: Array
    """To be there at once, where they are bought."""


def example_count(work: Training, x: Design) -> Array:
    """Examples that are trained on: what the method needs, or more where more are there."""
    return np.asarray(np.maximum(x[work.examples_input], x["labelled_examples"] * x["cleanliness_fraction"]))


def annotation_hours(option: Candidate, x: Design) -> Array:
    """Working time for the examples that are missing."""
    if option.training is None:
        return np.zeros_like(x["requests_per_month"])
    missing = np.maximum(0.0, x[option.training.examples_input] - x["labelled_examples"] * x["cleanliness_fraction"])
    return data_work.annotation_hours(
        missing,
        x["annotation_seconds_per_example"],
        quality_assurance_fraction=x["annotation_quality_assurance_fraction"],
        rework_fraction=x["annotation_rework_fraction"],
        rejection_fraction=x["annotation_rejection_fraction"],
    )


def training_run(option: Candidate, x: Design, demand: Demand, *, per_usd: float, per_eur: float) -> Run:
    """Compute of the first training: the final run, the trials around it, and a reserve for starting it again."""
    zero = demand.zero
    work = option.training
    if work is None:
        return Run(zero, zero, zero, zero, zero)
    example_tokens = demand.once(("example_tokens", work.examples_input), lambda: _example_tokens(work, x))
    effort = x[work.development_input] + x["failure_reserve_ratio"]
    if work.method == "provider":
        price = option.offer.tuning_usd_per_mtok if option.offer is not None else None
        usd = example_tokens / TOKENS_PER_MTOK * (price or 0.0)
        return Run(usd * effort * per_usd, zero, zero, zero, zero)
    hosting = option.hosting
    if hosting is None or work.mfu_input is None:
        raise ValueError(f"{option.id}: training in-house needs an accelerator")
    flop = np.asarray(work.flop_per_token * (_corpus_tokens(work, x) + example_tokens))
    own = x["fine_tuning_mfu_ratio"] if work.mfu_is_fine_tuning else 1.0
    mfu = np.minimum(HIGHEST_MFU, x[work.mfu_input] * work.mfu_ratio * own)
    final_hours = compute.accelerator_hours(flop, hosting.device.peak_flop_per_s, mfu)
    hours = np.asarray(final_hours * effort)
    power = demand.once(("training_kw", hosting.accelerator), lambda: _training_kw(hosting, x))
    it_kwh = np.asarray(hours * power)
    if not hosting.bought:
        return Run(hours * x[f"rental_usd_per_hour.{hosting.accelerator}"] * per_usd, hours, flop, it_kwh, zero)
    wanted = compute.accelerators_for(final_hours, x["training_wall_months"] * HOURS_PER_MONTH)
    paid = facility_kwh(it_kwh, x["pue_ratio"]) * x["electricity_price_eur_per_kwh"] * per_eur
    return Run(paid, hours, flop, it_kwh, np.maximum(wanted, work.min_devices))


def reserve_fraction(option: Candidate, x: Design) -> Array | float:
    """Share of the training's compute that is kept for starting the final run again."""
    if option.training is None:
        return 0.0
    reserve = x["failure_reserve_ratio"]
    return np.asarray(reserve / (x[option.training.development_input] + reserve))


def storage_gb(option: Candidate, x: Design) -> Array:
    """What is kept whether requests come or not: text, versions of an own model, checkpoints of its training."""
    work, hosting = option.training, option.hosting
    tokens: Array | float = 0.0
    if work is not None:
        tokens = _example_tokens(work, x) / x["fine_tuning_epochs"] + _own_text_tokens(work, x)
    return data_work.stored_gb(
        text_tokens=np.zeros_like(x["requests_per_month"]) + tokens,
        bytes_per_token=x["text_bytes_per_token"],
        copies=x["storage_corpus_copies"],
        model_bytes=0.0 if hosting is None else BYTES_PER_WEIGHT * hosting.model.params,
        versions=1.0 if work is None else x["storage_model_versions"],
        checkpoint_bytes=0.0 if work is None else work.checkpoint_bytes,
        checkpoints=x["storage_checkpoints"],
    )


def kept_parts(option: Candidate) -> tuple[Hashable, ...]:
    """What of an option `storage_gb` reads: options that agree in it keep as much."""
    work, params = option.training, None if option.hosting is None else option.hosting.model.params
    if work is None:
        return (params,)
    return params, work.examples_input, work.corpus_tokens is None, work.checkpoint_bytes


def _example_tokens(work: Training, x: Design) -> Array:
    per_example = x["input_tokens_per_request"] + x["output_tokens_per_request"]
    return np.asarray(example_count(work, x) * per_example * x["fine_tuning_epochs"])


def _corpus_tokens(work: Training, x: Design) -> Array | float:
    if work.corpus_tokens is None:
        return 0.0
    return work.corpus_tokens * (x[work.epochs_input] if work.epochs_input is not None else 1.0)


def _own_text_tokens(work: Training, x: Design) -> Array | float:
    """The company's text once, however often the training reads it."""
    return 0.0 if work.corpus_tokens is None else x["domain_tokens"]


def _training_kw(hosting: Hosting, x: Design) -> Array:
    """One device in training with its share of the server, at the plug."""
    return energy.it_power_kw(
        1.0,
        x[f"tdp_w.{hosting.accelerator}"],
        load_fraction=1.0,
        idle_power_fraction=x["idle_power_fraction"],
        busy_power_fraction=x["training_power_fraction"],
        server_power_ratio=x["server_power_ratio"],
    )
