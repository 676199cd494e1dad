"""Energy, carbon and money of a run from its device-hours, each at a named boundary.

Enter at `footprint_of`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.base import Interval
from advisor.contracts.estimates import EstimateAssumption, TrainingRequest
from advisor.core.footprint import accelerator_kwh, facility_kwh, server_kwh
from advisor.estimate.draws import Draws, interval
from advisor.estimate.setup import Setup

Array = NDArray[np.float64]
KWH_PER_MWH = 1e3
TONNES_PER_GRAM = 1e-6


@dataclass(frozen=True)
class Footprint:
    """What a run costs beside hours; None: not known."""

    energy_mwh: Interval | None = None
    energy_boundary: Literal["accelerator", "accelerator_and_cooling"] | None = None
    it_mwh: Interval | None = None
    facility_mwh: Interval | None = None
    tco2e: Interval | None = None
    cost_usd: Interval | None = None
    assumptions: tuple[EstimateAssumption, ...] = ()


def footprint_of(request: TrainingRequest, setup: Setup, hours: float, relative: Array, pool: Draws) -> Footprint:
    """Energy at accelerator, server and site, operational carbon, money.

    `energy_mwh` is of the accelerators, times PUE when the request says `pue_included`, as model cards state it.
    """
    notes: list[EstimateAssumption] = []
    power = _power(setup, pool)
    cost = _cost(request, setup, hours, relative, pool, notes)
    if power is None:
        notes.append(
            EstimateAssumption(name="tdp_w", value=None, source="power limit not published: no energy, no carbon")
        )
        return Footprint(cost_usd=cost, assumptions=tuple(notes))
    watts, watts_relative = power
    base = float(accelerator_kwh(hours, watts, 1.0)) / KWH_PER_MWH
    spread = relative * watts_relative
    pue, pue_relative = _pue(request, pool, notes)
    ratio, ratio_draws = pool.value("server_power_ratio"), pool.of("server_power_ratio")
    node = float(server_kwh(base, ratio))
    node_spread = spread * ratio_draws / ratio
    cooled, cooled_spread = float(facility_kwh(base, pue)), spread * pue_relative
    grid, grid_relative = _grid(request, pool, notes)
    stated = (cooled, cooled_spread) if request.pue_included else (base, spread)
    return Footprint(
        energy_mwh=interval(*stated),
        energy_boundary="accelerator_and_cooling" if request.pue_included else "accelerator",
        it_mwh=interval(node, node_spread),
        facility_mwh=interval(float(facility_kwh(node, pue)), node_spread * pue_relative),
        tco2e=interval(cooled * KWH_PER_MWH * grid * TONNES_PER_GRAM, cooled_spread * grid_relative),
        cost_usd=cost,
        assumptions=tuple(notes),
    )


def _power(setup: Setup, pool: Draws) -> tuple[float, Array] | None:
    if setup.part is None or setup.part.tdp_w is None:
        return None
    share = pool.value("training_power_fraction")
    return setup.part.tdp_w * share, pool.of("training_power_fraction") / share


def _pue(request: TrainingRequest, pool: Draws, notes: list[EstimateAssumption]) -> tuple[float, Array]:
    if request.pue_ratio is not None:
        return request.pue_ratio, np.ones(pool.draws)
    value = pool.value("pue_ratio.cloud")
    notes.append(EstimateAssumption(name="pue_ratio", value=value, source="catalogue parameter pue_ratio.cloud"))
    return value, pool.of("pue_ratio.cloud") / value


def _grid(request: TrainingRequest, pool: Draws, notes: list[EstimateAssumption]) -> tuple[float, Array]:
    if request.grid_gco2_per_kwh is not None:
        return request.grid_gco2_per_kwh, np.ones(pool.draws)
    name = "grid_gco2e_per_kwh.unknown_place"
    notes.append(
        EstimateAssumption(name="grid_gco2_per_kwh", value=pool.value(name), source=f"catalogue parameter {name}")
    )
    return pool.value(name), pool.of(name) / pool.value(name)


def _cost(
    request: TrainingRequest, setup: Setup, hours: float, relative: Array, pool: Draws, notes: list[EstimateAssumption]
) -> Interval | None:
    if request.price_usd_per_hour is not None:
        return interval(hours * request.price_usd_per_hour, relative)
    if setup.part is None or setup.part.rental_usd_per_hour is None:
        return None
    low, central, high = setup.part.rental_usd_per_hour
    prices = pool.spread(f"rent of {setup.part.name}", low, central, high)
    notes.append(
        EstimateAssumption(name="price_usd_per_hour", value=central, source="catalogue: rent on demand, today")
    )
    return interval(hours * central, relative * prices / central)
