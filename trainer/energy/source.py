"""What an energy source is, and the source of a machine without one.

Enter at `EnergySource`: three calls, answered by NVML (`nvml.py`), by a recorded trace (`replay.py`) or by
`NullSource`, which has no devices and says why.
"""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True)
class Device:
    """One physical device that can be measured."""

    uuid: str
    name: str
    scope: Literal["gpu", "module", "cpu"] = "gpu"
    """`module`: the reading covers GPU, CPU and memory of one module (Grace Hopper)."""
    power_limit_w: float | None = None
    flags: tuple[str, ...] = ()
    """What limits the meaning of its readings, such as `shared_device`."""


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


class NullSource:
    """No device to measure, and the reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

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
