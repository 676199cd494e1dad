"""Energy and money of forecast hours. Enter at `energy_of` and `cost_of`."""

from math import exp, log, sqrt

from advisor.calibrate.figures import POWER_SPREAD_LN
from advisor.catalog import lookup
from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration, CalibrationEntry
from advisor.contracts.catalog import Catalog
from advisor.core.sampling import Z95
from advisor.core.units import WATTS_PER_KW
from advisor.forecast.target import Target
from advisor.input_rows import three_points

POWER_SHARE = "training_power_fraction"


def power_of(target: Target, catalog: Catalog, calibration: Calibration | None) -> tuple[Interval | None, str]:
    """Watts of all accelerators in training: measured, else a share of their limit; None where no limit is known."""
    entries = calibration.entries if calibration is not None else ()
    for entry in entries:
        if entry.quantity == "training_power_w" and entry.hardware == target.hardware and entry.posterior is not None:
            return _widened(entry), f"power as measured on {target.words}"
    part = target.part
    if part is None or part.tdp_w is None or target.hardware.accelerator is None:
        return None, "power was not measured, and the catalogue knows no power limit of this hardware"
    limit = part.tdp_w * target.count
    for entry in entries:
        if entry.input == POWER_SHARE and entry.posterior is not None:
            share = entry.posterior
            return _scaled(share, limit), f"power limit of {part.tdp_w:g} W times the measured {POWER_SHARE}"
    row = lookup.parameter(catalog, POWER_SHARE)
    share = Interval(p5=row.low, p50=row.central, p95=row.high)
    return _scaled(share, limit), f"power limit of {part.tdp_w:g} W times {POWER_SHARE} of the catalogue"


def energy_of(hours: Interval, watts: Interval) -> Interval:
    """Hours and power vary apart: on the log scale their spreads are joined in squares.

    E = t P,  s^2 = s_t^2 + s_P^2
    units: h, W -> kWh.   source: product of independent lognormal quantities.   validity: bands roughly lognormal.
    """
    middle = hours.p50 * watts.p50 / WATTS_PER_KW
    down = sqrt(log(hours.p50 / hours.p5) ** 2 + log(watts.p50 / watts.p5) ** 2)
    up = sqrt(log(hours.p95 / hours.p50) ** 2 + log(watts.p95 / watts.p50) ** 2)
    return _interval(middle * exp(-down), middle, middle * exp(up))


def cost_of(
    hours: Interval | None, kwh: Interval | None, target: Target, catalog: Catalog, zone: str
) -> tuple[Interval | None, str | None, str]:
    """Rent where the part is let; else electricity of its server and site; with the currency and what was counted."""
    if hours is None:
        return None, None, "money: not known without the hours"
    part = target.part
    rent = part.rental_usd_per_hour if part is not None and target.hardware.accelerator is not None else None
    if rent is not None:
        low, middle, high = three_points(rent)
        found = _interval(
            *(h * target.count * price for h, price in zip(_points(hours), (low, middle, high), strict=True))
        )
        return found, "USD", f"money: rent of {target.words}"
    if kwh is None:
        return None, None, "money: not known; the catalogue has no rent of this hardware, and its energy is not known"
    price = lookup.electricity(catalog, zone)
    server, site = lookup.parameter(catalog, "server_power_ratio"), lookup.parameter(catalog, "pue_ratio.on_premises")
    factors = zip(
        three_points(price.eur_per_kwh),
        (server.low, server.central, server.high),
        (site.low, site.central, site.high),
        strict=True,
    )
    found = _interval(*(amount * a * b * c for amount, (a, b, c) in zip(_points(kwh), factors, strict=True)))
    return found, "EUR", f"money: electricity of {target.words} with its server and site, {zone}, {price.band}"


def _widened(entry: CalibrationEntry) -> Interval:
    posterior = entry.posterior
    if posterior is None:
        raise ValueError(f"{entry.key}: nothing measured")
    spread_ln = sqrt((log(posterior.p95 / posterior.p5) / (2 * Z95)) ** 2 + POWER_SPREAD_LN**2)
    return _interval(*(posterior.p50 * exp(k * Z95 * spread_ln) for k in (-1.0, 0.0, 1.0)))


def _scaled(value: Interval, factor: float) -> Interval:
    return _interval(value.p5 * factor, value.p50 * factor, value.p95 * factor)


def _points(value: Interval) -> tuple[float, float, float]:
    return value.p5, value.p50, value.p95


def _interval(low: float, middle: float, high: float) -> Interval:
    return Interval(p5=float(f"{low:.4g}"), p50=float(f"{middle:.4g}"), p95=float(f"{high:.4g}"))
