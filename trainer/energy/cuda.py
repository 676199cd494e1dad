"""What torch knows of the devices, if this process has loaded it already; the meter itself never loads it.

Enter at `wait_for_cuda` (the edges of a window) and `cuda_uuids` (which devices, by the order of CUDA).
"""

import sys


def wait_for_cuda() -> None:
    """Wait until the devices have done what they were given, so that a window ends with its work."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return
    for number in range(torch.cuda.device_count()):
        torch.cuda.synchronize(number)


def cuda_uuids() -> list[str] | None:
    """UUIDs of the devices that torch sees, as NVML writes them; None when it is not loaded or cannot tell.

    CUDA counts devices by speed unless told otherwise, NVML by their place on the bus, so numbers do not tell.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    try:
        if not torch.cuda.is_available():
            return None
        found = [torch.cuda.get_device_properties(number).uuid for number in range(torch.cuda.device_count())]
    except Exception:
        # an older torch, a driver that fails: the environment tells almost as well, and the run goes on
        return None
    return [f"GPU-{uuid}" for uuid in found]
