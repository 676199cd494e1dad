"""The binding over a compiled driver library: arguments pass as C expects them, eight devices are read to 1 %."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pynvml
import pytest

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    path = tmp_path_factory.mktemp("driver") / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("nvml_library.c")
    subprocess.run([compiler, "-Wall", "-Werror", "-shared", "-fPIC", "-o", path, source], check=True)
    library = ctypes.CDLL(str(path))
    library.set_seconds.argtypes = [ctypes.c_double]
    return library


def test_eight_devices_of_a_compiled_library_are_measured(compiled, clock, monkeypatch):
    """100 W to 107 W, 828 W together, for 20 s."""
    monkeypatch.setattr(pynvml, "nvmlLib", compiled)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    compiled.set_seconds(0.0)
    with Meter(open_nvml({}), clock=clock, poll_s=0) as meter, meter.window("load") as window:
        for tick in range(1, 201):
            clock.now_s = tick / 10
            compiled.set_seconds(clock.now_s)
            meter.sample()
    report = window.report
    assert report.energy_j == pytest.approx(828 * 20, rel=0.01)
    assert report.quality == "measured_counter" and report.flags == ()
    assert [round(device.power_energy_j / 20) for device in report.devices] == list(range(100, 108))
    assert {(device.name, device.power_limit_w, device.driver_version) for device in report.devices} == {
        ("Compiled GPU", 700.0, "580.95.05")
    }
