"""Money, energy, time and quality of one option on a design: pure arithmetic on arrays.

Enter at `evaluate`. Every option answers the same demand over the same horizon and fills the same cost lines;
a line that does not apply is zero, a figure that is not known is None.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import LINES, PAID_LATER, ApiOffer, Candidate
from advisor.core.care import ERROR_COST, error_cost
from advisor.core.demand import Demand, FirstPoints, Frame
from advisor.core.expectation import quality_of
from advisor.core.impact import UNKNOWN, Impact, Place, Use, hosted_impact, provider_impact
from advisor.core.labour import labour_lines, months_to_value
from advisor.core.order import median_of
from advisor.core.project import Run, kept_parts, reserve_fraction, storage_gb, training_run
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
    total: Array
    """Sum of all lines."""
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

    def median(self, name: Literal["total", "upfront", "quality", "months_to_value", "peak_devices"]) -> float:
        """Median of one of the arrays, found once: gates, screening and texts ask for the same ones."""
        if name not in self._medians:
            self._medians[name] = median_of(getattr(self, name))
        return self._medians[name]

    @cached_property
    def _medians(self) -> dict[str, float]:
        return {}


def evaluate(option: Candidate, x: Design, demand: Demand, frame: Frame, *, with_impact: bool = True) -> Outcome:
    """Cost lines, energy, carbon, time to value and quality of one option at every point of the design.

    Without its impact where only the choice counts: the footprint is then the unknown one.
    """
    costed = _costed(option, x, demand, frame)
    lines, run, served = costed.lines, costed.run, costed.served
    one_off = (lines[name] for name, phase in LINES if phase == "one_off" and name not in PAID_LATER)
    return Outcome(
        lines=lines,
        total=_sum_of(lines.values(), demand.zero),
        upfront=_sum_of(one_off, demand.zero) + served.hardware_price,
        impact=_impact(option, x, demand, frame, run, served) if with_impact else UNKNOWN,
        months_to_value=months_to_value(option, x, demand),
        quality=costed.quality,
        peak_devices=served.peak_devices,
        training_hours=run.hours,
        training_flop=run.flop,
        use_by_month=lambda points: monthly_use(option, FirstPoints(x, points), demand.first(points)),
        hardware_price=served.hardware_price,
    )


def total_of(option: Candidate, x: Design, demand: Demand, frame: Frame) -> Array:
    """The sum of the cost lines alone, as `evaluate(...).total` gives it: what searches and screenings ask for."""
    return _sum_of(_costed(option, x, demand, frame).lines.values(), demand.zero)


def total_and_quality(option: Candidate, x: Design, demand: Demand, frame: Frame) -> tuple[Array, Array]:
    """What the choice hangs on: money and quality, as `evaluate` gives them."""
    costed = _costed(option, x, demand, frame)
    return _sum_of(costed.lines.values(), demand.zero), costed.quality


def _sum_of(lines: Iterable[Array], zero: Array) -> Array:
    """The sum of lines; those that do not apply are the one array of zeros."""
    total = zero.copy()
    for line in lines:
        if line is not zero:
            total += line
    return total


@dataclass(frozen=True)
class _Costed:
    lines: dict[str, Array]
    run: Run
    served: Served
    quality: Array


def _costed(option: Candidate, x: Design, demand: Demand, frame: Frame) -> _Costed:
    lines = {name: demand.zero for name, _ in LINES} | labour_lines(option, x, demand, frame)
    run = training_run(option, x, demand, per_usd=frame.per_usd, per_eur=frame.per_eur)
    served = served_by(option, x, demand, frame, run)
    lines["hardware"], lines["electricity"], lines["hardware_upkeep"] = (
        served.hardware,
        served.electricity,
        served.upkeep,
    )
    lines["inference"] = served.inference
    if option.offer is not None:
        lines["inference"] = _api_cost_per_request(option, option.offer, x, frame) * demand.discounted_purchases
    if option.training is not None:
        reserve = run.compute * reserve_fraction(option, x)
        lines["training_compute"], lines["failure_reserve"] = run.compute - reserve, reserve
        once = run.compute + lines["training_staff"] + lines["data_preparation"]
        yearly = x["refreshes_per_year"] * x["refresh_share_of_training"] * once
        lines["refresh"] = yearly / MONTHS_PER_YEAR * demand.annuity
    if option.kind != "status_quo":
        lines["storage"] = _storage_cost(option, x, demand, frame)
    found_quality = quality_of(option, x, demand, run)
    if ERROR_COST in x:
        lines["error_cost"] = error_cost(x, found_quality, demand.discounted_requests)
    return _Costed(lines, run, served, found_quality)


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


def _storage_cost(option: Candidate, x: Design, demand: Demand, frame: Frame) -> Array:
    """Room for text, models and checkpoints in every month, and for the logs of the requests while they are kept."""

    def logs() -> Array:
        tokens = input_tokens(option, x) + x["output_tokens_per_request"]
        return np.asarray(tokens * x["text_bytes_per_token"] / BYTES_PER_GB * demand.discounted_logs)

    def cost() -> Array:
        gb_months = storage_gb(option, x) * demand.annuity + demand.once(("logs", option.retrieval), logs)
        return np.asarray(gb_months * x["storage_usd_per_gb_month"] * frame.per_usd)

    return demand.once(("storage", option.retrieval, *kept_parts(option)), cost)


def _impact(option: Candidate, x: Design, demand: Demand, frame: Frame, run: Run, served: Served) -> Impact:
    """Energy, greenhouse gas and water: refreshes repeat their share of the first training."""
    if option.hosting is None and option.offer is None:
        return UNKNOWN
    requests = demand.total_requests
    if option.hosting is None:
        tokens = requests * x["output_tokens_per_request"]
        return provider_impact(tokens, Place(option.grid_zone, "pue_ratio.cloud", SITE_WATER), x, requests)
    repeats: Array = demand.zero
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
