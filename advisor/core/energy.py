"""Power of fleets and greenhouse gas of electricity; the chain accelerator, server, facility is `core.footprint`'s.

Enter at `it_power_kw`; `facility_power_kw` is the same with cooling and losses.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.footprint import accelerator_kwh, facility_kwh, server_kwh
from advisor.core.units import kg_from_g, kwh_from_j

Array = NDArray[np.float64]


def it_power_kw(
    devices: ArrayLike,
    tdp_w: ArrayLike,
    *,
    load_fraction: ArrayLike,
    idle_power_fraction: ArrayLike,
    busy_power_fraction: ArrayLike,
    server_power_ratio: ArrayLike,
) -> Array:
    """Power drawn by a fleet at the plugs of its servers.

    P = g * TDP * (idle + (busy - idle) * load) * k
    units: devices, W -> kW.   source: linear power model, Barroso & Hoelzle 2007; k and busy share: catalogue.
    validity: mean over hours; TDP-based estimates err by 27-37 % against measurement (arXiv:2506.14551).
    """
    idle, busy = np.asarray(idle_power_fraction, np.float64), np.asarray(busy_power_fraction, np.float64)
    share = idle + (busy - idle) * np.asarray(load_fraction, np.float64)
    return server_kwh(accelerator_kwh(devices, tdp_w, share), server_power_ratio)  # of one hour, so kW


def facility_power_kw(
    devices: ArrayLike,
    tdp_w: ArrayLike,
    *,
    load_fraction: ArrayLike,
    idle_power_fraction: ArrayLike,
    busy_power_fraction: ArrayLike,
    server_power_ratio: ArrayLike,
    pue_ratio: ArrayLike,
) -> Array:
    """Power drawn by a fleet at the facility's meter.

    P = g * TDP * (idle + (busy - idle) * load) * k * PUE
    units: devices, W -> kW.   source: `it_power_kw`, ISO/IEC 30134-2.   validity: as `it_power_kw`.
    """
    at_the_plugs = it_power_kw(
        devices,
        tdp_w,
        load_fraction=load_fraction,
        idle_power_fraction=idle_power_fraction,
        busy_power_fraction=busy_power_fraction,
        server_power_ratio=server_power_ratio,
    )
    return facility_kwh(at_the_plugs, pue_ratio)


def tokens_it_kwh(output_tokens: ArrayLike, energy_j_per_output_token: ArrayLike) -> Array:
    """IT energy of tokens that somebody else generates.

    E = o * e
    units: tokens, J/token at the server -> kWh.   source: published J/token (ML.ENERGY), as a wide range.
    validity: an order of magnitude; providers publish no figures.
    """
    joules = np.asarray(output_tokens, np.float64) * np.asarray(energy_j_per_output_token, np.float64)
    return kwh_from_j(joules)


def operational_kgco2e(energy_kwh: ArrayLike, grid_gco2e_per_kwh: ArrayLike) -> Array:
    """Greenhouse gas of electricity.

    m = E * f / 1000
    units: kWh, g/kWh -> kg.   source: GHG Protocol, Scope 2.   validity: operational only, no embodied part.
    """
    return kg_from_g(np.asarray(energy_kwh, np.float64) * np.asarray(grid_gco2e_per_kwh, np.float64))
