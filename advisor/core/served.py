"""The accelerators that serve a demand: rented by the hour or bought in whole servers, their energy and their use.

Enter at `served_by` and `monthly_use`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.core import energy, fleet, money, serving
from advisor.core.candidates import Candidate, Hosting
from advisor.core.decode import Layout
from advisor.core.demand import Demand, Frame
from advisor.core.footprint import facility_kwh
from advisor.core.project import Run
from advisor.core.sampling import Design
from advisor.core.units import HOURS_PER_MONTH, MONTHS_PER_YEAR, SECONDS_PER_HOUR

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Served:
    """What serving costs and draws; arrays of one value per point."""

    inference: Array
    hardware_price: Array
    hardware: Array
    electricity: Array
    upkeep: Array
    busy_it_kwh: Array
    idle_it_kwh: Array
    held_hours: Array
    peak_devices: Array


def input_tokens(option: Candidate, x: Design) -> Array:
    """Tokens of a prompt, retrieved passages included."""
    extra = x["retrieval_tokens_per_request"] if option.retrieval else 0.0
    return np.asarray(x["input_tokens_per_request"] + extra)


def _it_kw(hosting: Hosting, x: Design, demand: Demand, load_fraction: float) -> Array:
    """One device with its share of the server, at the plug."""
    return demand.once(
        ("it_kw", hosting.accelerator, load_fraction),
        lambda: energy.it_power_kw(
            1.0,
            x[f"tdp_w.{hosting.accelerator}"],
            load_fraction=load_fraction,
            idle_power_fraction=x["idle_power_fraction"],
            busy_power_fraction=x["busy_power_fraction"],
            server_power_ratio=x["server_power_ratio"],
        ),
    )


def served_by(option: Candidate, x: Design, demand: Demand, frame: Frame, run: Run) -> Served:
    """The accelerators that serve the demand: rented by the hour, or bought for the busiest month."""
    hosting, zero = option.hosting, demand.zero
    if hosting is None:
        return Served(zero, zero, zero, zero, zero, zero, zero, zero, zero)
    key = ("fleet", id(hosting), option.retrieval)
    _, (busy, idle, powered, served) = demand.once(key, lambda: (hosting, _served(option, hosting, x, demand)))
    held_hours, peak_devices = served.held_months * HOURS_PER_MONTH, served.peak_devices
    if not hosting.bought:
        hourly = x[f"rental_usd_per_hour.{hosting.accelerator}"] * frame.per_usd
        rent = served.discounted_months * HOURS_PER_MONTH * hourly
        return Served(rent, zero, zero, zero, zero, busy, idle, held_hours, peak_devices)
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
    return Served(
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


def monthly_use(option: Candidate, x: Design, demand: Demand) -> Array:
    """Requests at the token price of their month, rented devices at the rent of theirs, or kWh of bought servers."""
    hosting = option.hosting
    if hosting is None:
        return demand.requests if option.offer is None else demand.token_requests
    key = ("monthly use", id(hosting), option.retrieval)
    return demand.once(key, lambda: (hosting, _monthly_use(option, hosting, x, demand)))[1]


def _monthly_use(option: Candidate, hosting: Hosting, x: Design, demand: Demand) -> Array:
    capacity = _capacity(option, hosting, x, demand)
    replicas = fleet.replicas_needed(
        demand.requests * _peak_per_request(x, demand)[:, None],
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
    busy_kw, idle_kw = _it_kw(hosting, x, demand, 1.0)[:, None], _it_kw(hosting, x, demand, 0.0)[:, None]
    return np.asarray(HOURS_PER_MONTH * (busy * busy_kw + (devices - busy) * idle_kw))


def _peak_per_request(x: Design, demand: Demand) -> Array:
    """Requests per second of the busiest hour for each request of a month."""

    def peak() -> Array:
        urgent = 1.0 - x["batchable_fraction"]
        return np.asarray((urgent * x["peak_to_mean_ratio"] + 1.0 - urgent) / (HOURS_PER_MONTH * SECONDS_PER_HOUR))

    return demand.once("peak per request", peak)


def _served(
    option: Candidate, hosting: Hosting, x: Design, demand: Demand
) -> tuple[Array, Array, Array, fleet.HeldMonths]:
    """IT energy busy, idle and discounted, and the device-months of the replicas that the demand needs."""
    capacity = _capacity(option, hosting, x, demand)
    held = fleet.held_months(
        demand.requests,
        demand.discount if hosting.bought else demand.rental_discount,
        demand.annuity if hosting.bought else demand.rental_annuity,
        demand.busiest_requests,
        peak_requests_per_s_per_request=_peak_per_request(x, demand),
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
    busy_kw, idle_kw = _it_kw(hosting, x, demand, 1.0), _it_kw(hosting, x, demand, 0.0)
    busy = HOURS_PER_MONTH * busy_months * busy_kw
    idle = HOURS_PER_MONTH * (held.held_months - busy_months) * idle_kw
    powered = busy_discounted * busy_kw + (held.discounted_months - busy_discounted) * idle_kw
    return busy, idle, HOURS_PER_MONTH * powered, held


def _capacity(option: Candidate, hosting: Hosting, x: Design, demand: Demand) -> Array:
    """Requests per second of one replica; what the prefix cache holds of a prompt is not read again."""

    def tokens() -> tuple[Array, Array]:
        prompt = input_tokens(option, x)
        return prompt, x["cached_input_fraction"] * x["input_tokens_per_request"] / np.maximum(prompt, 1.0)

    prompt, cached = demand.once(("prompt", option.retrieval), tokens)
    speed = serving.steady(
        hosting.model,
        hosting.device,
        hosting.form,
        Layout(hosting.replica.devices),
        hosting.fit,
        batch=hosting.replica.batch,
        input_tokens=prompt,
        output_tokens=x["output_tokens_per_request"],
        cached_fraction=cached,
    )
    return np.asarray(speed.requests_per_s * x["engine_factor"])
