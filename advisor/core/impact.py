"""Electricity, greenhouse gas and water of one option over the horizon, each at a named boundary.

Enter at `hosted_impact` (hardware that the company runs) and `provider_impact` (tokens that somebody else generates).
What the catalogue does not know is None, never 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.core.energy import operational_kgco2e, tokens_it_kwh
from advisor.core.footprint import embodied_kgco2e, facility_kwh, software_carbon_intensity_g, water_l
from advisor.core.sampling import Design
from advisor.core.units import HOURS_PER_YEAR

Array = NDArray[np.float64]
Boundary = Literal["facility", "provider_modelled", "unknown"]


@dataclass(frozen=True)
class Use:
    """IT energy by purpose, and the hours for which devices are held; arrays over the points of a design."""

    training_it_kwh: Array
    busy_it_kwh: Array
    idle_it_kwh: Array
    held_hours: Array
    """Device-hours: rented ones while rented, bought ones over the whole horizon, idle time included."""

    @property
    def it_kwh(self) -> Array:
        """All of it, at the plugs of the servers."""
        return np.asarray(self.training_it_kwh + self.busy_it_kwh + self.idle_it_kwh)


@dataclass(frozen=True)
class Place:
    """Names of the inputs that say where the electricity comes from; an input need not be there."""

    grid_zone: str | None
    pue_input: str
    site_water_input: str | None

    @property
    def location_input(self) -> str:
        """Mean of the zone."""
        return f"grid_gco2e_per_kwh.{self.grid_zone}"

    @property
    def market_input(self) -> str:
        """Residual mix of the zone."""
        return f"grid_market_gco2e_per_kwh.{self.grid_zone}"

    @property
    def generation_water_input(self) -> str:
        """Water at the power stations of the zone."""
        return f"water_generation_l_per_kwh.{self.grid_zone}"


@dataclass(frozen=True)
class Impact:
    """What an option takes from the world over the horizon; None: not known."""

    boundary: Boundary
    kwh: Array | None = None
    """At the facility: IT energy times PUE."""
    it_kwh: Array | None = None
    use: Use | None = None
    """None where a provider runs the hardware."""
    location_kgco2e: Array | None = None
    market_kgco2e: Array | None = None
    embodied: Array | None = None
    sci_g_per_request: Array | None = None
    water_l: Array | None = None

    @property
    def cooling_kwh(self) -> Array | None:
        """Cooling and losses of the facility: what the servers do not draw."""
        return None if self.kwh is None or self.it_kwh is None else np.asarray(self.kwh - self.it_kwh)


UNKNOWN = Impact(boundary="unknown")


def hosted_impact(use: Use, accelerator: str, place: Place, x: Design, requests: Array) -> Impact:
    """Of hardware that the company rents or owns."""
    embodied = _embodied(use.held_hours, accelerator, x)
    return _impact("facility", use.it_kwh, use, embodied, place, x, requests)


def provider_impact(output_tokens: Array, place: Place, x: Design, requests: Array) -> Impact:
    """Of tokens that a provider generates: modelled, and nothing known about the making of its hardware."""
    it_kwh = tokens_it_kwh(output_tokens, x["api_energy_j_per_output_token"])
    return _impact("provider_modelled", it_kwh, None, None, place, x, requests)


def _impact(
    boundary: Boundary, it_kwh: Array, use: Use | None, embodied: Array | None, place: Place, x: Design, requests: Array
) -> Impact:
    kwh = facility_kwh(it_kwh, x[place.pue_input])
    location = _operational(kwh, place.location_input, x)
    sci = None
    if location is not None and embodied is not None and bool(np.all(requests > 0)):
        sci = software_carbon_intensity_g(location, embodied, requests)
    return Impact(
        boundary=boundary,
        kwh=kwh,
        it_kwh=it_kwh,
        use=use,
        location_kgco2e=location,
        market_kgco2e=_operational(kwh, place.market_input, x),
        embodied=embodied,
        sci_g_per_request=sci,
        water_l=_water(it_kwh, kwh, place, x),
    )


def _operational(kwh: Array, factor: str, x: Design) -> Array | None:
    return operational_kgco2e(kwh, x[factor]) if factor in x else None


def _embodied(held_hours: Array, accelerator: str, x: Design) -> Array | None:
    if f"embodied_kgco2e.{accelerator}" not in x:
        return None
    return embodied_kgco2e(
        held_hours,
        accelerator_kgco2e=x[f"embodied_kgco2e.{accelerator}"],
        server_kgco2e=x[f"embodied_server_kgco2e.{accelerator}"],
        devices_per_server=x[f"devices_per_server.{accelerator}"],
        lifetime_hours=x[f"embodied_lifetime_years.{accelerator}"] * HOURS_PER_YEAR,
    )


def _water(it_kwh: Array, kwh: Array, place: Place, x: Design) -> Array | None:
    site, generation = place.site_water_input, place.generation_water_input
    if site is None or site not in x or generation not in x:
        return None
    return water_l(it_kwh, kwh, site_l_per_kwh=x[site], generation_l_per_kwh=x[generation])
