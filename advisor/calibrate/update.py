"""An entry of a calibration worked out: which observations count, and what follows with the prior.

Enter at `worked_out`. Positive quantities are joined on the log scale, shares of counted items are pooled, hours of one
project are added up first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from advisor.calibrate.figures import GROUP_SPREAD_LN
from advisor.contracts.base import Interval
from advisor.contracts.calibration import CalibrationEntry, Observation, Quantity
from advisor.core.calibration import Datum, Spread, pooled_share, updated

OF_SPEED = "parameters, precision, what else ran, and whether it is the same kind of work"
OF_EFFORT = "whether all hours of the project are logged (`trainer log-hours`), and whether it is the same kind of work"


@dataclass(frozen=True)
class Worked:
    """Observations with their states and weights, and the posterior; None where nothing counts."""

    observations: tuple[Observation, ...]
    posterior: Spread | None


def worked_out(entry: CalibrationEntry, prior: Spread | None) -> CalibrationEntry:
    """The entry with states, weights and posterior worked out anew."""
    done = posterior_of(entry.quantity, entry.observations, prior, is_fraction=entry.unit == "fraction")
    return entry.model_copy(
        update={"observations": done.observations, "posterior": interval_of(done.posterior) if done.posterior else None}
    )


def posterior_of(
    quantity: Quantity, observations: Sequence[Observation], prior: Spread | None, *, is_fraction: bool
) -> Worked:
    """States, weights and posterior; what is revoked stays so."""
    live = [item for item in observations if item.state != "revoked"]
    if not live:
        return Worked(tuple(observations), None)
    match quantity:
        case "quality_fraction":
            done = _pooled(live)
        case "effort_fte_months":
            done = _by_project(live, prior)
        case _:
            done = _on_log_scale(live, [_datum(item) for item in live], prior, GROUP_SPREAD_LN.get(quantity, 0.0))
    found = iter(done.observations)
    states = tuple(item if item.state == "revoked" else next(found) for item in observations)
    counted = any(item.state == "counted" for item in states)
    posterior = done.posterior if counted else None
    if posterior is not None and is_fraction:
        posterior = Spread(*(min(1.0, value) for value in (posterior.low, posterior.central, posterior.high)))
    return Worked(states, posterior)


def interval_of(spread: Spread) -> Interval:
    """P5, P50, P95 at the digits that a measurement carries."""
    low, central, high = (float(f"{value:.6g}") for value in (spread.low, spread.central, spread.high))
    return Interval(p5=low, p50=central, p95=high)


def spread_of_interval(value: Interval) -> Spread:
    """An interval for the formulas."""
    return Spread(value.p5, value.p50, value.p95)


def moment(text: str) -> datetime:
    """An instant of a report; texts that are none count as the earliest."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _datum(item: Observation) -> Datum:
    return Datum(item.value, item.spread_ln or 0.0, item.group)


def _on_log_scale(
    live: Sequence[Observation], data: Sequence[Datum], prior: Spread | None, group_spread_ln: float
) -> Worked:
    done = updated(_usable(prior), data, group_spread_ln=group_spread_ln)
    found = tuple(
        _set_aside(item, score, len(data)) if score is not None else _counted(item, weight)
        for item, weight, score in zip(live, done.weights, done.scores, strict=True)
    )
    return Worked(found, done.posterior)


def _usable(prior: Spread | None) -> Spread | None:
    """A prior that is certain, or zero, has no place on the log scale: the measurement replaces it."""
    return prior if prior is not None and prior.low > 0 and prior.high > prior.low else None


def _set_aside(item: Observation, score: float, count: int, what_to_check: str = OF_SPEED) -> Observation:
    against = f"the other {count - 1} measurements" if count > 2 else "what was assumed"
    reason = (
        f"{'above' if score > 0 else 'below'} {against} by {abs(score):.1f} standard deviations; check {what_to_check}"
    )
    return item.model_copy(update={"state": "outlier", "state_reason": reason, "weight_fraction": 0.0})


def _counted(item: Observation, weight: float) -> Observation:
    weight = min(1.0, max(0.0, float(f"{weight:.4g}")))
    return item.model_copy(update={"state": "counted", "state_reason": "", "weight_fraction": weight})


def _by_project(live: Sequence[Observation], prior: Spread | None) -> Worked:
    """Hours of a project's runs are one observation of the next project."""
    names = sorted({item.group for item in live})
    data = [
        Datum(
            sum(sorted(item.value for item in live if item.group == name)),
            next(item.spread_ln or 0.0 for item in live if item.group == name),
            name,
        )
        for name in names
    ]
    done = updated(_usable(prior), data)
    whole = dict(zip(names, zip(data, done.weights, done.scores, strict=True), strict=True))
    found = []
    for item in live:
        project, weight, score = whole[item.group]
        if score is not None:
            found.append(_set_aside(item, score, len(data), OF_EFFORT))
        else:
            found.append(_counted(item, weight * item.value / project.value))
    return Worked(tuple(found), done.posterior)


def _pooled(live: Sequence[Observation]) -> Worked:
    """Shares over different items are pooled; of scores on the same items the newest counts.

    Held-out items of a run may be those of a comparison, so of runs and comparisons the newer kind counts.
    """
    newest = max(live, key=_age)
    kept: dict[str, Observation] = {}
    for item in sorted(live, key=_age):
        if item.report == newest.report:
            kept[item.group] = item
    shares = [(item.value, item.n or 1) for item in kept.values()]
    total = sum(count for _, count in shares)
    found = [
        _counted(item, (item.n or 1) / total) if kept.get(item.group) is item else _superseded(item, newest)
        for item in live
    ]
    return Worked(tuple(found), pooled_share(shares))


def _superseded(item: Observation, newest: Observation) -> Observation:
    reason = "a newer score on the same items counts"
    if item.report != newest.report:
        reason = f"a newer {'comparison' if newest.report == 'baseline' else 'run'} may hold the same items"
    return item.model_copy(update={"state": "superseded", "state_reason": reason, "weight_fraction": 0.0})


def _age(item: Observation) -> tuple[datetime, str, str]:
    return moment(item.created_at), item.report_id, item.detail
