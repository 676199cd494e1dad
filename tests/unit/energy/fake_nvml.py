"""A stand-in for the NVML library: functions named like its symbols, on a clock that tests turn by hand.

The real binding runs on top of it (`pynvml.nvmlLib` may be any object).
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field

import pynvml


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def load_w(time_s: float) -> float:
    """5 s at 100 W, 10 s at 400 W, then 100 W: 5000 J in 20 s."""
    return 400.0 if 5 <= time_s < 15 else 100.0


def load_j(time_s: float) -> float:
    """Integral of `load_w`."""
    return 100 * min(time_s, 5) + 400 * min(max(time_s - 5, 0), 10) + 100 * max(time_s - 15, 0)


@dataclass
class FakeDevice:
    """One device; replace a reading by any function of the time, or set an error code from some moment on."""

    clock: Clock
    uuid: str = "GPU-11111111-aaaa-bbbb-cccc-000000000001"
    name: str = "Fake H100"
    limit_mw: int = 700_000
    power_mw: Callable[[float], float] = lambda time_s: load_w(time_s) * 1000
    counter_mj: Callable[[float], float] = lambda time_s: load_j(time_s) * 1000
    power_code: Callable[[float], int] = lambda time_s: 0
    counter_code: Callable[[float], int] = lambda time_s: 0
    mig: bool = False
    linked: bool = False
    module_mw: Callable[[float], float] | None = None
    architecture: int = pynvml.NVML_DEVICE_ARCH_HOPPER
    pids: tuple[int, ...] = ()
    pids_code: int = 0
    handle: ctypes.Structure = field(default_factory=pynvml.struct_c_nvmlDevice_t)


class FakeNvml:
    """The symbols that the source looks up; a symbol in `missing` is not in this driver."""

    def __init__(self, devices: list[FakeDevice], missing: tuple[str, ...] = ()) -> None:
        self.devices = devices
        self.missing = missing
        self.initialised = 0
        self.slices: dict[str, FakeDevice] = {}
        # the binding sets .restype on this one, which a bound method does not take
        self.nvmlErrorString = lambda code: b"error"

    def __getattribute__(self, name: str):
        if name.startswith("nvml") and name in object.__getattribute__(self, "missing"):
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def nvmlInitWithFlags(self, flags):
        self.initialised += 1
        return 0

    def nvmlShutdown(self):
        self.initialised -= 1
        return 0

    def nvmlDeviceGetCount_v2(self, out):
        return self._put(out, len(self.devices))

    def nvmlDeviceGetHandleByIndex_v2(self, number, out):
        if number.value >= len(self.devices):
            return pynvml.NVML_ERROR_INVALID_ARGUMENT
        out._obj.contents = self.devices[number.value].handle
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid, out):
        device = self.slices.get(uuid.value.decode())
        if device is None:
            return pynvml.NVML_ERROR_NOT_FOUND
        out._obj.contents = device.handle
        return 0

    def nvmlDeviceGetDeviceHandleFromMigDeviceHandle(self, handle, out):
        out._obj.contents = self._of(handle).handle
        return 0

    def nvmlDeviceGetUUID(self, handle, text, size):
        text.value = self._of(handle).uuid.encode()
        return 0

    def nvmlDeviceGetName(self, handle, text, size):
        text.value = self._of(handle).name.encode()
        return 0

    def nvmlDeviceGetEnforcedPowerLimit(self, handle, out):
        return self._put(out, self._of(handle).limit_mw)

    def nvmlDeviceGetMigMode(self, handle, current, pending):
        return self._put(current, int(self._of(handle).mig))

    def nvmlDeviceGetC2cModeInfoV(self, handle, out):
        out._obj.isC2cEnabled = int(self._of(handle).linked)
        return 0

    def nvmlSystemGetDriverVersion(self, text, size):
        text.value = b"580.95.05"
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle, count, entries):
        """Asked twice: first how many, with no room for any."""
        device = self._of(handle)
        if device.pids_code or not device.pids:
            return device.pids_code
        count._obj.value, room = len(device.pids), count._obj.value
        if entries is None or room < len(device.pids):
            return pynvml.NVML_ERROR_INSUFFICIENT_SIZE
        for place, pid in enumerate(device.pids):
            entries[place].pid = pid
        return 0

    def nvmlDeviceGetFieldValues(self, handle, count, values):
        """Each field answers for itself; the call as a whole succeeds."""
        device = self._of(handle)
        by_scope = {pynvml.NVML_POWER_SCOPE_GPU: device.power_mw, pynvml.NVML_POWER_SCOPE_MODULE: device.module_mw}
        for entry in values._obj:
            read_mw = by_scope.get(entry.scopeId)
            entry.nvmlReturn = pynvml.NVML_ERROR_NOT_SUPPORTED if read_mw is None else 0
            if read_mw is not None:
                entry.valueType, entry.value.uiVal = 1, int(read_mw(device.clock()))
        return 0

    def nvmlDeviceGetArchitecture(self, handle, out):
        return self._put(out, self._of(handle).architecture)

    def nvmlDeviceGetMemoryInfo(self, handle, out):
        out._obj.total = out._obj.free = 80 * 2**30
        return 0

    def nvmlDeviceGetPowerUsage(self, handle, out):
        device = self._of(handle)
        now_s = device.clock()
        return device.power_code(now_s) or self._put(out, int(device.power_mw(now_s)))

    def nvmlDeviceGetTotalEnergyConsumption(self, handle, out):
        device = self._of(handle)
        now_s = device.clock()
        return device.counter_code(now_s) or self._put(out, int(device.counter_mj(now_s)))

    def _of(self, handle) -> FakeDevice:
        if not self.initialised:
            raise AssertionError("the binding itself refuses calls after shutdown")
        where = ctypes.addressof(handle.contents)
        return next(device for device in self.devices if ctypes.addressof(device.handle) == where)

    @staticmethod
    def _put(out, value: int) -> int:
        out._obj.value = value
        return 0
