"""Time that reinforcement learning spends on writing answers: decoding, not training, on the same devices.

Enter at `generation_time_s`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

BYTES_16_BIT = 2.0
FORWARD = 2.0


def generation_time_s(
    *,
    params: ArrayLike,
    active_params: ArrayLike,
    num_layers: ArrayLike,
    sequences_per_device: ArrayLike,
    devices_per_replica: ArrayLike,
    sustained_flop_per_s: ArrayLike,
    bandwidth_bytes_per_s: ArrayLike,
    bandwidth_efficiency_fraction: ArrayLike,
    layer_overhead_s: ArrayLike,
) -> Array:
    """Device-seconds per generated token.

    t = (2 N / (m e BW) + L o) / b + 2 N_a / R     a replica of m devices writes b m answers at once
    units: parameters, sequences in flight per device, FLOP/s, bytes/s, s -> s/token and device.
    source: the decode step of `core.serving` at the batch of a training framework, weights streamed once a step.
    validity: synchronous rollouts; the keys' and values' traffic is below a tenth at the usual lengths.
    """
    n, active, layers, batch, replica, rate, bandwidth, efficiency, overhead = (
        np.asarray(value, np.float64)
        for value in (
            params,
            active_params,
            num_layers,
            sequences_per_device,
            devices_per_replica,
            sustained_flop_per_s,
            bandwidth_bytes_per_s,
            bandwidth_efficiency_fraction,
            layer_overhead_s,
        )
    )
    step = BYTES_16_BIT * n / (replica * efficiency * bandwidth) + layers * overhead
    return np.asarray(step / batch + FORWARD * active / rate)
