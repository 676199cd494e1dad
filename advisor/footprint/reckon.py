"""The figures of a footprint, drawn over the spans of meter, server, site, grid and price.

Enter at `footprint_report`. The formulas are those of `advisor.core`; all pieces of work share the draws of one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from advisor.catalog import lookup
from advisor.contracts.assessment import Assumption
from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog
from advisor.contracts.footprint import Footprint, FootprintReport, FootprintTotal, MeasuredWork
from advisor.core.energy import operational_kgco2e
from advisor.core.footprint import (
    embodied_kgco2e,
    facility_kwh,
    server_kwh,
    software_carbon_intensity_g,
    water_l,
)
from advisor.core.sampling import Design, Input, random_design
from advisor.core.units import HOURS_PER_YEAR, SECONDS_PER_HOUR
from advisor.footprint.place import (
    ENERGY,
    LOCATION_FACTOR,
    MARKET_FACTOR,
    PRICE,
    PUE,
    SERVER,
    Place,
    energy_input,
    inputs_of,
)

DRAWS = 10_000
SEED = 0
BOUNDARIES = {"modules": "modules of accelerator, processor and memory", "processors": "processors and memory"}
Array = NDArray[np.float64]


@dataclass
class Drawn:
    """Draws of one footprint; None where a factor is missing, and then why by the name of the figure."""

    metered_kwh: Array | None = None
    it_kwh: Array | None = None
    facility_kwh: Array | None = None
    electricity_eur: Array | None = None
    operational_kgco2e_location: Array | None = None
    operational_kgco2e_market: Array | None = None
    embodied_kgco2e: Array | None = None
    water_l: Array | None = None
    reasons: dict[str, str] = field(default_factory=dict)


FIGURES = tuple(entry.name for entry in fields(Drawn) if entry.name != "reasons")


def footprint_report(works: Sequence[MeasuredWork], place: Place, catalog: Catalog) -> FootprintReport:
    """Figures of each piece of work and of all together."""
    inputs = inputs_of(place, works, catalog)
    drawn = [_drawn(work, place, inputs) for work in works]
    return FootprintReport(
        grid_zone=place.zone,
        on_premises=place.on_premises,
        footprints=tuple(_footprint(work, found) for work, found in zip(works, drawn, strict=True)),
        total=_total(drawn) if len(drawn) > 1 else None,
        assumptions=tuple(_assumption(item) for item in inputs),
        warnings=tuple(_warnings(works, place, catalog)),
        draws=DRAWS,
        seed=SEED,
        catalog_version=catalog.version,
        richtwert_version=version("richtwert"),
    )


def _drawn(work: MeasuredWork, place: Place, inputs: Sequence[Input]) -> Drawn:
    energy = energy_input(work)
    x = random_design([*inputs, energy] if energy is not None else inputs, draws=DRAWS, seed=SEED)
    found = Drawn()
    _energy(found, work, place, x)
    _embodied(found, work, x)
    if found.facility_kwh is not None and found.it_kwh is not None:
        _money_and_gas(found, found.facility_kwh, place, x)
        _water(found, found.it_kwh, found.facility_kwh, place, x)
    return found


def _energy(found: Drawn, work: MeasuredWork, place: Place, x: Design) -> None:
    if ENERGY not in x:
        for name in FIGURES:
            if name != "embodied_kgco2e":
                found.reasons[name] = f"energy was not measured: {work.energy_reason}"
        return
    found.metered_kwh = x[ENERGY]
    if work.boundary != "accelerators" and place.server_ratio is None:
        why = (
            f"the readings cover {BOUNDARIES[work.boundary]}, for which no published ratio to the whole server is "
            "known; give one with --server-ratio"
        )
        for name in FIGURES:
            if name not in ("metered_kwh", "embodied_kgco2e"):
                found.reasons[name] = why
        return
    found.it_kwh = server_kwh(found.metered_kwh, x[SERVER])
    found.facility_kwh = facility_kwh(found.it_kwh, x[PUE])


def _money_and_gas(found: Drawn, kwh: Array, place: Place, x: Design) -> None:
    if PRICE in x:
        found.electricity_eur = kwh * x[PRICE]
    else:
        found.reasons["electricity_eur"] = f"the catalogue has no electricity price of {place.zone}; give --price"
    location, market = LOCATION_FACTOR.format(zone=place.zone), MARKET_FACTOR.format(zone=place.zone)
    found.operational_kgco2e_location = operational_kgco2e(kwh, x[location])
    if market in x:
        found.operational_kgco2e_market = operational_kgco2e(kwh, x[market])
    else:
        found.reasons["operational_kgco2e_market"] = (
            f"no residual mix of {place.zone} is known; give your supply contract's factor with --contract-factor"
        )


def _water(found: Drawn, it_kwh: Array, kwh: Array, place: Place, x: Design) -> None:
    site, generation = "water_site_l_per_kwh", f"water_generation_l_per_kwh.{place.zone}"
    if site in x and generation in x:
        found.water_l = water_l(it_kwh, kwh, site_l_per_kwh=x[site], generation_l_per_kwh=x[generation])
    else:
        own = "cooling of a room of one's own is not known" if place.on_premises else ""
        found.reasons["water_l"] = own or f"the catalogue has no water factor of power stations in {place.zone}"


def _embodied(found: Drawn, work: MeasuredWork, x: Design) -> None:
    """Time in use over the life of accelerators and their share of the server."""
    part = work.accelerator
    if part is None or f"embodied_kgco2e.{part}" not in x:
        known = "it ran on no accelerator, and no footprint of making the processor's server is published"
        if work.accelerator_names:
            known = f"no footprint of making {work.accelerator_names[0]} is in the catalogue"
        found.reasons["embodied_kgco2e"] = known
        return
    found.embodied_kgco2e = embodied_kgco2e(
        work.duration_s / SECONDS_PER_HOUR * max(1, work.accelerator_count),
        accelerator_kgco2e=x[f"embodied_kgco2e.{part}"],
        server_kgco2e=x[f"embodied_server_kgco2e.{part}"],
        devices_per_server=x[f"devices_per_server.{part}"],
        lifetime_hours=x[f"embodied_lifetime_years.{part}"] * HOURS_PER_YEAR,
    )


def _footprint(work: MeasuredWork, found: Drawn) -> Footprint:
    reasons, sci = dict(found.reasons), None
    if not work.requests:
        reasons["sci_g_per_request"] = "no requests were counted"
    elif found.operational_kgco2e_location is None or found.embodied_kgco2e is None:
        missing = [name for name in ("operational_kgco2e_location", "embodied_kgco2e") if getattr(found, name) is None]
        reasons["sci_g_per_request"] = f"not known: {' and '.join(missing)}"
    else:
        grams = software_carbon_intensity_g(found.operational_kgco2e_location, found.embodied_kgco2e, work.requests)
        sci = _interval(grams)
    figures = {name: _interval(getattr(found, name)) for name in FIGURES}
    return Footprint(
        work=work,
        **{**figures, "metered_kwh": _metered(work)},
        sci_g_per_request=sci,
        reasons=reasons,
    )


def _total(drawn: Sequence[Drawn]) -> FootprintTotal:
    """Draws are added one by one: meter, server, site and grid err together."""
    sums: dict[str, Interval | None] = {}
    for name in FIGURES:
        parts = [getattr(found, name) for found in drawn]
        sums[name] = None if any(part is None for part in parts) else _interval(np.sum(parts, axis=0))
    return FootprintTotal(**sums)


def _interval(draws: Array | None) -> Interval | None:
    if draws is None:
        return None
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
    return Interval(p5=float(low), p50=float(middle), p95=float(high), mean=float(np.mean(draws)))


def _metered(work: MeasuredWork) -> Interval | None:
    """As it was read: no draw stands between the meter and this figure."""
    item = energy_input(work)
    return None if item is None else Interval(p5=item.low, p50=item.central, p95=item.high, mean=item.central)


def _assumption(item: Input) -> Assumption:
    value = item.central if item.is_certain else Interval(p5=item.low, p50=item.central, p95=item.high)
    return Assumption(
        name=item.name, value=value, unit=item.unit, origin=item.origin, source=item.source, as_of=item.as_of
    )


def _warnings(works: Sequence[MeasuredWork], place: Place, catalog: Catalog) -> list[str]:
    found = []
    for work in works:
        part = None if work.accelerator is None else lookup.accelerator(catalog, work.accelerator)
        if part is not None and part.mfu_class == "consumer" and place.server_ratio is None:
            found.append(
                f"{work.id}: the server ratio is that of servers full of accelerators; a workstation draws more beside "
                "its card: measure it at the plug and give --server-ratio"
            )
        if work.energy_j is not None and work.uncertainty_fraction is None:
            found.append(f"{work.id}: the error of its energy is not stated; the spans leave it out")
        if work.quality == "partial":
            found.append(f"{work.id}: its energy was read for a part of the time or of the devices alone")
        if work.quality == "estimated_tdp":
            found.append(f"{work.id}: its energy is an estimate from the power limit, not a measurement")
    return found
