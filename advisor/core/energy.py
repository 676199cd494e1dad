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
    idle, busy = np.asarray(idle_power_fraction, float), np.asarray(busy_power_fraction, float)
    share = idle + (busy - idle) * np.asarray(load_fraction, float)
    watts = np.asarray(devices, float) * np.asarray(tdp_w, float) * share * np.asarray(server_power_ratio, float)
    return watts * np.asarray(pue_ratio, float) / WATTS_PER_KW


def tokens_energy_kwh(output_tokens: ArrayLike, energy_j_per_output_token: ArrayLike, pue_ratio: ArrayLike) -> Array:
    """Facility energy of tokens that somebody else generates.

    E = o * e * PUE
    units: tokens, J/token at the server -> kWh.   source: published J/token (ML.ENERGY), as a wide range.
    validity: an order of magnitude; providers publish no figures.
    """
    joules = np.asarray(output_tokens, float) * np.asarray(energy_j_per_output_token, float)
    return kwh_from_j(joules * np.asarray(pue_ratio, float))


def operational_kgco2e(energy_kwh: ArrayLike, grid_gco2e_per_kwh: ArrayLike) -> Array:
    """Greenhouse gas of electricity.

    m = E * f / 1000
    units: kWh, g/kWh -> kg.   source: GHG Protocol, Scope 2.   validity: operational only, no embodied part.
    """
    return kg_from_g(np.asarray(energy_kwh, float) * np.asarray(grid_gco2e_per_kwh, float))
