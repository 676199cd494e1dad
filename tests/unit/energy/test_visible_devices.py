"""Which devices are measured, by `CUDA_VISIBLE_DEVICES`; each physical one once."""

import pytest
from fake_nvml import FakeDevice

from trainer.energy.nvml import open_nvml

A = "GPU-aaaa1111-0000-0000-0000-000000000001"
B = "GPU-bbbb2222-0000-0000-0000-000000000002"


@pytest.fixture
def two(library, clock):
    return library(FakeDevice(clock, uuid=A), FakeDevice(clock, uuid=B))


def seen(**environ):
    return [device.uuid for device in open_nvml(environ).devices()]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0,1", [A, B]),
        ("1,0", [B, A]),
        ("1", [B]),
        ("0,0", [A]),
        (f"{A},0", [A]),
        ("0,7,1", [A]),
        ("0,-1,1", [A]),
        ("1,nonsense", [B]),
        (B, [B]),
        ("GPU-bbbb", [B]),
        (f" {A} , {B} ", [A, B]),
        (f"MIG-{A}/1/0,MIG-{A}/2/0", [A]),
    ],
)
def test_entries_are_resolved_as_cuda_does(two, value, expected):
    assert seen(CUDA_VISIBLE_DEVICES=value) == expected


def test_all_devices_are_seen_when_the_variable_is_not_set(two):
    assert seen() == [A, B]


@pytest.mark.parametrize("value", ["", "-1", "  ", "9", "GPU-cccc", "GPU-", "MIG-unknown"])
def test_no_visible_device_gives_a_reason_that_names_the_variable(two, value):
    source = open_nvml({"CUDA_VISIBLE_DEVICES": value})
    assert source.devices() == ()
    assert "CUDA_VISIBLE_DEVICES" in source.reason
    assert two.initialised == 0


def test_a_slice_is_measured_as_its_whole_device_and_flagged(two):
    two.slices["MIG-5"] = two.devices[1]
    (device,) = open_nvml({"CUDA_VISIBLE_DEVICES": "MIG-5"}).devices()
    assert device.uuid == B
    assert device.flags == ("shared_device",)


def test_a_device_in_mig_mode_is_flagged_as_shared(two):
    two.devices[0].mig = True
    assert open_nvml({"CUDA_VISIBLE_DEVICES": "0"}).devices()[0].flags == ("shared_device",)


def test_numbers_on_unlike_devices_are_flagged_unless_the_order_is_given(two):
    two.devices[1].name = "Fake A100"
    (guessed,) = open_nvml({"CUDA_VISIBLE_DEVICES": "1"}).devices()
    (known,) = open_nvml({"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}).devices()
    (by_uuid,) = open_nvml({"CUDA_VISIBLE_DEVICES": B}).devices()
    assert guessed.flags == ("device_order_assumed",)
    assert known.flags == by_uuid.flags == ()


def test_devices_named_by_the_caller_go_before_the_environment(two):
    source = open_nvml({"CUDA_VISIBLE_DEVICES": "0"}, uuids=[B])
    assert [device.uuid for device in source.devices()] == [B]


def test_a_driver_with_no_device_says_so(library):
    library()
    assert open_nvml({}).reason == "the driver lists no device"
