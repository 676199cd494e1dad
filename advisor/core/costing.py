"""Money, energy, time and quality of one option on a design: pure arithmetic on arrays.

Enter at `evaluate`. Every option answers the same demand over the same horizon and fills the same cost lines;
a line that does not apply is zero, a figure that is not known is None.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import LINES, PAID_LATER, ApiOffer, Candidate
from advisor.core.care import care_lines, error_cost
from advisor.core.demand import Demand, FirstPoints, Frame
from advisor.core.expectation import quality_of
from advisor.core.impact import UNKNOWN, Impact, Place, Use, hosted_impact, provider_impact
from advisor.core.project import Run, annotation_hours, reserve_fraction, storage_gb, training_run
from advisor.core.sampling import Design
from advisor.core.served import Served, input_tokens, monthly_use, served_by
from advisor.core.units import BYTES_PER_GB, MONTHS_PER_YEAR, TOKENS_PER_MTOK

Array = NDArray[np.float64]
SITE_WATER = "water_site_l_per_kwh"
"""Of a data centre that somebody else runs; rooms of the company's own are not known."""


@dataclass(frozen=True)
class Outcome:
    """An option on a design; arrays of one value per point."""

    lines: dict[str, Array]
    """Discounted, in the case's currency."""
    upfront: Array
    """Undiscounted one-off money, hardware at its full price."""
    impact: Impact
    months_to_value: Array
    quality: Array
    peak_devices: Array
    training_hours: Array
    training_flop: Array
    use_by_month: Callable[[int], Array]
    """See `monthly_use`; walked through only where somebody asks."""
    hardware_price: Array
    """Of bought accelerators, in full."""

    def monthly_use(self, points: int) -> Array:
        """What the volume-driven lines follow by month: priced requests, rented devices or kWh; (points, months).

        Of the first points only: a month by month walk is slow, and what follows it needs no more of them.
        """
        return self.use_by_month(points)

    @cached_property
    def total(self) -> Array:
        """Sum of all lines."""
        return _sum_of(self.lines)


def evaluate(option: Candidate, x: Design, demand: Demand, frame: Frame, *, with_impact: bool = True) -> Outcome:
    """Cost lines, energy, carbon, time to value and quality of one option at every point of the design.

    Without its impact where only the choice counts: the footprint is then the unknown one.
    """
    costed = _costed(option, x, demand, frame)
    lines, run, served, zero = costed.lines, costed.run, costed.served, costed.zero
    one_off = sum((lines[name] for name, phase in LINES if phase == "one_off" and name not in PAID_LATER), zero)
    return Outcome(
        lines=lines,
        upfront=one_off + served.hardware_price,
        impact=_impact(option, x, demand, frame, run, served) if with_impact else UNKNOWN,
        months_to_value=_months_to_value(option, x, zero),
        quality=costed.quality,
        peak_devices=served.peak_devices,
        training_hours=run.hours,
        training_flop=run.flop,
        use_by_month=lambda points: monthly_use(option, FirstPoints(x, points), demand.first(points)),
        hardware_price=served.hardware_price,
    )


def total_of(option: Candidate, x: Design, demand: Demand, frame: Frame) -> Array:
    """The sum of the cost lines alone, as `evaluate(...).total` gives it: what searches and screenings ask for."""
    return _sum_of(_costed(option, x, demand, frame).lines)


def total_and_quality(option: Candidate, x: Design, demand: Demand, frame: Frame) -> tuple[Array, Array]:
    """What the choice hangs on: money and quality, as `evaluate` gives them."""
    costed = _costed(option, x, demand, frame)
    return _sum_of(costed.lines), costed.quality


def _sum_of(lines: dict[str, Array]) -> Array:
    """The sum of the lines; those that are zero everywhere are mostly one and the same array, looked at once."""
    parts = list(lines.values())
    total = np.zeros_like(parts[0])
    zeros: set[int] = set()
    for part in parts:
        if id(part) not in zeros:
            if part[0] == 0.0 and not part.any():
                zeros.add(id(part))
            else:
                total += part
    return total


@dataclass(frozen=True)
class _Costed:
    lines: dict[str, Array]
    run: Run
    served: Served
    quality: Array
    zero: Array


def _costed(option: Candidate, x: Design, demand: Demand, frame: Frame) -> _Costed:
    zero = np.zeros_like(x["requests_per_month"])
    lines = {name: zero for name, _ in LINES}
    annuity = demand.annuity
    engineer, data_engineer = x["loaded_cost_per_fte_month.ml_engineer"], x["loaded_cost_per_fte_month.data_engineer"]
    operator = x["loaded_cost_per_fte_month.operations"]
    run = training_run(option, x, per_usd=frame.per_usd, per_eur=frame.per_eur)
    served = served_by(option, x, demand, frame, run, zero)

    lines["integration"] = x[option.integration_input] * engineer
    lines["annotation"] = _annotation_cost(option, x)
    reserve = run.compute * reserve_fraction(option, x)
    lines["training_compute"], lines["failure_reserve"] = run.compute - reserve, reserve
    lines["hardware"] = served.hardware
    if option.data_input is not None:
        lines["data_preparation"] = x[option.data_input] * (2.0 - x["cleanliness_fraction"]) * data_engineer
    if option.training_staff_input is not None:
        lines["training_staff"] = x[option.training_staff_input] * engineer
    if option.retrieval:
        lines["retrieval_setup"] = x["retrieval_fte_months"] * data_engineer
        lines["retrieval"] = x["retrieval_running_eur_per_month"] * frame.per_eur * annuity
    if option.offer is not None:
        lines["inference"] = _api_cost_per_request(option, option.offer, x, frame) * demand.discounted_purchases
    else:
        lines["inference"] = served.inference
    lines["electricity"], lines["hardware_upkeep"] = served.electricity, served.upkeep
    if option.operations_input is not None:
        lines["operations_staff"] = x[option.operations_input] * operator * annuity
    if option.kind == "status_quo":
        lines["manual_work"] = x["status_quo_cost_per_request"] * demand.discounted_requests
    else:
        lines["monitoring"] = x["monitoring_fte"] * engineer * annuity
    if option.training is not None:
        once = run.compute + lines["training_staff"] + lines["data_preparation"]
        yearly = x["refreshes_per_year"] * x["refresh_share_of_training"] * once
        lines["refresh"] = yearly / MONTHS_PER_YEAR * annuity

    lines["storage"] = _storage_cost(option, x, demand, frame)
    lines.update(care_lines(option, x, annuity=annuity, end=demand.discount[:, -1]))
    found_quality = quality_of(option, x, run)
    lines["error_cost"] = error_cost(x, found_quality, demand.discounted_requests)
    return _Costed(lines, run, served, found_quality, zero)


def _api_cost_per_request(option: Candidate, offer: ApiOffer, x: Design, frame: Frame) -> Array:
    """Price of one answered request: fresh, cached and output tokens, batch share, retries."""
    cached = x["input_tokens_per_request"] * x["cached_input_fraction"]
    fresh = input_tokens(option, x) - cached
    usd = (
        fresh * offer.input_usd_per_mtok
        + cached * offer.cached_usd_per_mtok
        + x["output_tokens_per_request"] * offer.output_usd_per_mtok
    ) / TOKENS_PER_MTOK
    batch = 1.0 - x["batchable_fraction"] * (1.0 - offer.batch_multiplier)
    return np.asarray(usd * batch * x["retry_ratio"] * frame.per_usd)


def _annotation_cost(option: Candidate, x: Design) -> Array:
    wage = x["loaded_cost_per_fte_month.annotator"] / x["productive_hours_per_fte_month"]
    return np.asarray(annotation_hours(option, x) * wage)


def _storage_cost(option: Candidate, x: Design, demand: Demand, frame: Frame) -> Array:
    """Room for text, models and checkpoints in every month, and for the logs of the requests while they are kept."""
    if option.kind == "status_quo":
        return np.zeros_like(x["requests_per_month"])
    per_request = (input_tokens(option, x) + x["output_tokens_per_request"]) * x["text_bytes_per_token"] / BYTES_PER_GB
    gb_months = storage_gb(option, x) * demand.annuity + per_request * demand.discounted_logs
    return np.asarray(gb_months * x["storage_usd_per_gb_month"] * frame.per_usd)


def _impact(option: Candidate, x: Design, demand: Demand, frame: Frame, run: Run, served: Served) -> Impact:
    """Energy, greenhouse gas and water: refreshes repeat their share of the first training."""
    if option.hosting is None and option.offer is None:
        return UNKNOWN
    requests = demand.total_requests
    if option.hosting is None:
        tokens = requests * x["output_tokens_per_request"]
        return provider_impact(tokens, Place(option.grid_zone, "pue_ratio.cloud", SITE_WATER), x, requests)
    repeats = np.zeros_like(requests)
    if option.training is not None:
        years = frame.horizon_months / MONTHS_PER_YEAR
        repeats = x["refreshes_per_year"] * x["refresh_share_of_training"] * years
    trained = 1.0 + repeats
    use = Use(
        training_it_kwh=run.it_kwh * trained,
        busy_it_kwh=served.busy_it_kwh,
        idle_it_kwh=served.idle_it_kwh,
        held_hours=served.held_hours if option.hosting.bought else served.held_hours + run.hours * trained,
    )
    site_water = None if option.hosting.bought else SITE_WATER
    place = Place(option.grid_zone, "pue_ratio", site_water)
    return hosted_impact(use, option.hosting.accelerator, place, x, requests)


def _months_to_value(option: Candidate, x: Design, zero: Array) -> Array:
    if option.months_input is None:
        return zero
    annotators = np.maximum(1.0, x["annotators_fte"])
    annotation = annotation_hours(option, x) / (annotators * x["productive_hours_per_fte_month"])
    hiring = x["hiring_months"] if option.needs_hiring else zero
    return x[option.months_input] + annotation + hiring
