"""Expected task quality of an option, on a logit scale, until a measurement replaces it.

Enter at `expected_quality`. All coefficients are stated assumptions of the catalogue (`quality_*` rows): no
published study gives them for an arbitrary task, so the spreads are wide and the answer names the measurement
that would replace them.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
EDGE = 1e-6


def logit(fraction: ArrayLike) -> Array:
    """ln(p / (1 - p)), with p kept off 0 and 1 by 1e-6."""
    p = np.clip(np.asarray(fraction, np.float64), EDGE, 1 - EDGE)
    return np.log(p / (1 - p))


def expit(value: ArrayLike) -> Array:
    """1 / (1 + exp(-x)), the inverse of `logit`."""
    return 1.0 / (1.0 + np.exp(-np.asarray(value, np.float64)))


def saturation(amount: ArrayLike, half: ArrayLike) -> Array:
    """Share of a gain that an amount of data buys.

    s = n / (n + n_half)
    units: same unit twice -> 0..1.   source: hyperbolic learning curve (Michaelis-Menten form).
    validity: diminishing returns; n_half is an assumption of the catalogue.
    """
    n, h = np.asarray(amount, np.float64), np.asarray(half, np.float64)
    return n / (n + h)


def expected_quality(
    base_fraction: ArrayLike,
    *,
    domain_gap_fraction: ArrayLike,
    gap_penalty_logit: ArrayLike,
    gap_recovered_fraction: ArrayLike,
    gain_logit: ArrayLike,
    language_loss_logit: ArrayLike = 0.0,
) -> Array:
    """Score on the case's metric.

    q = expit(logit(base) - penalty * gap * (1 - recovered) - language loss + gain)
    units: fractions 0..1, logits -> fraction.   source: own assumption, additive effects on the logit scale.
    validity: to rank options before anything was measured; replace by a measurement as soon as there is one.
    """
    gap = np.asarray(domain_gap_fraction, np.float64) * (1.0 - np.asarray(gap_recovered_fraction, np.float64))
    lost = np.asarray(gap_penalty_logit, np.float64) * gap + np.asarray(language_loss_logit, np.float64)
    return expit(logit(base_fraction) - lost + np.asarray(gain_logit, np.float64))


def evidence_logit(ability_fraction: ArrayLike, reference_fraction: ArrayLike, transfer_fraction: ArrayLike) -> Array:
    """How much better, or worse, than its class a model is expected to do for what a general benchmark says of it.

    d = t * (logit(a) - logit(a_ref))
    units: fractions 0..1 -> logit.   source: own assumption; t is the share that carries over to another task.
    validity: one benchmark for model and reference; settings differ between cards, which the spread of t covers.
    """
    lead = logit(ability_fraction) - logit(reference_fraction)
    return np.asarray(transfer_fraction, np.float64) * lead


def language_loss_logit(gap_fraction: ArrayLike, penalty_logit: ArrayLike, recovered_fraction: ArrayLike) -> Array:
    """What a model loses in languages that its makers do not list.

    d = penalty * gap * (1 - recovered);  gap: share of the case's languages that are not listed
    units: fractions, logit -> logit.   source: own assumption, linear in the share.
    validity: languages in equal use; text for further training is in the case's languages and recovers its share.
    """
    gap = np.asarray(gap_fraction, np.float64) * (1.0 - np.asarray(recovered_fraction, np.float64))
    return np.asarray(penalty_logit, np.float64) * gap


def scale_effect_logit(training_flop: ArrayLike, reference_flop: ArrayLike, logit_per_decade: ArrayLike) -> Array:
    """How much worse, or better, a model is for being trained with less, or more, compute than a reference.

    d = b * log10(F / F_ref)
    units: FLOP, logit/decade -> logit.   source: log-linear benchmark trend; the slope is an assumption.
    validity: general tasks; narrow tasks need far less compute, which only a measurement shows.
    """
    ratio = np.asarray(training_flop, np.float64) / np.asarray(reference_flop, np.float64)
    return np.asarray(logit_per_decade, np.float64) * np.log10(np.maximum(ratio, 1e-12))
