"""Money, energy, time and quality of one option on a design: pure arithmetic on arrays.

Enter at `evaluate`. Every option answers the same demand over the same horizon and fills the same cost lines;
a line that does not apply is zero, a figure that is not known is None.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.core import energy, fleet, money, quality, serving
from advisor.core.candidates import LINES, PAID_LATER, ApiOffer, Candidate, Hosting, QualityModel
from advisor.core.care import care_lines, error_cost
from advisor.core.data_work import kept_per_month
from advisor.core.decode import Layout
from advisor.core.footprint import facility_kwh
from advisor.core.impact import UNKNOWN, Impact, Place, Use, hosted_impact, provider_impact
from advisor.core.project import Run, annotation_hours, example_count, reserve_fraction, storage_gb, training_run
from advisor.core.sampling import Design
from advisor.core.units import BYTES_PER_GB, HOURS_PER_MONTH, MONTHS_PER_YEAR, SECONDS_PER_HOUR, TOKENS_PER_MTOK

Array = NDArray[np.float64]
SITE_WATER = "water_site_l_per_kwh"
"""Of a data centre that somebody else runs; rooms of the company's own are not known."""


@dataclass(frozen=True)
class Frame:
    """What holds for all options: horizon and exchange rates into the case's currency."""

    horizon_months: int
    per_usd: float
    per_eur: float


@dataclass(frozen=True)
class Demand:
    """The demand of a design, month by month; shape (points, months)."""

    requests: Array
    discount: Array
    discounted_logs: Array
    """Requests whose logs are kept in a month, weighted with the discount factor of the month, summed."""
    token_price_ratio: Array
    """Price of bought tokens in each month over today's."""
    rental_price_ratio: Array
    """So for rented accelerators."""
    shared: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    """Fleets by what they serve with: options that answer alike are reckoned once."""

    @cached_property
    def discounted_requests(self) -> Array:
        """Requests weighted with the discount factor of their month, summed."""
        return np.asarray(np.einsum("pm,pm->p", self.requests, self.discount))

    @cached_property
    def discounted_purchases(self) -> Array:
        """Requests weighted with discount factor and token price of their month, summed."""
        return np.asarray(np.einsum("pm,pm,pm->p", self.requests, self.token_price_ratio, self.discount))

    @cached_property
    def rental_discount(self) -> Array:
        """What a rented month weighs: its discount factor times the rent of that month over today's."""
        return self.discount * self.rental_price_ratio

    @cached_property
    def total_requests(self) -> Array:
        """Requests over the horizon."""
        return np.asarray(self.requests.sum(axis=1))

    @cached_property
    def busiest_requests(self) -> Array:
        """Requests of the busiest month: growth keeps its sign, so it is the first or the last one."""
        return np.maximum(self.requests[:, 0], self.requests[:, -1])

    @cached_property
    def annuity(self) -> Array:
        """Present value of one unit of money in every month."""
        return np.asarray(self.discount.sum(axis=1))

    def first(self, points: int) -> "Demand":
        """The demand of the first points."""
        return Demand(
            requests=self.requests[:points],
            discount=self.discount[:points],
            discounted_logs=self.discounted_logs[:points],
            token_price_ratio=self.token_price_ratio[:points],
            rental_price_ratio=self.rental_price_ratio[:points],
        )


class FirstPoints(dict[str, Array]):
    """The first points of a design; an input is cut when it is asked for."""

    def __init__(self, design: Design, points: int) -> None:
        super().__init__()
        self._design, self._points = design, points

    def __missing__(self, name: str) -> Array:
        self[name] = self._design[name][: self._points]
        return self[name]


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


@dataclass(frozen=True)
class _Fleet:
    inference: Array
    hardware_price: Array
    hardware: Array
    electricity: Array
    upkeep: Array
    busy_it_kwh: Array
    idle_it_kwh: Array
    held_hours: Array
    peak_devices: Array


def demand_of(x: Design, frame: Frame) -> Demand:
    """Monthly demand and discount factors, computed once for all options of a design."""
    requests = money.monthly_demand(x["requests_per_month"], x["growth_per_year_fraction"], frame.horizon_months)
    discount = money.monthly_discount_factors(x["discount_rate_fraction"], frame.horizon_months)
    kept = kept_per_month(requests, int(x["log_retention_months"][0]))
    return Demand(
        requests=requests,
        discount=discount,
        discounted_logs=np.asarray((kept * discount).sum(axis=1)),
        token_price_ratio=money.price_path(x["token_price_change_per_year_fraction"], frame.horizon_months),
        rental_price_ratio=money.price_path(x["rental_price_change_per_year_fraction"], frame.horizon_months),
    )


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
        use_by_month=lambda points: _monthly_use(option, FirstPoints(x, points), demand.first(points)),
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
    served: _Fleet
    quality: Array
    zero: Array


def _costed(option: Candidate, x: Design, demand: Demand, frame: Frame) -> _Costed:
    zero = np.zeros_like(x["requests_per_month"])
    lines = {name: zero for name, _ in LINES}
    annuity = demand.annuity
    engineer, data_engineer = x["loaded_cost_per_fte_month.ml_engineer"], x["loaded_cost_per_fte_month.data_engineer"]
    operator = x["loaded_cost_per_fte_month.operations"]
    run = training_run(option, x, per_usd=frame.per_usd, per_eur=frame.per_eur)
    served = _fleet(option, x, demand, frame, run, zero)

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
    found_quality = _quality(option, x, run)
    lines["error_cost"] = error_cost(x, found_quality, demand.discounted_requests)
    return _Costed(lines, run, served, found_quality, zero)


def _input_tokens(option: Candidate, x: Design) -> Array:
    extra = x["retrieval_tokens_per_request"] if option.retrieval else 0.0
    return np.asarray(x["input_tokens_per_request"] + extra)


def _api_cost_per_request(option: Candidate, offer: ApiOffer, x: Design, frame: Frame) -> Array:
    """Price of one answered request: fresh, cached and output tokens, batch share, retries."""
    cached = x["input_tokens_per_request"] * x["cached_input_fraction"]
    fresh = _input_tokens(option, x) - cached
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
    per_request = (_input_tokens(option, x) + x["output_tokens_per_request"]) * x["text_bytes_per_token"] / BYTES_PER_GB
    gb_months = storage_gb(option, x) * demand.annuity + per_request * demand.discounted_logs
    return np.asarray(gb_months * x["storage_usd_per_gb_month"] * frame.per_usd)


def _it_kw(hosting: Hosting, x: Design, load_fraction: float) -> Array:
    """One device with its share of the server, at the plug."""
    return energy.it_power_kw(
        1.0,
        x[f"tdp_w.{hosting.accelerator}"],
        load_fraction=load_fraction,
        idle_power_fraction=x["idle_power_fraction"],
        busy_power_fraction=x["busy_power_fraction"],
        server_power_ratio=x["server_power_ratio"],
    )


def _fleet(option: Candidate, x: Design, demand: Demand, frame: Frame, run: Run, zero: Array) -> _Fleet:
    """The accelerators that serve the demand: rented by the hour, or bought for the busiest month."""
    hosting = option.hosting
    if hosting is None:
        return _Fleet(zero, zero, zero, zero, zero, zero, zero, zero, zero)
    key = (id(hosting), option.retrieval)
    if key not in demand.shared:
        demand.shared[key] = (hosting, _served(option, hosting, x, demand))
    busy, idle, powered, served = demand.shared[key][1]
    held_hours, peak_devices = served.held_months * HOURS_PER_MONTH, served.peak_devices
    if not hosting.bought:
        hourly = x[f"rental_usd_per_hour.{hosting.accelerator}"] * frame.per_usd
        rent = served.discounted_months * HOURS_PER_MONTH * hourly
        return _Fleet(rent, zero, zero, zero, zero, busy, idle, held_hours, peak_devices)
    needed = np.maximum(peak_devices, run.devices)
    unit_price = x[f"purchase_usd.{hosting.accelerator}"] * frame.per_usd
    boards = np.ceil(np.maximum(0.0, needed - hosting.owned_devices) / hosting.devices_per_server)
    new = boards * hosting.devices_per_server
    needed = np.minimum(needed, hosting.owned_devices) + new
    price = new * unit_price
    years = frame.horizon_months / MONTHS_PER_YEAR
    left = money.residual_value_fraction(years, x["hardware_value_loss_decades_per_year"]) * demand.discount[:, -1]
    power_price = x["electricity_price_eur_per_kwh"] * frame.per_eur
    upkeep = needed * unit_price * x["hardware_upkeep_fraction_per_year"] / MONTHS_PER_YEAR
    return _Fleet(
        inference=zero,
        hardware_price=price,
        hardware=price * (1.0 - left),
        electricity=facility_kwh(powered, x["pue_ratio"]) * power_price,
        upkeep=upkeep * demand.annuity,
        busy_it_kwh=busy,
        idle_it_kwh=idle,
        held_hours=needed * HOURS_PER_MONTH * frame.horizon_months,
        peak_devices=needed,
    )


def _monthly_use(option: Candidate, x: Design, demand: Demand) -> Array:
    """Requests at the token price of their month, rented devices at the rent of theirs, or kWh of bought servers."""
    hosting = option.hosting
    if hosting is None:
        return demand.requests if option.offer is None else demand.requests * demand.token_price_ratio
    capacity = _capacity(option, hosting, x)
    replicas = fleet.replicas_needed(
        demand.requests * _peak_per_request(x)[:, None],
        capacity[:, None],
        headroom_fraction=float(x["capacity_headroom_fraction"][0]),
        spare=int(x["spare_replicas"][0]),
    )
    devices = fleet.devices_held(
        replicas,
        devices_per_replica=hosting.replica.devices,
        devices_per_server=hosting.devices_per_server,
        owned=hosting.owned_devices,
    )
    if not hosting.bought:
        return devices * demand.rental_price_ratio
    busy = demand.requests * (hosting.replica.devices / (capacity * HOURS_PER_MONTH * SECONDS_PER_HOUR))[:, None]
    busy_kw, idle_kw = _it_kw(hosting, x, 1.0)[:, None], _it_kw(hosting, x, 0.0)[:, None]
    return np.asarray(HOURS_PER_MONTH * (busy * busy_kw + (devices - busy) * idle_kw))


def _peak_per_request(x: Design) -> Array:
    """Requests per second of the busiest hour for each request of a month."""
    urgent = 1.0 - x["batchable_fraction"]
    return np.asarray((urgent * x["peak_to_mean_ratio"] + 1.0 - urgent) / (HOURS_PER_MONTH * SECONDS_PER_HOUR))


def _served(
    option: Candidate, hosting: Hosting, x: Design, demand: Demand
) -> tuple[Array, Array, Array, fleet.HeldMonths]:
    """IT energy busy, idle and discounted, and the device-months of the replicas that the demand needs."""
    capacity = _capacity(option, hosting, x)
    held = fleet.held_months(
        demand.requests,
        demand.discount if hosting.bought else demand.rental_discount,
        demand.busiest_requests,
        peak_requests_per_s_per_request=_peak_per_request(x),
        capacity_requests_per_s=capacity,
        headroom_fraction=float(x["capacity_headroom_fraction"][0]),
        spare=int(x["spare_replicas"][0]),
        devices_per_replica=hosting.replica.devices,
        devices_per_server=hosting.devices_per_server,
        owned=hosting.owned_devices,
    )
    busy_per_request = hosting.replica.devices / (capacity * (HOURS_PER_MONTH * SECONDS_PER_HOUR))
    busy_months = busy_per_request * demand.total_requests
    busy_discounted = busy_per_request * demand.discounted_requests
    busy_kw, idle_kw = _it_kw(hosting, x, 1.0), _it_kw(hosting, x, 0.0)
    busy = HOURS_PER_MONTH * busy_months * busy_kw
    idle = HOURS_PER_MONTH * (held.held_months - busy_months) * idle_kw
    powered = busy_discounted * busy_kw + (held.discounted_months - busy_discounted) * idle_kw
    return busy, idle, HOURS_PER_MONTH * powered, held


def _capacity(option: Candidate, hosting: Hosting, x: Design) -> Array:
    """Requests per second of one replica; what the prefix cache holds of a prompt is not read again."""
    prompt = _input_tokens(option, x)
    speed = serving.steady(
        hosting.model,
        hosting.device,
        hosting.form,
        Layout(hosting.replica.devices),
        hosting.fit,
        batch=hosting.replica.batch,
        input_tokens=prompt,
        output_tokens=x["output_tokens_per_request"],
        cached_fraction=x["cached_input_fraction"] * x["input_tokens_per_request"] / np.maximum(prompt, 1.0),
    )
    return np.asarray(speed.requests_per_s * x["engine_factor"])


def _impact(option: Candidate, x: Design, demand: Demand, frame: Frame, run: Run, served: _Fleet) -> Impact:
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


def _quality(option: Candidate, x: Design, run: Run) -> Array:
    """The measured quality where there is one, else the expectation of `core.quality`."""
    if option.measured_quality_input in x:
        return x[option.measured_quality_input]
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
