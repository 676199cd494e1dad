"""Joining what was assumed with what was measured.

Enter at `updated`, for positive quantities on the log scale, and `pooled_share`, for shares of counted items. The order
in which measurements arrive does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt
from statistics import NormalDist, median

import numpy as np

from advisor.core.sampling import Z95

OUTLIER_Z = 3.5
"""Robust z from which on a measurement is set aside (Iglewicz and Hoaglin 1993)."""
MAD_TO_SPREAD = 1.0 / NormalDist().inv_cdf(0.75)
"""Median absolute deviation of a normal quantity to its standard deviation."""
ENOUGH_TO_OUTVOTE = 3
"""From so many measurements on, each is judged by all of them, before by the prior."""
LEAST_SPREAD_LN = 1e-9


@dataclass(frozen=True)
class Spread:
    """P5, P50, P95 of one quantity."""

    low: float
    central: float
    high: float


@dataclass(frozen=True)
class Datum:
    """One measurement of a positive quantity."""

    value: float
    spread_ln: float
    """Its own error as a measure of the next case, independent of other measurements."""
    group: str
    """Measurements of one group share a systematic part: the same machine errs the same way each time."""


@dataclass(frozen=True)
class Update:
    """What measurements make of a prior."""

    posterior: Spread | None
    """None: neither prior nor counted measurement."""
    weights: tuple[float, ...]
    """Share of each measurement in the posterior, in the order given; the rest to one is the prior's."""
    scores: tuple[float | None, ...]
    """Robust z of the measurements that were set aside; None for those that count."""


def updated(prior: Spread | None, data: Sequence[Datum], *, group_spread_ln: float = 0.0) -> Update:
    """Posterior of a positive quantity after several measurements.

    y_m = sum(y_i / s_i^2) / sum(1 / s_i^2) inside a group m,  v_m = t^2 + 1 / sum(1 / s_i^2)
    y = sum(y_m / v_m) / sum(1 / v_m),  v = max(1, chi^2 / (n - 1)) / sum(1 / v_m),  then joined with the prior
    units: y = ln x, s and t (group_spread_ln) standard deviations of ln x.
    source: random-effects mean with normal-normal updating (Gelman et al., Bayesian Data Analysis, 2.5 and 5.4); the
    factor on v is the scale factor of the Particle Data Group for measurements that disagree (PDG Review, 5.2.2).
    validity: t floors the error of the mean over one machine, so a hundred runs of it do not settle its class.
    """
    scores = tuple(_outlier_scores(prior, data, group_spread_ln))
    counted = [item for item, score in zip(data, scores, strict=True) if score is None]
    if not counted:
        return Update(prior, (0.0,) * len(data), scores)
    groups = {name: [item for item in counted if item.group == name] for name in sorted({i.group for i in counted})}
    within = {name: fsum(_precision(item) for item in items) for name, items in groups.items()}
    means = {
        name: fsum(sorted(_precision(item) * log(item.value) for item in items)) / within[name]
        for name, items in groups.items()
    }
    weights = {name: 1.0 / (group_spread_ln**2 + 1.0 / within[name]) for name in groups}
    total = fsum(weights.values())
    mean = fsum(weights[name] * means[name] for name in groups) / total
    spread_ln = sqrt(_disagreement(counted, mean, group_spread_ln) / total)
    share = 1.0
    posterior = Spread(*(exp(mean + k * Z95 * spread_ln) for k in (-1.0, 0.0, 1.0)))
    if prior is not None:
        posterior = combine_lognormal(prior, exp(mean), spread_ln)
        share = spread_ln**-2 / (spread_ln**-2 + _prior_spread_ln(prior) ** -2)
    own = [
        0.0 if score is not None else share * weights[item.group] / total * _precision(item) / within[item.group]
        for item, score in zip(data, scores, strict=True)
    ]
    return Update(posterior, tuple(own), scores)


def combine_lognormal(prior: Spread, measured: float, measured_spread_ln: float) -> Spread:
    """Posterior of a positive quantity after one measurement.

    ln m = (w0 ln m0 + w1 ln x) / (w0 + w1),  w = 1/s^2,  s = (w0 + w1)^(-1/2)
    units: those of the quantity.   source: normal-normal conjugate updating on the log scale.
    validity: prior roughly lognormal; s0 is taken from P5..P95, s1 from the measurement's own error.
    """
    prior_ln = _prior_spread_ln(prior)
    weight_prior, weight_measured = prior_ln**-2, measured_spread_ln**-2
    total = weight_prior + weight_measured
    centre = (weight_prior * np.log(prior.central) + weight_measured * np.log(measured)) / total
    half = Z95 * total**-0.5
    return Spread(*(float(np.exp(centre + k * half)) for k in (-1.0, 0.0, 1.0)))


def scale_spread_ln(spread_ln: float, scale_ratio: float, per_e_fold_ln: float) -> float:
    """Error of a measurement as a measure of a case of another size.

    s' = sqrt(s^2 + (k ln r)^2)
    units: r is a ratio of sizes, k a standard deviation of ln x for each factor e.   source: own assumption: what size
    does to the quantity beyond the model is unknown in sign and grows with the distance.
    validity: r = 1 keeps s; k is stated where it is used.
    """
    return sqrt(spread_ln**2 + (per_e_fold_ln * log(scale_ratio)) ** 2)


def share_spread(successes: float, n: int) -> Spread:
    """P5, P50, P95 of a share after `successes` of `n`.

    Wilson score: (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n), centred on the observed share
    units: counts -> 0..1.   source: Wilson 1927, with z = 1.645 for a 90 % band.
    validity: independent items; repeated or near-duplicate items make it too narrow.
    """
    if n <= 0 or not 0 <= successes <= n:
        raise ValueError(f"0 <= successes <= n and n > 0 are required, got {successes} of {n}")
    p, z = successes / n, Z95
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Spread(max(0.0, min(p, float(centre - half))), p, min(1.0, max(p, float(centre + half))))


def pooled_share(shares: Sequence[tuple[float, int]]) -> Spread:
    """P5, P50, P95 of a share that was counted on several sets of items: (share, items) each.

    p = sum(p_i n_i) / sum(n_i), with the Wilson interval of sum(n_i) items
    units: 0..1.   source: pooled binomial counts.   validity: sets without common items, from one kind of question.
    """
    n = sum(count for _, count in shares)
    return share_spread(min(float(n), fsum(sorted(share * count for share, count in shares))), n)


def _prior_spread_ln(prior: Spread) -> float:
    return max(float(np.log(prior.high / prior.low)) / (2 * Z95), LEAST_SPREAD_LN)


def _precision(item: Datum) -> float:
    return max(item.spread_ln, LEAST_SPREAD_LN) ** -2


def _disagreement(counted: Sequence[Datum], mean: float, group_spread_ln: float) -> float:
    """Factor on the variance where measurements scatter more than their errors say; 1 where they agree."""
    if len(counted) < 2:
        return 1.0
    parts = [
        (log(i.value) - mean) ** 2 / (max(i.spread_ln, LEAST_SPREAD_LN) ** 2 + group_spread_ln**2) for i in counted
    ]
    return max(1.0, fsum(sorted(parts)) / (len(counted) - 1))


def _outlier_scores(prior: Spread | None, data: Sequence[Datum], group_spread_ln: float) -> list[float | None]:
    """Robust z of each measurement that is too far off; None where it is not, or nothing is there to judge by.

    z = (ln x - c) / sqrt(s_i^2 + t^2 + d^2);  c, d the median of three and more and
    its scaled median absolute deviation; of fewer the prior's median and spread
    source: Iglewicz and Hoaglin 1993, with the measurement's own error beside the scatter.
    validity: halves that contradict each other set nothing aside; their distance widens the posterior.
    """
    if len(data) >= ENOUGH_TO_OUTVOTE:
        middle = median(log(item.value) for item in data)
        around = MAD_TO_SPREAD * median(abs(log(item.value) - middle) for item in data)
    elif prior is not None:
        middle, around = log(prior.central), _prior_spread_ln(prior)
    else:
        return [None] * len(data)
    scores = [
        (log(i.value) - middle) / max(sqrt(i.spread_ln**2 + group_spread_ln**2 + around**2), LEAST_SPREAD_LN)
        for i in data
    ]
    return [score if abs(score) > OUTLIER_Z else None for score in scores]
