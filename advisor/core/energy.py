"""Electricity and greenhouse gas of accelerators, at the facility: accelerator times server times cooling."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import WATTS_PER_KW, kg_from_g, kwh_from_j

Array = NDArray[np.float64]


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
    units: devices, W -> kW.   source: linear power model, Barroso & Hoelzle 2007; k and busy share: catalogue.
    validity: mean over hours; TDP-based estimates err by 27-37 % against measurement (arXiv:2506.14551).
    """
    idle, busy = np.asarray(idle_power_fraction, np.float64), np.asarray(busy_power_fraction, np.float64)
    share = idle + (busy - idle) * np.asarray(load_fraction, np.float64)
    watts = (
        np.asarray(devices, np.float64)
        * np.asarray(tdp_w, np.float64)
        * share
        * np.asarray(server_power_ratio, np.float64)
    )
    return watts * np.asarray(pue_ratio, np.float64) / WATTS_PER_KW


def tokens_energy_kwh(output_tokens: ArrayLike, energy_j_per_output_token: ArrayLike, pue_ratio: ArrayLike) -> Array:
    """Facility energy of tokens that somebody else generates.

    E = o * e * PUE
    units: tokens, J/token at the server -> kWh.   source: published J/token (ML.ENERGY), as a wide range.
    validity: an order of magnitude; providers publish no figures.
    """
    joules = np.asarray(output_tokens, np.float64) * np.asarray(energy_j_per_output_token, np.float64)
    return kwh_from_j(joules * np.asarray(pue_ratio, np.float64))


def operational_kgco2e(energy_kwh: ArrayLike, grid_gco2e_per_kwh: ArrayLike) -> Array:
    """Greenhouse gas of electricity.

    m = E * f / 1000
    units: kWh, g/kWh -> kg.   source: GHG Protocol, Scope 2.   validity: operational only, no embodied part.
    """
    return kg_from_g(np.asarray(energy_kwh, np.float64) * np.asarray(grid_gco2e_per_kwh, np.float64))
