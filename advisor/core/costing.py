"""Money, energy, time and quality of one option on a design: pure arithmetic on arrays.

Enter at `evaluate`. Every option answers the same demand over the same horizon and fills the same cost lines;
a line that does not apply is zero, a figure that is not known is None.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core import compute, energy, fleet, money, quality, serving
from advisor.core.candidates import LINES, ApiOffer, Candidate, Hosting, Training
from advisor.core.decode import Layout
from advisor.core.sampling import Design
from advisor.core.units import HOURS_PER_MONTH, MONTHS_PER_YEAR, SECONDS_PER_HOUR, TOKENS_PER_MTOK

Array = NDArray[np.float64]


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

    @property
    def discounted_requests(self) -> Array:
        """Requests weighted with the discount factor of their month, summed."""
        return np.asarray((self.requests * self.discount).sum(axis=1))

    @property
    def total_requests(self) -> Array:
        """Requests over the horizon."""
        return np.asarray(self.requests.sum(axis=1))


@dataclass(frozen=True)
class Outcome:
    """An option on a design; arrays of one value per point."""

    lines: dict[str, Array]
    """Discounted, in the case's currency."""
    upfront: Array
    """Undiscounted one-off money, hardware at its full price."""
    kwh: Array | None
    energy_boundary: str
    kgco2e: Array | None
    months_to_value: Array
    quality: Array
    peak_devices: Array
    training_hours: Array
    training_flop: Array

    @property
    def total(self) -> Array:
        """Sum of all lines."""
        return np.asarray(sum(self.lines.values()))


@dataclass(frozen=True)
class _Fleet:
    inference: Array
    hardware_price: Array
    hardware: Array
    electricity: Array
    upkeep: Array
    kwh: Array
    peak_devices: Array


@dataclass(frozen=True)
class _Run:
    compute: Array
    hours: Array
    flop: Array
    kwh: Array
    devices: Array


def demand_of(x: Design, frame: Frame) -> Demand:
    """Monthly demand and discount factors, computed once for all options of a design."""
    return Demand(
        requests=money.monthly_demand(x["requests_per_month"], x["growth_per_year_fraction"], frame.horizon_months),
        discount=money.monthly_discount_factors(x["discount_rate_fraction"], frame.horizon_months),
    )


def evaluate(option: Candidate, x: Design, demand: Demand, frame: Frame) -> Outcome:
    """Cost lines, energy, carbon, time to value and quality of one option at every point of the design."""
    zero = np.zeros_like(x["requests_per_month"])
    lines = {name: zero for name, _ in LINES}
    annuity = demand.discount.sum(axis=1)
    engineer, data_engineer = x["loaded_cost_per_fte_month.ml_engineer"], x["loaded_cost_per_fte_month.data_engineer"]
    operator = x["loaded_cost_per_fte_month.operations"]
    run = _training_run(option, x, frame, zero)
    served = _fleet(option, x, demand, frame, run, zero)

    lines["integration"] = x[option.integration_input] * engineer
    lines["annotation"] = _annotation_cost(option, x, zero)
    lines["training_compute"] = run.compute
    lines["hardware"] = served.hardware
    if option.data_input is not None:
        lines["data_preparation"] = x[option.data_input] * (2.0 - x["cleanliness_fraction"]) * data_engineer
    if option.training_staff_input is not None:
        lines["training_staff"] = x[option.training_staff_input] * engineer
    if option.retrieval:
        lines["retrieval_setup"] = x["retrieval_fte_months"] * data_engineer
        lines["retrieval"] = x["retrieval_running_eur_per_month"] * frame.per_eur * annuity
    if option.offer is not None:
        lines["inference"] = _api_cost_per_request(option, option.offer, x, frame) * demand.discounted_requests
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
        once = lines["training_compute"] + lines["training_staff"] + lines["data_preparation"]
        yearly = x["refreshes_per_year"] * x["refresh_share_of_training"] * once
        lines["refresh"] = yearly / MONTHS_PER_YEAR * annuity

    one_off = sum((lines[name] for name, phase in LINES if phase == "one_off" and name != "hardware"), zero)
    kwh, boundary = _energy(option, x, demand, run, served)
    return Outcome(
        lines=lines,
        upfront=one_off + served.hardware_price,
        kwh=kwh,
        energy_boundary=boundary,
        kgco2e=None
        if kwh is None or option.grid_input is None
        else energy.operational_kgco2e(kwh, x[option.grid_input]),
        months_to_value=_months_to_value(option, x, zero),
        quality=_quality(option, x, run),
        peak_devices=served.peak_devices,
        training_hours=run.hours,
        training_flop=run.flop,
    )


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


def _missing_examples(training: Training, x: Design) -> Array:
    return np.maximum(0.0, x[training.examples_input] - x["labelled_examples"] * x["cleanliness_fraction"])


def _annotation_hours(option: Candidate, x: Design, zero: Array) -> Array:
    if option.training is None:
        return zero
    return _missing_examples(option.training, x) * x["annotation_seconds_per_example"] / SECONDS_PER_HOUR


def _annotation_cost(option: Candidate, x: Design, zero: Array) -> Array:
    wage = x["loaded_cost_per_fte_month.annotator"] / x["productive_hours_per_fte_month"]
    return _annotation_hours(option, x, zero) * wage


def _training_run(option: Candidate, x: Design, frame: Frame, zero: Array) -> _Run:
    """Compute of the first training: money, device-hours, FLOP, facility kWh, devices for the wanted wall time."""
    work = option.training
    if work is None:
        return _Run(zero, zero, zero, zero, zero)
    epochs = x[work.epochs_input] if work.epochs_input is not None else 1.0
    per_example = x["input_tokens_per_request"] + x["output_tokens_per_request"]
    examples = np.maximum(x[work.examples_input], x["labelled_examples"] * x["cleanliness_fraction"])
    example_tokens = examples * per_example * x["fine_tuning_epochs"]
    if work.method == "provider":
        price = option.offer.tuning_usd_per_mtok if option.offer is not None else None
        usd = example_tokens / TOKENS_PER_MTOK * (price or 0.0)
        return _Run(usd * x[work.development_input] * frame.per_usd, zero, zero, zero, zero)
    if option.hosting is None or work.mfu_input is None:
        raise ValueError(f"{option.id}: training in-house needs an accelerator")
    flop_of = compute.lora_training_flop if work.method == "lora" else compute.full_training_flop
    corpus_tokens = 0.0 if work.corpus_tokens is None else work.corpus_tokens * epochs
    flop = flop_of(work.params, corpus_tokens + example_tokens)
    mfu = x[work.mfu_input] * (x["fine_tuning_mfu_ratio"] if work.mfu_is_fine_tuning else 1.0)
    final_hours = compute.accelerator_hours(flop, option.hosting.device.peak_flop_per_s, mfu)
    hours = final_hours * x[work.development_input]
    kwh = hours * _device_kw(option.hosting, x, 1.0)
    if option.hosting.bought:
        wanted = compute.accelerators_for(final_hours, x["training_wall_months"] * HOURS_PER_MONTH)
        devices = np.maximum(wanted, work.min_devices)
        money_spent = kwh * x["electricity_price_eur_per_kwh"] * frame.per_eur
    else:
        devices = zero
        money_spent = hours * x[f"rental_usd_per_hour.{option.hosting.accelerator}"] * frame.per_usd
    return _Run(money_spent, hours, flop, kwh, devices)


def _device_kw(hosting: Hosting, x: Design, load_fraction: Array | float) -> Array:
    return energy.facility_power_kw(
        1.0,
        x[f"tdp_w.{hosting.accelerator}"],
        load_fraction=load_fraction,
        idle_power_fraction=x["idle_power_fraction"],
        busy_power_fraction=x["busy_power_fraction"],
        server_power_ratio=x["server_power_ratio"],
        pue_ratio=x["pue_ratio"],
    )


def _fleet(option: Candidate, x: Design, demand: Demand, frame: Frame, run: _Run, zero: Array) -> _Fleet:
    """The accelerators that serve the demand: rented by the hour, or bought for the busiest month."""
    hosting = option.hosting
    if hosting is None:
        return _Fleet(zero, zero, zero, zero, zero, zero, zero)
    capacity = _capacity(option, hosting, x)
    mean_rps = demand.requests / (HOURS_PER_MONTH * SECONDS_PER_HOUR)
    urgent = 1.0 - x["batchable_fraction"]
    peak_rps = mean_rps * (urgent * x["peak_to_mean_ratio"] + 1.0 - urgent)[:, None]
    replicas = fleet.replicas_needed(
        peak_rps,
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
    load = np.divide(mean_rps, capacity[:, None] * replicas, out=np.zeros_like(mean_rps), where=replicas > 0)
    busy_devices = replicas * hosting.replica.devices * load
    fixed_kw, busy_kw = _device_kw(hosting, x, 0.0), _device_kw(hosting, x, 1.0)
    month_kwh = HOURS_PER_MONTH * (devices * fixed_kw[:, None] + busy_devices * (busy_kw - fixed_kw)[:, None])
    kwh = month_kwh.sum(axis=1)
    peak_devices = devices.max(axis=1)
    if not hosting.bought:
        hourly = x[f"rental_usd_per_hour.{hosting.accelerator}"] * frame.per_usd
        rent = (devices * demand.discount).sum(axis=1) * HOURS_PER_MONTH * hourly
        return _Fleet(rent, zero, zero, zero, zero, kwh, peak_devices)
    needed = np.maximum(peak_devices, run.devices)
    unit_price = x[f"purchase_usd.{hosting.accelerator}"] * frame.per_usd
    new = np.ceil(np.maximum(0.0, needed - hosting.owned_devices) / hosting.devices_per_server)
    price = new * hosting.devices_per_server * unit_price
    years = frame.horizon_months / MONTHS_PER_YEAR
    left = money.residual_value_fraction(years, x["hardware_value_loss_decades_per_year"]) * demand.discount[:, -1]
    power_price = x["electricity_price_eur_per_kwh"] * frame.per_eur
    upkeep = needed * unit_price * x["hardware_upkeep_fraction_per_year"] / MONTHS_PER_YEAR
    return _Fleet(
        inference=zero,
        hardware_price=price,
        hardware=price * (1.0 - left),
        electricity=(month_kwh * demand.discount).sum(axis=1) * power_price,
        upkeep=upkeep * demand.discount.sum(axis=1),
        kwh=kwh,
        peak_devices=needed,
    )


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


def _energy(option: Candidate, x: Design, demand: Demand, run: _Run, fleet: _Fleet) -> tuple[Array | None, str]:
    if option.hosting is not None:
        return fleet.kwh + run.kwh, "facility"
    if option.offer is None:
        return None, "unknown"
    tokens = demand.total_requests * x["output_tokens_per_request"]
    modelled = energy.tokens_energy_kwh(tokens, x["api_energy_j_per_output_token"], x["pue_ratio.cloud"])
    return modelled, "provider_modelled"


def _months_to_value(option: Candidate, x: Design, zero: Array) -> Array:
    if option.months_input is None:
        return zero
    annotators = np.maximum(1.0, x["annotators_fte"])
    annotation = _annotation_hours(option, x, zero) / (annotators * x["productive_hours_per_fte_month"])
    hiring = x["hiring_months"] if option.needs_hiring else zero
    return x[option.months_input] + annotation + hiring


def _quality(option: Candidate, x: Design, run: _Run) -> Array:
    """The measured quality where there is one, else the expectation of `core.quality`."""
    if option.measured_quality_input in x:
        return x[option.measured_quality_input]
    model = option.quality
    recovered: Array | float = 0.0
    if option.retrieval:
        recovered = x["quality_retrieval_recovery_fraction"]
    if model.is_domain_model:
        recovered = 1.0 - (1.0 - recovered) * (1.0 - x["quality_domain_model_recovery_fraction"])
    if model.adapts_to_domain:
        share = quality.saturation(x["domain_tokens"], x["quality_adaptation_half_tokens"])
        recovered = 1.0 - (1.0 - recovered) * (1.0 - x["quality_adaptation_recovery_fraction"] * share)
    gain: Array | float = -model.age_years * x["quality_release_logit_per_year"] if model.age_years else 0.0
    if model.tuning_gain_input is not None and option.training is not None:
        examples = np.maximum(x[option.training.examples_input], x["labelled_examples"] * x["cleanliness_fraction"])
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
    )
