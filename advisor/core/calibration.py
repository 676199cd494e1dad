"""Joining what was assumed with what was measured."""

from dataclasses import dataclass

import numpy as np

from advisor.core.sampling import Z95


@dataclass(frozen=True)
class Spread:
    """P5, P50, P95 of one quantity."""

    low: float
    central: float
    high: float


def combine_lognormal(prior: Spread, measured: float, measured_spread_ln: float) -> Spread:
    """Posterior of a positive quantity after one measurement.

    ln m = (w0 ln m0 + w1 ln x) / (w0 + w1),  w = 1/s^2,  s = (w0 + w1)^(-1/2)
    units: those of the quantity.   source: normal-normal conjugate updating on the log scale.
    validity: prior roughly lognormal; s0 is taken from P5..P95, s1 from the measurement's own error.
    """
    prior_ln = max(float(np.log(prior.high / prior.low)) / (2 * Z95), 1e-9)
    weight_prior, weight_measured = prior_ln**-2, measured_spread_ln**-2
    total = weight_prior + weight_measured
    centre = (weight_prior * np.log(prior.central) + weight_measured * np.log(measured)) / total
    half = Z95 * total**-0.5
    return Spread(*(float(np.exp(centre + k * half)) for k in (-1.0, 0.0, 1.0)))


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
