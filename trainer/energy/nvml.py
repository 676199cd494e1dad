"""Readings of NVIDIA devices through NVML; `pynvml` is imported on opening, never with this file.

Enter at `open_nvml`: the source, or a `NullSource` with the reason why there is none.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trainer.energy.source import Device, EnergySource, NullSource, ReadFault
from trainer.energy.visible import Chosen, choose

T = TypeVar("T")


def open_nvml(environ: Mapping[str, str] | None = None, uuids: Sequence[str] | None = None) -> EnergySource:
    """The devices that CUDA shows this process, or the reason why none can be measured.

    Args:
        environ: where `CUDA_VISIBLE_DEVICES` and `CUDA_DEVICE_ORDER` are read; the process's own by default.
        uuids: the devices in use, when the caller knows them; goes before the environment.
    """
    try:
        import pynvml
    except ImportError:
        return NullSource("nvidia-ml-py is not installed")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return NullSource(f"no NVIDIA driver answers ({fault_name(error)})")
    environ = os.environ if environ is None else environ
    wanted = ",".join(uuids) if uuids is not None else environ.get("CUDA_VISIBLE_DEVICES")
    ordered = environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    try:
        source = NvmlSource(pynvml, wanted, numbers_follow_pci=ordered)
    except pynvml.NVMLError as error:
        pynvml.nvmlShutdown()
        return NullSource(f"the NVIDIA devices cannot be listed ({fault_name(error)})")
    if source.devices():
        return source
    source.close()
    return NullSource(source.reason)


def fault_name(error: Any) -> str:
    """Name of an NVML error for the record: `gpu_is_lost` for `NVMLError_GpuIsLost`."""
    name = type(error).__name__.removeprefix("NVMLError_")
    if name == "NVMLError":
        return f"nvml_error_{error.value}"
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class NvmlSource:
    """The counter and the power sensor of each visible device, by UUID."""

    def __init__(self, pynvml: Any, wanted: str | None, *, numbers_follow_pci: bool) -> None:
        self._pynvml = pynvml
        self._handles: dict[str, Any] = {}
        self._devices: tuple[Device, ...] = ()
        present = self._list()
        chosen = choose(wanted, [uuid for uuid, _ in present], self._parent_of_slice)
        same_kind = len({self._text(pynvml.nvmlDeviceGetName, handle) for _, handle in present}) <= 1
        guessed = chosen.by_number and not (numbers_follow_pci or same_kind)
        by_uuid = dict(present)
        self._handles = {uuid: by_uuid[uuid] for uuid in chosen.uuids}
        self._devices = tuple(self._describe(uuid, chosen, guessed) for uuid in chosen.uuids)
        self.reason = "" if self._devices else chosen.reason

    def devices(self) -> tuple[Device, ...]:
        """The visible devices, each physical one once."""
        return self._devices

    def read_counter_mj(self, device: Device) -> int | None:
        """The counter since the driver was loaded; None on a device without one (before Volta, vGPU)."""
        return self._read(self._pynvml.nvmlDeviceGetTotalEnergyConsumption, device)

    def read_power_mw(self, device: Device) -> int | None:
        """Power of the board: mean of the last second, instantaneous on A100 and older."""
        return self._read(self._pynvml.nvmlDeviceGetPowerUsage, device)

    def close(self) -> None:
        """Drop our reference to the library; NVML counts references, so other users keep theirs."""
        try:
            self._pynvml.nvmlShutdown()
        except self._pynvml.NVMLError:
            return  # another user has shut the library down already

    def _read(self, call: Callable[[Any], int], device: Device) -> int | None:
        missing = (self._pynvml.NVML_ERROR_NOT_SUPPORTED, self._pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        try:
            return int(call(self._handles[device.uuid]))
        except self._pynvml.NVMLError as error:
            if error.value in missing:
                return None
            raise ReadFault(fault_name(error)) from None

    def _list(self) -> list[tuple[str, Any]]:
        handles = map(self._pynvml.nvmlDeviceGetHandleByIndex, range(self._pynvml.nvmlDeviceGetCount()))
        return [(self._text(self._pynvml.nvmlDeviceGetUUID, handle), handle) for handle in handles]

    def _describe(self, uuid: str, chosen: Chosen, guessed: bool) -> Device:
        nvml, handle = self._pynvml, self._handles[uuid]
        limit_mw = self._optional(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
        mig = self._optional(lambda: nvml.nvmlDeviceGetMigMode(handle)[0])
        linked = self._optional(lambda: nvml.nvmlDeviceGetC2cModeInfoV(handle).isC2cEnabled)
        shared = bool(mig) or uuid in chosen.sliced
        notes = (("shared_device", shared), ("device_order_assumed", guessed))
        return Device(
            uuid=uuid,
            name=self._text(nvml.nvmlDeviceGetName, handle),
            scope="module" if linked else "gpu",
            power_limit_w=limit_mw / 1000 if limit_mw else None,
            flags=tuple(note for note, holds in notes if holds),
        )

    def _parent_of_slice(self, mig_uuid: str) -> str | None:
        nvml = self._pynvml

        def parent() -> str:
            slice_handle = nvml.nvmlDeviceGetHandleByUUID(mig_uuid)
            handle = nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(slice_handle)
            return self._text(nvml.nvmlDeviceGetUUID, handle)

        return self._optional(parent)

    def _optional(self, call: Callable[[], T]) -> T | None:
        """A property that older drivers and some devices do not have."""
        try:
            return call()
        except self._pynvml.NVMLError:
            return None

    @staticmethod
    def _text(call: Callable[[Any], Any], handle: Any) -> str:
        value = call(handle)
        return value.decode() if isinstance(value, bytes) else str(value)
