"""Discounting, demand growth and what hardware is worth when the horizon ends."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.units import MONTHS_PER_YEAR

Array = NDArray[np.float64]
TINY_RATE = 1e-12
"""Below this a rate is nothing: the quotient of two vanishing numbers would lose all digits."""


def monthly_discount_factors(
    discount_rate_fraction: ArrayLike, horizon_months: int, *, out: Array | None = None
) -> Array:
    """Present value of one unit of money paid at the end of each month.

    f_m = (1 + r)^(-m/12),  m = 1..H
    units: 1/year, months -> 1, shape (draws, H).   source: any finance text.
    validity: constant yearly rate r > -1; payments at month ends.
    """
    rate = np.atleast_1d(np.asarray(discount_rate_fraction, np.float64))
    return _powers(-np.log1p(rate), np.arange(1, horizon_months + 1), out)


def monthly_demand(
    requests_per_month: ArrayLike,
    growth_per_year_fraction: ArrayLike,
    horizon_months: int,
    *,
    out: Array | None = None,
) -> Array:
    """Requests in each month of the horizon.

    q_m = q * (1 + g)^((m - 1)/12),  m = 1..H
    units: requests/month, 1/year -> requests/month, shape (draws, H).   source: geometric growth.
    validity: smooth growth; seasons enter through the peak-to-mean ratio.
    """
    requests = np.atleast_1d(np.asarray(requests_per_month, np.float64))
    path = price_path(growth_per_year_fraction, horizon_months, out=out)
    return np.multiply(path, requests[:, None], out=path if len(path) == len(requests) else None)


def price_path(change_per_year_fraction: ArrayLike, horizon_months: int, *, out: Array | None = None) -> Array:
    """Price of each month over today's.

    p_m = (1 + c)^((m - 1)/12),  m = 1..H
    units: 1/year, signed -> 1, shape (draws, H).   source: geometric change.
    validity: a steady trend, c > -1; 0 keeps today's price; jumps are in the spread of c alone.
    """
    change = np.atleast_1d(np.asarray(change_per_year_fraction, np.float64))
    return _powers(np.log1p(change), np.arange(horizon_months), out)


def _powers(log_per_year: Array, months: NDArray[np.int64], out: Array | None) -> Array:
    """exp(l m / 12), shape (draws, months), in one array: new memory would take longer than the arithmetic."""
    path = np.multiply(log_per_year[:, None], months[None, :], out=out, dtype=np.float64)
    path /= MONTHS_PER_YEAR
    return np.exp(path, out=path)


def residual_value_fraction(years: ArrayLike, decades_lost_per_year: ArrayLike) -> Array:
    """Share of an accelerator's price that is left after some years.

    v = 10^(-d * t)
    units: years, 1/year -> 1.   source: Epoch AI, training cost trends (arXiv:2405.21015), d = 0.14.
    validity: data-centre accelerators of 2012-2024; spread not published.
    """
    return np.power(10.0, -np.asarray(decades_lost_per_year, np.float64) * np.asarray(years, np.float64))


def annuity_factor(discount_rate_fraction: ArrayLike, lifetime_years: ArrayLike) -> Array:
    """Share of an overnight cost that falls due each year.

    a = r / (1 - (1 + r)^-n);  1/n for r = 0;  r for n -> inf
    units: 1/year, years -> 1/year.   source: any finance text; edge cases as PyPSA costs.py.
    validity: r > -1, n > 0.
    """
    rate, years = np.broadcast_arrays(
        np.asarray(discount_rate_fraction, np.float64), np.asarray(lifetime_years, np.float64)
    )
    if np.any(years <= 0):
        raise ValueError(f"lifetime_years must be positive, got {years.min()}")
    tiny = np.abs(rate) < TINY_RATE
    safe = np.where(tiny, 1.0, rate)
    return np.where(tiny, 1 / years, safe / -np.expm1(-years * np.log1p(safe)))
