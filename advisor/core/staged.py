"""A path that begins with one option and may change over to another: its cost on the draws of both.

Enter at `plan`. The rule is found on the draws: from which volume, and on what quality, changing over pays.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core.cash import Payments

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
THRESHOLDS = 49
"""Volumes tried as trigger: quantiles in steps of two percent, so that no single draw decides."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When what happens, months from the start of the service."""

    decision: int
    change: int
    """The target works; until then the pilot goes on."""


@dataclass(frozen=True, kw_only=True)
class Both:
    """Cost of going on, and of changing over, per draw; discounted."""

    stay: Array
    change: Array
    pilot: Array
    """Until the decision."""
    leaving: Array
    """Exit from the pilot's option where it is left."""


@dataclass(frozen=True, kw_only=True)
class Path:
    """The rule and what it costs."""

    trigger_requests_per_month: float | None
    on_quality: bool
    changes: Mask
    total: Array
    loss: Array
    meets_quality: Mask


def both_ways(
    pilot: Payments, target: Payments, *, pilot_exit: Array, kept: Array, discount: Array, timing: Timing
) -> Both:
    """Cost of either way from the payments of the two options.

    change = pilot until the change + exit f_S + (target's start - what is kept) f_D + target from S to H
    units: currency per month -> discounted currency; pilot_exit and kept undiscounted.   source: arithmetic.
    validity: hardware bought at the decision loses as much value until the end as if bought at the start, which
    overstates the change; one-off work costs what it costs today.
    """
    months = discount.shape[1]
    at_decision, at_change, at_end = (discount[:, month - 1] for month in (timing.decision, timing.change, months))
    until_change = pilot.until(timing.change, discount)
    leaving = pilot_exit * at_change
    target_runs = target.between(timing.change, months, discount) + target.end * at_end
    return Both(
        stay=pilot.until(months, discount) + pilot.end * at_end,
        change=until_change + leaving + (target.start - kept) * at_decision + target_runs,
        pilot=pilot.until(timing.decision, discount),
        leaving=leaving,
    )


def plan(
    both: Both,
    *,
    requests: Array,
    pilot_meets: Mask,
    target_meets: Mask,
    fallback: Array,
    break_even_requests_per_month: float | None = None,
) -> Path:
    """The rule that loses least: change over on a pilot below the floor, or from a volume on.

    loss = cost + (1 if the option at the end misses the floor) * fallback;  the rule minimises its mean
    units: currency, requests/month of the first month.   source: expected opportunity loss, as `decide.loss`.
    validity: the pilot shows volume and quality without error, so the gain is an upper bound. Where no volume among
    the draws pays, the break-even of the two options is the trigger, if it lies beyond all tried volumes.
    """
    stay = both.stay + np.where(pilot_meets, 0.0, fallback)
    change = both.change + np.where(target_meets, 0.0, fallback)
    gain = stay - change
    failed = ~pilot_meets
    on_quality = bool(failed.any() and gain[failed].mean() > 0)
    trigger = _volume(gain[pilot_meets], requests[pilot_meets])
    if trigger is None and break_even_requests_per_month is not None:
        beyond = break_even_requests_per_month > float(np.quantile(requests, THRESHOLDS / (THRESHOLDS + 1)))
        trigger = break_even_requests_per_month if beyond else None
    changes = failed if on_quality else np.zeros_like(failed)
    if trigger is not None:
        changes = changes | (pilot_meets & (requests >= trigger))
    return Path(
        trigger_requests_per_month=trigger,
        on_quality=on_quality,
        changes=changes,
        total=np.where(changes, both.change, both.stay),
        loss=np.where(changes, change, stay),
        meets_quality=np.where(changes, target_meets, pilot_meets),
    )


def _volume(gain: Array, requests: Array) -> float | None:
    """Volume from which on changing over gains most in sum; None where it gains at no volume."""
    if not len(gain) or requests.min() == requests.max():
        return None
    tried = np.quantile(requests, np.arange(1, THRESHOLDS + 1) / (THRESHOLDS + 1))
    order = np.argsort(requests, kind="stable")
    above = np.concatenate([np.cumsum(gain[order][::-1])[::-1], [0.0]])
    sums = above[np.searchsorted(requests[order], tried, side="left")]
    best = int(sums.argmax())
    return float(tried[best]) if sums[best] > 0 else None
