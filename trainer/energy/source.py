"""What an energy source is, the source of a machine without one, and several sources as one.

Enter at `EnergySource`: answered by NVML (`nvml.py`), by the processor's counters (`rapl.py`), by a recorded trace
(`replay.py`), by `NullSource`, which has no devices and says why, or by `JoinedSource`, which has those of several.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

HOST_SCOPES = ("cpu", "dram")
NOT_LOOKED_FOR = "processor and memory were not looked for"


@dataclass(frozen=True)
class Device:
    """One physical device that can be measured."""

    uuid: str
    name: str
    scope: Literal["gpu", "module", "cpu", "dram"] = "gpu"
    """`module`: the reading covers GPU, CPU and memory of one module (Grace Hopper)."""
    power_limit_w: float | None = None
    flags: tuple[str, ...] = ()
    """What limits the meaning of its readings, such as `shared_device`."""
    driver_version: str | None = None

    @property
    def is_host(self) -> bool:
        """Whether it stands beside the accelerators (a processor package, memory)."""
        return self.scope in HOST_SCOPES


class ReadFault(Exception):
    """A reading that should exist and could not be had; `name` is what the record calls the fault."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class EnergySource(Protocol):
    """Where readings come from; a reading that the device does not have is None, a failed one raises."""

    reason: str
    """Why there are no devices; empty when there are some."""

    def devices(self) -> tuple[Device, ...]:
        """The devices of this process, each physical one once."""
        ...

    def read_counter_mj(self, device: Device) -> int | None:
        """Energy since some fixed moment in mJ, None when the device keeps no counter.

        Raises:
            ReadFault: the reading failed.
        """
        ...

    def read_power_mw(self, device: Device) -> int | None:
        """Present power in mW, None when the device has no sensor.

        Raises:
            ReadFault: the reading failed.
        """
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


@runtime_checkable
class Watcher(Protocol):
    """A source that can tell what limits a device's readings at this moment."""

    def notes(self, device: Device) -> tuple[str, ...]:
        """Flags such as `shared_device`; asked now and then, never at each reading.

        Raises:
            ReadFault: it cannot be told.
        """
        ...


class NullSource:
    """No device to measure, and the reason."""

    def __init__(self, reason: str, flags: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.flags = flags
        """What a report of nothing says beside the reason."""

    def devices(self) -> tuple[Device, ...]:
        """None."""
        return ()

    def read_counter_mj(self, device: Device) -> int | None:
        """Nothing can be read."""
        return None

    def read_power_mw(self, device: Device) -> int | None:
        """Nothing can be read."""
        return None

    def close(self) -> None:
        """Nothing is open."""


class JoinedSource:
    """Accelerators and what stands beside them; a host already inside a module's reading is left out."""

    def __init__(self, accelerators: EnergySource, host: EnergySource) -> None:
        self.reason = accelerators.reason
        self.host_reason = host.reason
        self.flags = flags_of(accelerators)
        self._sources = (accelerators, host)
        inside = any(device.scope == "module" for device in accelerators.devices())
        if inside and host.devices():
            self.host_reason = "processor and memory are inside the reading of the accelerators' module"
        beside = () if inside else host.devices()
        self._source_of = {device.uuid: accelerators for device in accelerators.devices()}
        self._source_of |= {device.uuid: host for device in beside}
        self._devices = (*accelerators.devices(), *beside)

    def devices(self) -> tuple[Device, ...]:
        """Those of the accelerators, then those of the host."""
        return self._devices

    def read_counter_mj(self, device: Device) -> int | None:
        """The counter, by the source that has the device."""
        return self._source_of[device.uuid].read_counter_mj(device)

    def read_power_mw(self, device: Device) -> int | None:
        """The power, by the source that has the device."""
        return self._source_of[device.uuid].read_power_mw(device)

    def notes(self, device: Device) -> tuple[str, ...]:
        """What the device's source can tell."""
        source = self._source_of[device.uuid]
        return source.notes(device) if isinstance(source, Watcher) else ()

    def close(self) -> None:
        """Close all."""
        for source in self._sources:
            source.close()


def host_reason_of(source: EnergySource) -> str:
    """Why a source has no processor and memory among its devices; empty when it has."""
    if any(device.is_host for device in source.devices()):
        return ""
    return str(getattr(source, "host_reason", "")) or NOT_LOOKED_FOR


def flags_of(source: EnergySource) -> tuple[str, ...]:
    """What limits all readings of a source."""
    return tuple(getattr(source, "flags", ()))
