"""Which devices CUDA shows this process: `CUDA_VISIBLE_DEVICES` read the way CUDA reads it.

Enter at `choose`. CUDA stops at the first entry that it does not know; what follows is invisible.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Chosen:
    """The devices of this process by UUID, and why there may be none."""

    uuids: tuple[str, ...]
    sliced: frozenset[str] = frozenset()
    """Devices of which the process has a MIG slice only; their readings cover the whole device."""
    by_number: bool = False
    """True when some were named by a CUDA number, which is not always the NVML number."""
    reason: str = ""


def choose(wanted: str | None, present: Sequence[str], parent_of: Callable[[str], str | None]) -> Chosen:
    """Pick the visible devices out of those present.

    Args:
        wanted: value of `CUDA_VISIBLE_DEVICES`; None when it is not set, which shows all.
        present: UUIDs in NVML order.
        parent_of: UUID of the device that a `MIG-` UUID is a slice of.
    """
    if wanted is None:
        return Chosen(tuple(dict.fromkeys(present)), reason="" if present else "the driver lists no device")
    entries = [entry.strip() for entry in wanted.split(",") if entry.strip()]
    if not entries or entries[0] == "-1":
        return Chosen((), reason=f"CUDA_VISIBLE_DEVICES={wanted!r} hides all devices")
    uuids: list[str] = []
    sliced: set[str] = set()
    by_number = False
    for entry in entries:
        uuid = _resolve(entry, present, parent_of)
        if uuid is None:
            break
        if entry.startswith("MIG-"):
            sliced.add(uuid)
        by_number = by_number or entry.isdecimal()
        uuids.append(uuid)
    reason = "" if uuids else f"CUDA_VISIBLE_DEVICES={wanted!r} names no device of this machine"
    return Chosen(tuple(dict.fromkeys(uuids)), frozenset(sliced), by_number, reason)


def _resolve(entry: str, present: Sequence[str], parent_of: Callable[[str], str | None]) -> str | None:
    if entry.isdecimal():
        return present[int(entry)] if int(entry) < len(present) else None
    if entry.startswith("MIG-GPU-"):  # form of drivers before 470: MIG-GPU-<uuid>/<instance>/<instance>
        return _by_prefix(entry.removeprefix("MIG-").split("/")[0], present)
    if entry.startswith("MIG-"):
        parent = parent_of(entry)
        return parent if parent in present else None
    return _by_prefix(entry, present) if entry.startswith("GPU-") else None


def _by_prefix(entry: str, present: Sequence[str]) -> str | None:
    """The one device whose UUID begins so; CUDA takes shortened UUIDs as long as they are unique."""
    matches = [uuid for uuid in present if uuid.lower().startswith(entry.lower())]
    return matches[0] if len(matches) == 1 else None
