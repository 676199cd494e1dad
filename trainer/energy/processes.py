"""Which processes on a device are of this run, and which are somebody else's.

Enter at `others_among`. Of this run are this process, its descendants, and under a launcher of several ranks the
launcher's other descendants.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.energy.ranks import local_world_size

PROC = Path("/proc")
STEPS = 64
"""Longest line of ancestors that is followed."""


def others_among(pids: Iterable[int], environ: Mapping[str, str] | None = None, *, proc: Path = PROC) -> int:
    """How many of the processes are certainly not of this run.

    In a container the driver may name processes by the machine's numbers, under which this one does not know itself: so
    if none is found to be of this run, one that is unknown here counts as this one.

    Args:
        pids: processes that compute on a device.
        environ: tells whether this is one of several ranks; the process's own by default.
        proc: the process table.
    """
    environ = os.environ if environ is None else environ
    family = {os.getpid()}
    if local_world_size(environ) > 1:
        family.add(os.getppid())
    own = others = unknown = 0
    for pid in set(pids):
        if not (proc / str(pid)).exists():
            unknown += 1
        elif _descends(pid, family, proc):
            own += 1
        else:
            others += 1
    return others + (unknown if own else max(0, unknown - local_world_size(environ)))


def _descends(pid: int, family: set[int], proc: Path) -> bool:
    for _ in range(STEPS):
        if pid in family:
            return True
        parent = _parent(pid, proc)
        if parent is None or parent <= 0:
            return False
        pid = parent
    return False


def _parent(pid: int, proc: Path) -> int | None:
    try:
        line = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        # the name of the program stands in brackets and may hold anything, so the fields count from the last bracket
        return int(line.rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
