"""Energy counters of processor packages and of memory, as Linux shows them (powercap, RAPL).

Enter at `open_rapl`. Packages are counted, and memory where it has a counter of its own; cores and graphics are inside
a package, and `psys` is the whole platform, so neither is added. The counters cover every program of the machine, and
are root's alone to read since CVE-2020-8694.
"""

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.energy.source import Device, EnergySource, NullSource, ReadFault

POWERCAP = Path("/sys/class/powercap")
MIRROR_UJ = 1_000_000
"""Two packages within one joule of each other since the start of the machine are one counter shown twice, as some
processors of several dies do."""
NO_PERMISSION = "the energy counters of processor and memory may be read by root alone (CVE-2020-8694)"


@dataclass
class Zone:
    """One counter of the powercap tree, made to run on where it wraps."""

    path: Path
    name: str
    range_uj: int | None
    last_uj: int = 0
    wrapped_uj: int = 0

    def read_uj(self) -> int:
        """The counter as if it never wrapped.

        Raises:
            OSError: it cannot be read.
            ValueError: it holds no number.
        """
        now_uj = int((self.path / "energy_uj").read_text(encoding="ascii"))
        if now_uj < self.last_uj and self.range_uj is not None:
            self.wrapped_uj += self.range_uj
        self.last_uj = now_uj
        return self.wrapped_uj + now_uj


def open_rapl(root: Path = POWERCAP) -> EnergySource:
    """The counters of this machine's packages and memory, or the reason why they cannot be read.

    Args:
        root: the powercap tree.
    """
    try:
        zones = _zones(root)
    except (OSError, ValueError) as error:
        return NullSource(f"the energy counters of the processor cannot be listed ({type(error).__name__})")
    if not zones:
        return NullSource("this machine shows no energy counters of processor and memory (powercap, RAPL)")
    faults = [fault for fault in map(_fault, zones) if fault is not None]
    if len(faults) < len(zones):
        return RaplSource(_without_mirrors(zones))
    if all(isinstance(fault, PermissionError) for fault in faults):
        return NullSource(NO_PERMISSION)
    return NullSource(f"the energy counters of processor and memory cannot be read ({type(faults[0]).__name__})")


class RaplSource:
    """Reads the zones that `open_rapl` chose."""

    reason = ""

    def __init__(self, zones: Sequence[Zone]) -> None:
        machine = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
        self._zones = {f"RAPL-{machine}-{zone.path.name}": zone for zone in zones}
        self._devices = tuple(_device(uuid, zone) for uuid, zone in self._zones.items())

    def devices(self) -> tuple[Device, ...]:
        """Packages and memory, each once."""
        return self._devices

    def read_counter_mj(self, device: Device) -> int | None:
        """The zone's counter, running on where it wraps."""
        try:
            return self._zones[device.uuid].read_uj() // 1000
        except PermissionError:
            raise ReadFault("no_permission") from None
        except (OSError, ValueError) as error:
            raise ReadFault(f"rapl_{type(error).__name__}") from None

    def read_power_mw(self, device: Device) -> int | None:
        """There is a counter alone."""
        return None

    def close(self) -> None:
        """Nothing is open."""


def _device(uuid: str, zone: Zone) -> Device:
    scope = "dram" if zone.name == "dram" else "cpu"
    return Device(uuid=uuid, name=f"{zone.name} ({zone.path.name})", scope=scope, flags=("whole_machine",))


def _zones(root: Path) -> list[Zone]:
    """Packages and memory, each once; the second interface to a package (mmio) only where it is the only one."""
    chosen: dict[tuple[str, str], Zone] = {}
    for path in sorted(root.glob("intel-rapl*:*"), key=lambda path: ("mmio" in path.name, path.name)):
        name, owner = _name(path), _name(path.with_name(path.name.rpartition(":")[0]))
        if name.startswith("package") or name == "dram":
            package = owner if name == "dram" else ""
            chosen.setdefault((package, name), Zone(path, name, _number(path / "max_energy_range_uj")))
    return list(chosen.values())


def _without_mirrors(zones: Sequence[Zone]) -> list[Zone]:
    kept: list[Zone] = []
    for zone in zones:
        mirrored = (
            zone.name != "dram"
            and zone.last_uj > 0
            and any(other.name != "dram" and abs(zone.last_uj - other.last_uj) <= MIRROR_UJ for other in kept)
        )
        if not mirrored:
            kept.append(zone)
    return kept


def _fault(zone: Zone) -> Exception | None:
    try:
        zone.read_uj()
    except (OSError, ValueError) as error:
        return error
    return None


def _name(path: Path) -> str:
    try:
        return (path / "name").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
