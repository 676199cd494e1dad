"""Where the work was done: grid, price, PUE and the other factors, given or from the catalogue.

Enter at `place_of` and `inputs_of`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.catalog import lookup
from advisor.contracts.base import Amount
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.footprint import MeasuredWork
from advisor.core.sampling import Input
from advisor.core.units import JOULES_PER_KWH
from advisor.impact_inputs import impact_inputs
from advisor.input_rows import citation, from_parameter, three_points

PRICE = "electricity_price_eur_per_kwh"
PUE = "pue_ratio"
SERVER = "server_power_ratio"
ENERGY = "metered_kwh"
LOCATION_FACTOR = "grid_gco2e_per_kwh.{zone}"
MARKET_FACTOR = "grid_market_gco2e_per_kwh.{zone}"
COMMAND_LINE = "command line"


@dataclass(frozen=True)
class Place:
    """What the user, or a case, says of the place; None: not said."""

    zone: str
    on_premises: bool
    price_eur_per_kwh: Amount | None = None
    pue_ratio: Amount | None = None
    server_ratio: float | None = None
    contract_gco2e_per_kwh: float | None = None
    origin: str = COMMAND_LINE
    """Where price and PUE were given."""


def place_of(
    catalog: Catalog,
    *,
    case: Case | None,
    zone: str | None,
    location: str | None,
    price_eur_per_kwh: float | None,
    pue_ratio: float | None,
    server_ratio: float | None,
    contract_gco2e_per_kwh: float | None,
) -> Place:
    """Join what was said on the command line with a case; the command line wins.

    Raises:
        BadInput: no zone, or one that the catalogue does not know; a ratio below one, a negative figure.
    """
    for name, value, least in (
        ("--price", price_eur_per_kwh, 0.0),
        ("--pue", pue_ratio, 1.0),
        ("--server-ratio", server_ratio, 1.0),
        ("--contract-factor", contract_gco2e_per_kwh, 0.0),
    ):
        if value is not None and not least <= value < float("inf"):
            raise BadInput(f"{name}: must be at least {least:g}, got {value:g}")
    own = case.energy if case is not None else None
    stated = zone.upper() if zone is not None else (own.grid_zone if own is not None else None)
    price: Amount | None = price_eur_per_kwh
    pue: Amount | None = pue_ratio
    if own is not None:
        price = own.electricity_price_eur_per_kwh if price is None else price
        pue = own.pue_ratio if pue is None else pue
    return Place(
        zone=_known_zone(stated, catalog),
        on_premises=_on_premises(location, case),
        price_eur_per_kwh=price,
        pue_ratio=pue,
        server_ratio=server_ratio,
        contract_gco2e_per_kwh=contract_gco2e_per_kwh,
        origin=f"case {case.name!r} and {COMMAND_LINE}" if case is not None else COMMAND_LINE,
    )


def inputs_of(place: Place, works: Sequence[MeasuredWork], catalog: Catalog) -> list[Input]:
    """All factors of a place, and of the accelerators that the work ran on; what is not known gets no input."""
    parts = {work.accelerator for work in works if work.accelerator is not None}
    rows = [_server(place, catalog), _pue(place, catalog), *_price(place, catalog)]
    wanted = _names(place, parts)
    rows += [row for row in impact_inputs(catalog, {place.zone}, parts) if row.name in wanted]
    if place.contract_gco2e_per_kwh is not None:
        name = MARKET_FACTOR.format(zone=place.zone)
        rows = [row for row in rows if row.name != name]
        rows.append(_given(name, place.contract_gco2e_per_kwh, "g/kWh", "supply contract, " + COMMAND_LINE))
    return rows


def energy_input(work: MeasuredWork) -> Input | None:
    """The metered energy with the meter's error band; None where nothing was measured."""
    if work.energy_j is None:
        return None
    kwh, error = work.energy_j / JOULES_PER_KWH, work.uncertainty_fraction or 0.0
    source = f"{work.report} {work.id}: {work.quality or 'metered'}"
    return Input(ENERGY, kwh * (1 - error), kwh, kwh * (1 + error), "kWh", "measured", source, work.created_at[:10])


def _known_zone(zone: str | None, catalog: Catalog) -> str:
    zones = sorted({row.zone for row in catalog.grids if row.basis == "life_cycle"})
    listed = f"known: {', '.join(zones)}"
    if zone is None:
        raise BadInput(
            "--grid: the report does not say where the work was done; give the country or grid zone with --grid, or "
            f"the case with --case; {listed}"
        )
    if zone not in zones and zone.split("-")[0] not in zones:
        raise BadInput(f"--grid: no emission factor of zone {zone!r}; {listed}")
    return zone


def _on_premises(location: str | None, case: Case | None) -> bool:
    if location is not None:
        return location == "on_premises"
    if case is None:
        return True
    return case.hardware.location == "on_premises" or case.data.strictest_residency == "on_premises"


def _server(place: Place, catalog: Catalog) -> Input:
    if place.server_ratio is not None:
        return _given(SERVER, place.server_ratio, "ratio", COMMAND_LINE)
    return from_parameter(lookup.parameter(catalog, SERVER), catalog)


def _pue(place: Place, catalog: Catalog) -> Input:
    if place.pue_ratio is not None:
        return _given(PUE, place.pue_ratio, "ratio", place.origin)
    name = f"{PUE}.{'on_premises' if place.on_premises else 'cloud'}"
    return from_parameter(lookup.parameter(catalog, name), catalog, PUE)


def _price(place: Place, catalog: Catalog) -> list[Input]:
    if place.price_eur_per_kwh is not None:
        return [_given(PRICE, place.price_eur_per_kwh, "EUR/kWh", place.origin)]
    try:
        row = lookup.electricity(catalog, place.zone)
    except UnknownName:
        return []
    low, central, high = three_points(row.eur_per_kwh)
    source = f"{citation(row, catalog)} ({row.zone}, {row.band})"
    return [Input(PRICE, low, central, high, "EUR/kWh", "catalogue", source, row.as_of)]


def _names(place: Place, parts: set[str]) -> set[str]:
    """Inputs that the figures use, out of all that the catalogue has on the world."""
    names = {LOCATION_FACTOR.format(zone=place.zone), MARKET_FACTOR.format(zone=place.zone)}
    if not place.on_premises:
        names |= {"water_site_l_per_kwh", f"water_generation_l_per_kwh.{place.zone}"}
    for part in parts:
        names |= {
            f"{name}.{part}"
            for name in (
                "embodied_kgco2e",
                "embodied_server_kgco2e",
                "embodied_lifetime_years",
                "devices_per_server",
            )
        }
    return names


def _given(name: str, value: Amount, unit: str, source: str) -> Input:
    low, central, high = three_points(value)
    return Input(name, low, central, high, unit, "given", source)
