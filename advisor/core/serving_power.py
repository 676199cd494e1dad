"""Power of accelerators under a serving load.

Enter at `accelerator_power_w`; `node_power_w` adds the host.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from advisor.core.decode import Array


@dataclass(frozen=True)
class PowerFit:
    """Coefficients of the draw; one number each, or one per draw."""

    idle_fraction: ArrayLike
    """Share of the power limit at no load, model in memory."""
    single_fraction: ArrayLike
    """Share at one sequence in flight."""
    full_fraction: ArrayLike
    """Share at a large batch."""
    half_batch: ArrayLike
    """Sequences per device at which the draw is half way between the two."""


def accelerator_power_w(
    tdp_w: ArrayLike, fit: PowerFit, *, batch_per_device: ArrayLike, busy: ArrayLike = 1.0
) -> Array:
    """Draw of one accelerator that decodes.

    P = TDP (i + busy (p1 + (p2 - p1) b/(b + b_h) - i))
    units: W, sequences -> W.   source: own fit on ML.ENERGY rows (GPU alone).
    validity: b 1-512 on H100 and B200; other parts by the same shares.
    """
    b = np.asarray(batch_per_device, np.float64)
    low, high = np.asarray(fit.single_fraction, np.float64), np.asarray(fit.full_fraction, np.float64)
    idle = np.asarray(fit.idle_fraction, np.float64)
    loaded = low + (high - low) * b / (b + np.asarray(fit.half_batch, np.float64))
    return np.asarray(np.asarray(tdp_w, np.float64) * (idle + np.asarray(busy, np.float64) * (loaded - idle)))


def node_power_w(accelerators_w: ArrayLike, server_power_ratio: ArrayLike) -> Array:
    """Draw of a whole server at the wall: the accelerators times what host, fans and supplies add."""
    return np.asarray(np.asarray(accelerators_w, np.float64) * np.asarray(server_power_ratio, np.float64))
