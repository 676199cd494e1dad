"""Expected quality of a candidate at every point of a design, or the measured one. Enter at `quality_of`."""

import numpy as np
from numpy.typing import NDArray

from advisor.core import quality
from advisor.core.candidates import Candidate, QualityModel
from advisor.core.demand import Demand
from advisor.core.project import Run, example_count
from advisor.core.sampling import Design

Array = NDArray[np.float64]


def quality_of(option: Candidate, x: Design, demand: Demand, run: Run) -> Array:
    """The measured quality where there is one, else the expectation of `core.quality`."""
    measured = option.measured_quality_input
    if measured in x:
        return x[measured]
    if option.quality.from_scratch:
        return _expected(option, x, run)
    examples = None if option.training is None else option.training.examples_input
    return demand.once(("quality", option.quality, option.retrieval, examples), lambda: _expected(option, x, run))


def _expected(option: Candidate, x: Design, run: Run) -> Array:
    model = option.quality
    recovered: Array | float = 1.0 if model.knows_domain else 0.0
    learned: Array | float = 0.0
    if option.retrieval and not model.knows_domain:
        recovered = x["quality_retrieval_recovery_fraction"]
    if model.is_domain_model:
        recovered = 1.0 - (1.0 - recovered) * (1.0 - x["quality_domain_model_recovery_fraction"])
    if model.adapts_to_domain:
        share = quality.saturation(x["domain_tokens"], x["quality_adaptation_half_tokens"])
        learned = x["quality_adaptation_recovery_fraction"] * share
        recovered = 1.0 - (1.0 - recovered) * (1.0 - learned)
    gain = _standing(model, x)
    if model.tuning_gain_input is not None and option.training is not None:
        examples = example_count(option.training, x)
        gain = gain + x[model.tuning_gain_input] * quality.saturation(examples, x["quality_tuning_half_examples"])
    if model.from_scratch:
        gain = gain + quality.scale_effect_logit(
            run.flop, x["quality_reference_flop"], x["quality_scale_logit_per_decade"]
        )
    return quality.expected_quality(
        x[model.base_input],
        domain_gap_fraction=x["domain_gap_fraction"],
        gap_penalty_logit=x["quality_gap_penalty_logit"],
        gap_recovered_fraction=recovered,
        gain_logit=gain,
        language_loss_logit=quality.language_loss_logit(
            model.language_gap_fraction, x["quality_language_penalty_logit"], learned
        )
        if model.language_gap_fraction
        else 0.0,
    )


def _standing(model: QualityModel, x: Design) -> Array | float:
    """A model over its class: by its age, and by its score over the class's where one is published."""
    gain: Array | float = -model.age_years * x["quality_release_logit_per_year"] if model.age_years else 0.0
    if model.ability_fraction is None:
        return gain
    told = x["quality_benchmark_transfer_fraction"]
    return gain + quality.evidence_logit(model.ability_fraction, x[model.ability_reference_input], told)
