"""Readings of NVIDIA devices through NVML; `pynvml` is imported on opening, never with this file.

Enter at `open_nvml`: the source, or a `NullSource` with the reason why there is none.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from trainer.energy.processes import others_among
from trainer.energy.source import Device, EnergySource, NullSource, ReadFault
from trainer.energy.visible import Chosen, choose

T = TypeVar("T")


def open_nvml(environ: Mapping[str, str] | None = None, uuids: Sequence[str] | None = None) -> EnergySource:
    """The devices that CUDA shows this process, or the reason why none can be measured.

    Args:
        environ: where `CUDA_VISIBLE_DEVICES` and `CUDA_DEVICE_ORDER` are read; the process's own by default.
        uuids: the devices in use, when the caller knows them; go before the environment where the driver has them.
    """
    try:
        import pynvml
    except ImportError:
        return NullSource("nvidia-ml-py is not installed")
    environ = os.environ if environ is None else environ
    try:
        pynvml.nvmlInit()
    except Exception as error:
        # a broken driver shows itself in many ways, and none of them may end a training run
        return NullSource(f"no NVIDIA driver answers ({fault_name(error)})")
    try:
        source = _visible(pynvml, environ, uuids)
    except Exception as error:
        _shut_down(pynvml)
        return NullSource(f"the NVIDIA devices cannot be listed ({fault_name(error)})")
    if source.devices():
        return source
    source.close()
    return NullSource(source.reason)


def _visible(pynvml: Any, environ: Mapping[str, str], uuids: Sequence[str] | None) -> "NvmlSource":
    """The devices that the caller names, else those that the environment shows."""
    ordered = environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if uuids:
        named = NvmlSource(pynvml, ",".join(uuids), numbers_follow_pci=ordered)
        if len(named.devices()) == len(set(uuids)):
            return named  # CUDA may state the UUID of a slice, which the driver's list of devices does not have
    return NvmlSource(pynvml, environ.get("CUDA_VISIBLE_DEVICES"), numbers_follow_pci=ordered)


def _shut_down(pynvml: Any) -> None:
    """Drop our reference to the library; NVML counts references, so other users keep theirs."""
    try:
        pynvml.nvmlShutdown()
    except pynvml.NVMLError:
        return  # another user has shut the library down already


def fault_name(error: Any) -> str:
    """Name of an error for the record: `gpu_is_lost` for `NVMLError_GpuIsLost`."""
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
        """Power of the board: mean of the last second, instantaneous on A100 and older; of a module, its own field."""
        # the plain call covers the GPU alone, which would repair a module's counter with too little
        call = self._module_power_mw if device.scope == "module" else self._pynvml.nvmlDeviceGetPowerUsage
        return self._read(call, device)

    def notes(self, device: Device) -> tuple[str, ...]:
        """`shared_device` while a process that is not of this run computes on it.

        Raises:
            ReadFault: the processes cannot be told.
        """
        nvml = self._pynvml

        def count(handle: Any) -> int:
            try:
                return others_among([entry.pid for entry in nvml.nvmlDeviceGetComputeRunningProcesses(handle)])
            except nvml.NVMLLibraryMismatchError:
                return 0  # this driver is too old to tell; no NVMLError, unlike any other missing call

        try:
            return ("shared_device",) if self._read(count, device) else ()
        except ReadFault as fault:
            raise ReadFault(f"processes_{fault.name}") from None

    def close(self) -> None:
        """Drop our reference to the library."""
        _shut_down(self._pynvml)

    def _read(self, call: Callable[[Any], int], device: Device) -> int | None:
        missing = (self._pynvml.NVML_ERROR_NOT_SUPPORTED, self._pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        try:
            return int(call(self._handles[device.uuid]))
        except self._pynvml.NVMLError as error:
            if error.value in missing:
                return None
            raise ReadFault(fault_name(error)) from None

    def _module_power_mw(self, handle: Any) -> int:
        nvml = self._pynvml
        field = (nvml.NVML_FI_DEV_POWER_INSTANT, nvml.NVML_POWER_SCOPE_MODULE)
        (answer,) = nvml.nvmlDeviceGetFieldValues(handle, [field])
        if answer.nvmlReturn != nvml.NVML_SUCCESS:  # the binding checks the call, not the field
            raise nvml.NVMLError(answer.nvmlReturn)
        return int(answer.value.uiVal)

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
            driver_version=self._optional(lambda: self._as_text(nvml.nvmlSystemGetDriverVersion())),
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

    def _text(self, call: Callable[[Any], Any], handle: Any) -> str:
        return self._as_text(call(handle))

    @staticmethod
    def _as_text(value: Any) -> str:
        return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
