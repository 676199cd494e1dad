"""Fixtures of the meter's tests: a virtual clock and the real binding over a fake library."""

import pynvml
import pytest
from fake_nvml import Clock, FakeDevice, FakeNvml


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def device(clock):
    return FakeDevice(clock)


@pytest.fixture
def library(monkeypatch):
    """Put a fake library under the binding; call with the devices (and the symbols it lacks)."""

    def install(*devices, missing=()):
        fake = FakeNvml(list(devices), missing)
        monkeypatch.setattr(pynvml, "nvmlLib", fake)
        pynvml._nvmlGetFunctionPointer_cache.clear()
        return fake

    yield install
    pynvml._nvmlGetFunctionPointer_cache.clear()
