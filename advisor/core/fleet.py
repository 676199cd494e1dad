"""How many copies and whole servers a demand needs, and how long its requests wait.

Enter at `replicas_needed`, `servers_needed` and `queue_wait_s`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from advisor.core.decode import Array

BLOCK = 1024
"""Points that are worked through at once: their months stay in the cache."""


@dataclass(frozen=True)
class HeldMonths:
    """Devices that a fleet holds, month by month, summed; one value per point."""

    held_months: Array
    discounted_months: Array
    """Weighted with the discount factor of the month."""
    peak_devices: Array


def replicas_needed(
    peak_requests_per_s: ArrayLike,
    capacity_requests_per_s: ArrayLike,
    *,
    headroom_fraction: float,
    spare: int,
) -> Array:
    """Whole replicas for the busiest hour, plus the spare ones; none for no demand at all.

    n = ceil(q_peak / (q_replica * headroom)) + spare
    units: requests/s -> replicas.   source: N+1 redundancy.   validity: replicas fail one at a time.
    """
    load = np.asarray(peak_requests_per_s, np.float64) / (
        np.asarray(capacity_requests_per_s, np.float64) * headroom_fraction
    )
    return np.where(load > 0, np.ceil(load) + spare, 0.0)


def servers_needed(replicas: ArrayLike, *, devices_per_replica: int, devices_per_server: int) -> Array:
    """Whole servers for whole replicas: a replica is not torn over two servers that could each hold one.

    s = ceil(n / floor(d_server / d_replica)), or n ceil(d_replica / d_server) where one replica spans servers
    units: replicas -> servers.   source: arithmetic.   validity: equal servers; what is left of a server idles.
    """
    n = np.asarray(replicas, np.float64)
    if devices_per_replica > devices_per_server:
        return n * float(-(-devices_per_replica // devices_per_server))
    return np.ceil(n / float(devices_per_server // devices_per_replica))


def devices_held(replicas: ArrayLike, *, devices_per_replica: int, devices_per_server: int, owned: int = 0) -> Array:
    """Devices that whole replicas need: the owned ones first, then whole servers.

    d = n d_r while the owned hold n; else those that the owned hold, plus servers(rest) d_server
    units: replicas -> devices.   source: arithmetic.   validity: one replica is not spread over old and new parts.
    """
    n = np.asarray(replicas, np.float64)
    if devices_per_server == 1:
        return np.asarray(n * devices_per_replica)
    held = np.minimum(n, float(owned // devices_per_replica))
    more = servers_needed(n - held, devices_per_replica=devices_per_replica, devices_per_server=devices_per_server)
    return np.asarray(held * devices_per_replica + more * devices_per_server)


def held_months(
    requests: Array,
    discount: Array,
    annuity: Array,
    busiest_requests: Array,
    *,
    peak_requests_per_s_per_request: Array,
    capacity_requests_per_s: Array,
    headroom_fraction: float,
    spare: int,
    devices_per_replica: int,
    devices_per_server: int,
    owned: int,
) -> HeldMonths:
    """Device-months of the replicas that each month's busiest hour needs.

    M = sum over months of d(n(q_m)),  M' = sum of d(n(q_m)) f_m,  d and n from `devices_held`, `replicas_needed`
    shapes: requests and discount (points, months), the others (points,) -> (points,); annuity: the sum of discount.
    source: definition.
    validity: demand that grows or falls all the time. Where the busiest month needs one replica, so do all others,
    and the sums are closed; the rest is walked through month by month, in blocks.
    """

    def devices(replicas: Array) -> Array:
        return devices_held(
            replicas, devices_per_replica=devices_per_replica, devices_per_server=devices_per_server, owned=owned
        )

    bearable = capacity_requests_per_s * headroom_fraction
    load = busiest_requests * peak_requests_per_s_per_request / bearable
    peak = devices(np.where(load > 0, np.ceil(load) + spare, 0.0))
    held, discounted = peak * requests.shape[1], peak * annuity
    walked = np.flatnonzero(load > 1.0)
    for start in range(0, len(walked), BLOCK):
        rows = _run_of(walked[start : start + BLOCK])
        replicas = requests[rows] * peak_requests_per_s_per_request[rows, None]
        replicas /= bearable[rows, None]
        np.ceil(replicas, out=replicas)
        replicas += spare  # where the busiest month needs more than one, there is demand in every month
        monthly = devices(replicas)
        held[rows] = monthly.sum(axis=1)
        discounted[rows] = np.einsum("pm,pm->p", monthly, discount[rows])
    return HeldMonths(held, discounted, peak)


def _run_of(rows: NDArray[np.intp]) -> NDArray[np.intp] | slice:
    """Rows without a gap as a slice, which is read where it lies."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def queue_wait_s(
    load_fraction: ArrayLike, service_s: ArrayLike, places: ArrayLike, *, variation: ArrayLike = 1.0
) -> Array:
    """Mean time that a request waits for a free place of a batch.

    w = (1 + v^2)/2 rho^(sqrt(2(c + 1)) - 1) / (c (1 - rho)) s
    units: fraction, seconds, places -> seconds.   source: Sakasegawa 1977 for M/M/c; Allen-Cunneen for M/G/c.
    validity: Poisson arrivals, rho < 1; infinite from rho = 1 on. v: variation of the service time.
    """
    rho, c = np.asarray(load_fraction, np.float64), np.maximum(np.asarray(places, np.float64), 1.0)
    inside = np.clip(rho, 0.0, 1.0 - 1e-9)
    crowd = inside ** (np.sqrt(2.0 * (c + 1.0)) - 1.0) / (c * (1.0 - inside))
    wait = (1.0 + np.asarray(variation, np.float64) ** 2) / 2.0 * crowd * np.asarray(service_s, np.float64)
    return np.asarray(np.where(rho < 1.0, wait, np.inf))


def billed_tokens_per_month(
    tokens_per_s: ArrayLike, *, hours_per_month: ArrayLike, headroom_fraction: ArrayLike, peak_to_mean: ArrayLike
) -> Array:
    """Tokens that one replica answers in a month when its busiest moment may use the planned share of it.

    T = r u 3600 h / p
    units: tokens/s, hours -> tokens/month.   source: definition.   validity: the peak sets the size.
    """
    r, h = np.asarray(tokens_per_s, np.float64), np.asarray(hours_per_month, np.float64)
    return np.asarray(r * np.asarray(headroom_fraction) * 3600.0 * h / np.asarray(peak_to_mean))
