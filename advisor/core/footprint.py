"""Energy, carbon and embodied emissions of device-hours, with their boundaries: accelerator, server, facility.

Enter at `accelerator_kwh`; the next boundary is always the previous one times a named ratio.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import WATTS_PER_KW

Array = NDArray[np.float64]


def accelerator_kwh(hours: ArrayLike, tdp_w: ArrayLike, power_fraction: ArrayLike) -> Array:
    """Energy at the accelerators.

    E = H * TDP * f
    units: device-hours, W, 1 -> kWh.   source: definition; f from sampled runs (OLMo 2, SaulLM).
    validity: mean over a run; estimates from TDP alone err by 27-37 % (arXiv:2506.14551).
    """
    watts = np.asarray(tdp_w, np.float64) * np.asarray(power_fraction, np.float64)
    return np.asarray(hours, np.float64) * watts / WATTS_PER_KW


def server_kwh(energy_accelerator_kwh: ArrayLike, server_power_ratio: ArrayLike) -> Array:
    """Energy of whole servers at their plugs (IT energy).

    E_IT = E * k
    units: kWh, 1 -> kWh.   source: k: wall over accelerator draw of published servers.
    validity: servers filled with accelerators.
    """
    return np.asarray(energy_accelerator_kwh, np.float64) * np.asarray(server_power_ratio, np.float64)


def facility_kwh(energy_it_kwh: ArrayLike, pue_ratio: ArrayLike) -> Array:
    """Energy of the site.

    E_site = E_IT * PUE
    units: kWh, 1 -> kWh.   source: ISO/IEC 30134-2.   validity: yearly mean of the site.
    """
    return np.asarray(energy_it_kwh, np.float64) * np.asarray(pue_ratio, np.float64)


def embodied_kgco2e(
    hours: ArrayLike,
    *,
    accelerator_kgco2e: ArrayLike,
    server_kgco2e: ArrayLike,
    devices_per_server: ArrayLike,
    lifetime_hours: ArrayLike,
) -> Array:
    """Share of the emissions of making the hardware.

    m = H / T * (m_acc + m_server / n)
    units: device-hours, kg, devices, hours -> kg.   source: ISO 14040 allocation by time, as EcoLogits.
    validity: hardware in use over its life; idle years make the share larger.
    """
    per_device = np.asarray(accelerator_kgco2e, np.float64) + np.asarray(server_kgco2e, np.float64) / np.asarray(
        devices_per_server, np.float64
    )
    return np.asarray(hours, np.float64) / np.asarray(lifetime_hours, np.float64) * per_device


def software_carbon_intensity_g(
    operational_kgco2e: ArrayLike, embodied: ArrayLike, functional_units: ArrayLike
) -> Array:
    """Grams of CO2e per functional unit (a thousand tokens, a request).

    SCI = (O + M) / R
    units: kg, kg, units -> g/unit.   source: ISO/IEC 21031:2024 (Software Carbon Intensity).
    validity: location-based factors; market instruments are not counted.
    """
    total = np.asarray(operational_kgco2e, np.float64) + np.asarray(embodied, np.float64)
    return total * 1000.0 / np.asarray(functional_units, np.float64)


def water_l(
    energy_it_kwh: ArrayLike,
    energy_facility_kwh: ArrayLike,
    *,
    site_l_per_kwh: ArrayLike,
    generation_l_per_kwh: ArrayLike,
) -> Array:
    """Water evaporated on site for cooling, and where the electricity is generated.

    W = E_IT w_site + E_site w_generation
    units: kWh, l/kWh -> litres.   source: ISO/IEC 30134-9 (WUE); factors: operators, EcoLogits.
    validity: yearly means; a zone with hydropower stands high, because reservoirs evaporate.
    """
    on_site = np.asarray(energy_it_kwh, np.float64) * np.asarray(site_l_per_kwh, np.float64)
    return on_site + np.asarray(energy_facility_kwh, np.float64) * np.asarray(generation_l_per_kwh, np.float64)
