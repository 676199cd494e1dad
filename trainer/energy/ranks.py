"""Several processes of one run on one machine: each device is measured by one of them.

Enter at `claim_devices`; the ranks' reports are summed by `join_ranks` in `join.py`. Where ranks share the devices of
the machine, the first local rank measures them all; where each has devices of its own, each measures those, and a lock
per device keeps two ranks from both measuring it.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from trainer.energy.source import Device, EnergySource, NullSource, Watcher

ELSEWHERE = "measured_by_another_rank"
LOCAL_RANK = ("LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID")
LOCAL_WORLD_SIZE = ("LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE")
LAUNCH = (
    *("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "SLURM_JOB_ID", "SLURM_STEP_ID"),
    *("OMPI_MCA_ess_base_jobid", "PMIX_NAMESPACE"),
)
"""What ranks of one launch have in common; other runs on the device measure it for themselves."""


def local_rank(environ: Mapping[str, str]) -> int:
    """Number of this process among those that the launcher started on this machine; 0 without a launcher."""
    return _first_number(environ, LOCAL_RANK, 0)


def local_world_size(environ: Mapping[str, str]) -> int:
    """How many processes the launcher started on this machine; 1 without a launcher."""
    return max(1, _first_number(environ, LOCAL_WORLD_SIZE, 1))


def claim_devices(
    source: EnergySource, environ: Mapping[str, str], *, own: bool = False, locks: Path | None = None
) -> EnergySource:
    """The devices that this process measures, each one in no other rank of the launch.

    Args:
        source: the devices that this process sees.
        environ: what the launcher told this process.
        own: whether the caller knows of one device for this rank; so does `CUDA_VISIBLE_DEVICES` with one entry.
        locks: folder of the locks; that for temporary files by default.
    """
    if local_world_size(environ) == 1 or not source.devices():
        return source
    if local_rank(environ) > 0 and not own and _shared(environ):
        source.close()
        return NullSource("the first rank of this machine measures the devices that its ranks share", (ELSEWHERE,))
    claimed = ClaimedSource(source, environ, locks or Path(tempfile.gettempdir()))
    if claimed.devices():
        return claimed
    claimed.close()
    return NullSource("another rank of this machine measures the device", (ELSEWHERE,))


class ClaimedSource:
    """Those devices of a source whose lock this process got."""

    def __init__(self, source: EnergySource, environ: Mapping[str, str], locks: Path) -> None:
        self.reason = source.reason
        self._source = source
        launch = "|".join(environ.get(name, "") for name in LAUNCH)
        self._locks = [lock for device in source.devices() if (lock := Lock.take(locks, launch, device)) is not None]
        self._devices = tuple(lock.device for lock in self._locks)

    def devices(self) -> tuple[Device, ...]:
        """The devices that are this rank's to measure."""
        return self._devices

    def read_counter_mj(self, device: Device) -> int | None:
        """The wrapped source's counter."""
        return self._source.read_counter_mj(device)

    def read_power_mw(self, device: Device) -> int | None:
        """The wrapped source's power."""
        return self._source.read_power_mw(device)

    def notes(self, device: Device) -> tuple[str, ...]:
        """What the wrapped source can tell."""
        return self._source.notes(device) if isinstance(self._source, Watcher) else ()

    def close(self) -> None:
        """Let go of the locks and close the wrapped source."""
        for lock in self._locks:
            lock.release()
        self._source.close()


class Lock:
    """A device held for one process of a launch; the system lets go of it when the process ends, however it ends."""

    def __init__(self, device: Device, path: Path, stream: IO[str] | None) -> None:
        self.device, self._path, self._stream = device, path, stream

    @classmethod
    def take(cls, folder: Path, launch: str, device: Device) -> "Lock | None":
        """Hold a device; None when another process of the launch has it."""
        user = os.getuid() if hasattr(os, "getuid") else 0
        name = hashlib.sha256(f"{user}|{launch}|{device.uuid}".encode()).hexdigest()[:24]
        path = folder / f"richtwert-energy-{name}.lock"
        try:
            import fcntl

            stream = path.open("w", encoding="utf-8")
        except (ImportError, OSError):
            return cls(device, path, None)  # no locks here: measured all the same, and `join_ranks` refuses a repeat
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            return None
        return cls(device, path, stream)

    def release(self) -> None:
        """Let go, in forked children too; the empty file stays, as removing it would let two processes in."""
        if self._stream is not None:
            import fcntl

            fcntl.flock(self._stream, fcntl.LOCK_UN)
            self._stream.close()
            self._stream = None


def _shared(environ: Mapping[str, str]) -> bool:
    """Whether all ranks see the same devices: torchrun hands its own environment on, other launchers may not."""
    visible = [entry for entry in environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if entry.strip()]
    return not visible or (len(visible) > 1 and "TORCHELASTIC_RUN_ID" in environ)


def _first_number(environ: Mapping[str, str], names: Sequence[str], default: int) -> int:
    return next((int(environ[name]) for name in names if environ.get(name, "").isdecimal()), default)
