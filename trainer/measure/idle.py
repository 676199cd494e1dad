"""Power of the devices that do nothing, read for ten seconds with the monitoring on.

Enter at `idle_power`.
"""

import time
from collections.abc import Callable

from advisor.contracts.measurements import IdlePower
from trainer.energy import Meter

IDLE_S = 10.0


def is_metered(meter: Meter) -> bool:
    """Whether anything can be read: accelerators, or the counters of the processor."""
    return not (meter.reason and meter.host_reason)


def idle_power(meter: Meter, wait: Callable[[float], None] = time.sleep) -> IdlePower:
    """Mean power of a window in which this process does nothing; at once, and None, where nothing can be read.

    It is the baseline of the meter from then on, so that what is measured later has a net energy too.
    """
    if not is_metered(meter):
        reason = f"{meter.reason}; processor: {meter.host_reason}"
        return IdlePower(power_w=None, duration_s=0.0, reason=reason)
    report = meter.measure_idle(IDLE_S, wait=wait).report
    if not meter.reason:
        return IdlePower(power_w=report.mean_power_w, duration_s=report.duration_s, reason=report.reason)
    host = report.host
    if host is None or host.energy_j is None:
        return IdlePower(
            boundary="processors",
            power_w=None,
            duration_s=report.duration_s,
            reason=host.reason if host is not None else meter.host_reason,
        )
    watts = host.energy_j / report.duration_s
    return IdlePower(boundary="processors", power_w=watts, duration_s=report.duration_s, reason=host.reason)
