"""Power of the devices that do nothing, read for ten seconds with the monitoring on.

Enter at `idle_power`.
"""

import time
from collections.abc import Callable

from advisor.contracts.measurements import IdlePower
from trainer.energy import Meter

IDLE_S = 10.0


def idle_power(meter: Meter, wait: Callable[[float], None] = time.sleep) -> IdlePower:
    """Mean power of a window in which this process does nothing; at once, and None, where there is no power source."""
    if meter.reason:
        return IdlePower(power_w=None, duration_s=0.0, reason=meter.reason)
    with meter.window("idle") as window:
        wait(IDLE_S)
    report = window.report
    return IdlePower(power_w=report.mean_power_w, duration_s=report.duration_s, reason=report.reason)
