"""Processor and memory beside the accelerators, from a powercap tree of files that the test writes."""

from pathlib import Path

import pytest
from fake_nvml import FakeDevice

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.opening import open_meter
from trainer.energy.rapl import open_rapl
from trainer.energy.source import JoinedSource, NullSource

RANGE_UJ = 262_143_328_850
"""Of a package counter of 32 bits: it wraps after 262 kJ."""


class Tree:
    """Zones as Linux shows them; each energy is a file that the test turns."""

    def __init__(self, root: Path):
        self.root = root

    def zone(self, directory, name, energy_uj=5_000_000, *, range_uj=RANGE_UJ):
        path = self.root / directory
        path.mkdir(parents=True, exist_ok=True)
        (path / "name").write_text(f"{name}\n")
        (path / "max_energy_range_uj").write_text(f"{range_uj}\n")
        self.turn(directory, energy_uj)
        return self

    def turn(self, directory, energy_uj):
        (self.root / directory / "energy_uj").write_text(f"{energy_uj}\n")


@pytest.fixture
def tree(tmp_path):
    """A server of two packages with memory, its cores and its platform counter."""
    found = Tree(tmp_path)
    for package in (0, 1):
        found.zone(f"intel-rapl:{package}", f"package-{package}", 9_000_000 * (package + 1))
        found.zone(f"intel-rapl:{package}:0", "core")
        found.zone(f"intel-rapl:{package}:1", "dram")
    return found.zone("intel-rapl:2", "psys")


def names(source):
    return [device.name for device in source.devices()]


def measure(source, clock, turn, *, seconds=20):
    """One window, sampled each second; `turn(second)` moves the counters."""
    meter = Meter(source, clock=clock, poll_s=0)
    with meter.window("load") as window:
        for second in range(1, seconds + 1):
            clock.now_s = float(second)
            turn(second)
            meter.sample()
    return window.report


def test_packages_and_memory_are_counted_but_not_cores_or_the_platform(tree):
    source = open_rapl(tree.root)
    assert names(source) == [
        "package-0 (intel-rapl:0)",
        "dram (intel-rapl:0:1)",
        "package-1 (intel-rapl:1)",
        "dram (intel-rapl:1:1)",
    ]
    assert [device.scope for device in source.devices()] == ["cpu", "dram", "cpu", "dram"]


def test_the_second_interface_to_a_package_is_not_counted_again(tmp_path):
    tree = Tree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl-mmio:0", "package-0", 4_000_000_000)
    assert names(open_rapl(tree.root)) == ["package-0 (intel-rapl:0)"]


def test_a_counter_that_two_dies_show_alike_is_counted_once(tmp_path):
    tree = Tree(tmp_path).zone("intel-rapl:0", "package-0-die-0", 77_000_000_000)
    tree.zone("intel-rapl:1", "package-0-die-1", 77_000_020_000)
    assert len(open_rapl(tree.root).devices()) == 1


def test_host_energy_stands_beside_the_accelerators_and_is_never_added(tree, library, device, clock):
    """150 W and 100 W in the packages, 20 W in each memory: 290 W for 20 s beside 5000 J of the GPU."""

    def turn(second):
        for package, watts in ((0, 150), (1, 100)):
            tree.turn(f"intel-rapl:{package}", 9_000_000 * (package + 1) + watts * 1_000_000 * second)
            tree.turn(f"intel-rapl:{package}:1", 5_000_000 + 20_000_000 * second)

    library(device)
    report = measure(JoinedSource(open_nvml({}), open_rapl(tree.root)), clock, turn)
    assert report.energy_j == pytest.approx(5000)
    assert report.host.energy_j == pytest.approx(290 * 20)
    assert report.host.quality == "measured_counter" and report.host.reason == ""
    assert report.host.flags == ("whole_machine",)
    assert [item.scope for item in report.devices] == ["gpu"]
    assert [item.energy_j for item in report.host.devices] == pytest.approx([3000, 400, 2000, 400])


def test_a_counter_that_wraps_is_followed_round(tmp_path, clock):
    """100 W across the end of the counter's range, twice."""
    tree = Tree(tmp_path).zone("intel-rapl:0", "package-0", 999_000_000, range_uj=1_000_000_000)
    source = open_rapl(tree.root)
    report = measure(
        source, clock, lambda second: tree.turn("intel-rapl:0", (999_000_000 + 100_000_000 * second) % 1_000_000_000)
    )
    assert report.host.energy_j == pytest.approx(2000)
    assert report.host.quality == "measured_counter"
    assert report.host.reason == "memory has no counter of its own on this machine"


def test_a_counter_set_back_to_nothing_is_not_taken_for_a_wrap(tmp_path, clock):
    tree = Tree(tmp_path).zone("intel-rapl:0", "package-0", 50_000_000_000)
    source = open_rapl(tree.root)
    start = {True: 50_000_000_000, False: 0}
    report = measure(source, clock, lambda second: tree.turn("intel-rapl:0", start[second < 10] + 100_000_000 * second))
    assert report.host.energy_j == pytest.approx(2000, rel=0.01)
    assert report.host.quality == "measured_counter_repaired"
    assert "counter_jump" in report.host.flags


def test_a_machine_without_the_counters_is_named_with_the_reason(tmp_path, library, device, clock):
    library(device)
    report = measure(JoinedSource(open_nvml({}), open_rapl(tmp_path / "none")), clock, lambda second: None)
    assert report.energy_j == pytest.approx(5000, rel=0.01)
    assert report.host.energy_j is None and report.host.quality == "unavailable"
    assert "shows no energy counters" in report.host.reason


def test_counters_for_root_alone_are_named_as_such(tree, monkeypatch):
    """A superuser may read every file, so the refusal comes from the test."""
    allowed = Path.read_text

    def refuse(path, *args, **kwargs):
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(path))
        return allowed(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", refuse)
    source = open_rapl(tree.root)
    assert source.devices() == () and "root alone" in source.reason


def test_a_counter_that_is_taken_away_makes_the_host_partial(tree, clock):
    def turn(second):
        for package in (0, 1):
            tree.turn(f"intel-rapl:{package}", 9_000_000 * (package + 1) + 100_000_000 * second)
            tree.turn(f"intel-rapl:{package}:1", 5_000_000 + 20_000_000 * second)
        if second >= 10:
            (tree.root / "intel-rapl:1" / "energy_uj").unlink()

    host = measure(open_rapl(tree.root), clock, turn).host
    assert host.quality == "partial" and "device time" in host.reason
    assert "rapl_FileNotFoundError" in host.flags
    assert host.energy_j == pytest.approx(240 * 20)  # what was read of the package, scaled up to the window


def test_the_host_of_a_module_is_inside_its_reading(tree, library, clock):
    library(FakeDevice(clock, linked=True))
    report = measure(JoinedSource(open_nvml({}), open_rapl(tree.root)), clock, lambda second: None)
    assert report.devices[0].scope == "module"
    assert report.host.energy_j is None and "inside the reading" in report.host.reason


def test_a_machine_of_processors_alone_measures_them(tree, monkeypatch):
    import pynvml

    def missing():
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", missing)
    with open_meter(powercap=tree.root, environ={}) as meter:
        assert meter.accelerator_names == () and "library_not_found" in meter.reason
        assert meter.host_reason == ""


def test_a_source_that_never_looked_for_a_host_says_so(clock):
    meter = Meter(NullSource("no device"), clock=clock, poll_s=0)
    with meter.window("load") as window:
        clock.now_s = 5
    assert window.report.host.reason == "processor and memory were not looked for"
