"""The meter of this machine and process: which devices, which ranks, which trace.

Enter at `open_meter`.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from advisor.contracts.errors import Failed
from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.ranks import claim_devices, local_rank
from trainer.energy.rapl import POWERCAP, open_rapl
from trainer.energy.replay import RecordingSource
from trainer.energy.source import EnergySource, JoinedSource, NullSource


def open_meter(
    *,
    require: bool = False,
    source: EnergySource | None = None,
    host: EnergySource | None = None,
    uuids: Sequence[str] | None = None,
    record: Path | None = None,
    record_readings: bool = True,
    synchronize: Callable[[], None] | None = None,
    environ: Mapping[str, str] | None = None,
    powercap: Path = POWERCAP,
) -> Meter:
    """A meter for this process's accelerators; without any, one that reports None and the reason.

    Args:
        require: fail instead of measuring no accelerator.
        source: where readings come from; NVML by default, and the counters of the processor beside it.
        host: what stands beside the accelerators, if not the counters of this machine's processor.
        uuids: devices in use (`GPU-...`), when known better than `CUDA_VISIBLE_DEVICES` tells.
        record: JSONL file that receives every reading, for playing back; not made where nothing can be read.
        record_readings: whether the file receives single readings too, or windows alone.
        synchronize: called at the edges of each window, such as `wait_for_cuda` of `cuda.py`.
        environ: what launcher and user told this process; its own environment by default.
        powercap: where Linux shows the processor's counters.

    Raises:
        Failed: `require` is set and no accelerator can be measured.
    """
    environ = os.environ if environ is None else environ
    if source is None:
        source, found = _of_this_machine(environ, uuids, powercap)
        host = host or found
    opened = source if host is None else JoinedSource(source, host)
    if require and all(device.is_host for device in opened.devices()):
        opened.close()
        raise Failed(f"energy cannot be measured: {opened.reason}; run without requiring it, or on a GPU machine")
    if record is not None and opened.devices():
        opened = RecordingSource(opened, record, time.monotonic, readings=record_readings)
    return Meter(opened, synchronize=synchronize)


def _of_this_machine(
    environ: Mapping[str, str], uuids: Sequence[str] | None, powercap: Path
) -> tuple[EnergySource, EnergySource]:
    """Accelerators and host that this process measures; whatever goes wrong becomes a reason."""
    one = uuids is not None and len(uuids) == 1
    try:
        accelerators = claim_devices(open_nvml(environ, uuids), environ, own=one)
        if local_rank(environ) > 0:
            return accelerators, NullSource("the first rank of this machine measures them")
        return accelerators, open_rapl(powercap)
    except Exception as error:
        # no training run fails because its meter does, be it for a folder that is missing
        failed = NullSource(f"the meter could not be opened ({type(error).__name__}: {error})")
        return failed, failed
