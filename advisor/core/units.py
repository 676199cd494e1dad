"""Unit constants and conversions; a value never changes its unit under its own name."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

SECONDS_PER_HOUR = 3600.0
HOURS_PER_YEAR = 8766.0
"""Mean year of 365.25 days."""
MONTHS_PER_YEAR = 12.0
HOURS_PER_MONTH = HOURS_PER_YEAR / MONTHS_PER_YEAR
TOKENS_PER_MTOK = 1e6
JOULES_PER_KWH = 3.6e6
WATTS_PER_KW = 1e3
GRAMS_PER_KG = 1e3
BYTES_PER_GIB = float(2**30)
BYTES_PER_GB = 1e9


def kwh_from_j(energy_j: ArrayLike) -> NDArray[np.float64]:
    """Energy in kWh from joules: 1 kWh is 3.6e6 J."""
    return np.asarray(energy_j, np.float64) / JOULES_PER_KWH


def kg_from_g(mass_g: ArrayLike) -> NDArray[np.float64]:
    """Mass in kilograms from grams."""
    return np.asarray(mass_g, np.float64) / GRAMS_PER_KG
