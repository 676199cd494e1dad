"""The meter beside codecarbon 3.3 and zeus 0.16, over the same fake driver: equal where they are right, and where not.

Neither runs on a virtual clock as a whole: codecarbon's tracker wants real seconds and the `nvidia-smi` program, zeus
polls power in processes of its own, which know nothing of this one's driver. So codecarbon's device layer is asked each
15 s as its tracker does it, with its power sampling each second, and zeus's polling loop runs here, on our clock.
Both are imported inside, which takes seconds.
"""

import importlib
import queue
import threading
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pynvml
import pytest
from fake_nvml import FakeDevice, load_j, load_w

from trainer.energy.meter import Meter
from trainer.energy.nvml import open_nvml
from trainer.energy.rapl import open_rapl

pytestmark = pytest.mark.slow

A = "GPU-aaaa1111-0000-0000-0000-000000000001"
TRUTH_J = 5000
INTERVAL_S = 15
J_PER_KWH = 3.6e6


def quietly(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def every_tenth(clock, seconds=20):
    """Turn the clock in steps of 0.1 s."""
    for tick in range(1, seconds * 10 + 1):
        clock.now_s = tick / 10
        yield tick


def ours(clock, environ=None):
    clock.now_s = 0.0
    meter = Meter(open_nvml(environ or {}), clock=clock, poll_s=0)
    with meter.window("load") as window:
        for _ in every_tenth(clock):
            meter.sample()
    return window.report


@pytest.fixture
def zeus(monkeypatch, clock):
    """Energy of a window by zeus's monitor; by the polling loop and integrator of its power monitor for old devices."""
    energy, power, gpu = (quietly(f"zeus.{name}") for name in ("monitor.energy", "monitor.power", "device.gpu"))
    nvidia = quietly("zeus.device.gpu.nvidia")
    monkeypatch.setattr(energy, "time", clock)
    monkeypatch.setattr(power, "time", clock)
    monkeypatch.setattr(gpu, "_gpus", None)
    nvidia.nvml_is_available.cache_clear()

    def window_j():
        clock.now_s = 0.0
        monitor = energy.ZeusMonitor(cpu_indices=[])
        monitor.begin_window("load", sync_execution=False)
        for _ in every_tenth(clock):
            pass
        return monitor.end_window("load", sync_execution=False).total_energy

    def polled_j():
        clock.now_s = 0.0
        ready, stop, readings = threading.Event(), threading.Event(), queue.Queue()

        def sleep(seconds):
            clock.now_s = round(clock.now_s + seconds, 6)
            if clock.now_s > 20:
                stop.set()

        monkeypatch.setattr(power, "sleep", sleep)
        domain = power.PowerDomain.DEVICE_INSTANT
        power._domain_polling_process(domain, [0], readings, ready, stop, 0.1)
        monitor = power.PowerMonitor.__new__(power.PowerMonitor)
        monitor.gpu_indices, monitor.measurement_domains = [0], [domain]
        monitor.data_queues, monitor.samples = {domain: readings}, {domain: {0: []}}
        return monitor.get_energy(0, 20)[0]

    yield SimpleNamespace(window_j=window_j, polled_j=polled_j, period_s=lambda: power.infer_counter_update_period([0]))
    nvidia.nvml_is_available.cache_clear()
    gpu._gpus = None


@pytest.fixture
def codecarbon(monkeypatch, clock):
    """Energy of the load by codecarbon's device layer."""
    nvidia, gpus = quietly("codecarbon.core.gpu_nvidia"), quietly("codecarbon.core.gpu")
    hardware = quietly("codecarbon.external.hardware")
    logger = quietly("codecarbon.external.logger").logger
    monkeypatch.setattr(logger, "disabled", True)
    monkeypatch.setattr(nvidia, "pynvml", pynvml)
    monkeypatch.setattr(gpus, "PYNVML_AVAILABLE", True)
    monkeypatch.setattr(gpus, "AMDSMI_AVAILABLE", False)

    def load_j(gpu_ids=None):
        clock.now_s = 0.0
        devices = hardware.GPU.from_utils(gpu_ids)
        devices.start()
        kwh, asked_s = 0.0, 0.0
        for tick in every_tenth(clock):
            if tick % 10 == 0:
                devices.monitor_power()
            if tick % (INTERVAL_S * 10) == 0 or tick == 200:
                kwh += devices.measure_power_and_energy(clock.now_s - asked_s)[1].kWh
                asked_s = clock.now_s
        return kwh * J_PER_KWH

    return load_j


HEALTHY = {
    "counter": {},
    "counter that steps each 100 ms": {"counter_mj": lambda t: 1e3 * load_j(round(t, 1))},
    "power not permitted": {"power_code": lambda t: pynvml.NVML_ERROR_NO_PERMISSION},
}


@pytest.mark.parametrize("name", HEALTHY)
def test_all_three_agree_on_a_counter_within_one_percent(name, library, clock, zeus, codecarbon):
    library(replace(FakeDevice(clock), **HEALTHY[name]))
    report = ours(clock)
    assert report.energy_j == pytest.approx(TRUTH_J, rel=0.01)
    assert zeus.window_j() == pytest.approx(report.energy_j, rel=0.01)
    assert codecarbon() == pytest.approx(report.energy_j, rel=0.01)


def test_all_three_agree_on_the_sum_of_two_devices(library, clock, zeus, codecarbon):
    library(FakeDevice(clock), FakeDevice(clock, uuid=A))
    report = ours(clock)
    assert report.energy_j == pytest.approx(2 * TRUTH_J)
    assert zeus.window_j() == pytest.approx(report.energy_j, rel=0.01)
    assert codecarbon() == pytest.approx(report.energy_j, rel=0.01)


def without_counter(power_mw):
    return {
        "counter_code": lambda t: pynvml.NVML_ERROR_NOT_SUPPORTED,
        "architecture": pynvml.NVML_DEVICE_ARCH_PASCAL,
        "power_mw": power_mw,
    }


def test_power_that_never_stands_still_is_integrated_alike(library, clock, zeus, codecarbon):
    """A ramp from 100 W to 300 W in 20 s, 4000 J: no two readings are equal, which is where zeus is right."""
    library(replace(FakeDevice(clock), **without_counter(lambda t: 100_000 + 10_000 * t)))
    report = ours(clock)
    assert report.energy_j == pytest.approx(4000, rel=0.01) and report.quality == "integrated_power"
    assert zeus.polled_j() == pytest.approx(report.energy_j, rel=0.01)
    # each of its samples stands for the second before, half a second of the ramp too high: 2.5 %
    assert codecarbon() == pytest.approx(report.energy_j, rel=0.026)


def test_zeus_drops_equal_readings_so_that_constant_power_is_no_energy(library, clock, zeus, codecarbon):
    library(replace(FakeDevice(clock), **without_counter(lambda t: 100_000)))
    assert ours(clock).energy_j == pytest.approx(2000)
    assert codecarbon() == pytest.approx(2000, rel=0.01)
    assert zeus.polled_j() == 0.0


def test_zeus_draws_a_ramp_between_the_readings_that_it_kept(library, clock, zeus):
    """Kept are 100 W at 0 s, 400 W at 5 s, 100 W at 15 s: (250 x 5 + 250 x 10) J instead of 5000 J."""
    library(replace(FakeDevice(clock), **without_counter(lambda t: 1e3 * load_w(t))))
    assert ours(clock).energy_j == pytest.approx(TRUTH_J, rel=0.01)
    assert zeus.polled_j() == pytest.approx(3750)


def test_a_counter_reset_makes_zeus_negative_and_codecarbon_falls_back_to_power(library, clock, zeus, codecarbon):
    """The counter begins again at 9.5 s; what it held before then is 123 kJ of earlier work."""
    library(replace(FakeDevice(clock), counter_mj=lambda t: 1e3 * (load_j(t) + (123_000 if t < 9.5 else -load_j(9.5)))))
    report = ours(clock)
    assert report.energy_j == pytest.approx(TRUTH_J, rel=0.01) and "counter_reset" in report.flags
    assert zeus.window_j() < -100_000
    # one reading at the end of the interval of 15 s, 100 W, stands for all of it: 1500 J and 500 J after
    assert codecarbon() == pytest.approx(2000, rel=0.01)


def test_a_jump_of_the_counter_is_believed_by_both_and_not_by_us(library, clock, zeus, codecarbon):
    library(replace(FakeDevice(clock), counter_mj=lambda t: 1e3 * load_j(t) + (1e12 if t >= 9.5 else 0)))
    assert ours(clock).energy_j == pytest.approx(TRUTH_J, rel=0.01)
    assert zeus.window_j() > 1e8
    assert codecarbon() > 1e8


def test_codecarbon_loses_a_device_named_by_its_uuid(library, clock, codecarbon):
    """`lstrip("MIG-")` takes letters off, not a prefix: the G of `GPU-` goes with them."""
    library(FakeDevice(clock, uuid=A))
    for name in (A, f"MIG-{A}"):
        assert codecarbon([name]) == 0.0
    assert ours(clock, {"CUDA_VISIBLE_DEVICES": A}).energy_j == pytest.approx(TRUTH_J)
    assert ours(clock, {"CUDA_VISIBLE_DEVICES": f"MIG-{A}/1/0"}).energy_j == pytest.approx(TRUTH_J)


def test_zeus_reads_no_uuid_in_the_environment(library, clock, zeus, monkeypatch):
    library(FakeDevice(clock, uuid=A))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", A)
    with pytest.raises(ValueError, match="invalid literal for int"):
        zeus.window_j()


def test_zeus_finds_a_period_of_nothing_and_would_poll_flat_out(library, clock, zeus):
    """The search for the least period starts from zero."""
    readings = iter(range(1, 10**6))
    library(replace(FakeDevice(clock), power_mw=lambda t: 1000 * next(readings)))
    assert zeus.period_s() == 0.0


def test_a_processor_counter_that_wraps_is_followed_by_codecarbon_as_by_us(tmp_path, clock):
    rapl, units = quietly("codecarbon.core.rapl"), quietly("codecarbon.core.units")
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()

    def turn(energy_uj):
        (zone / "energy_uj").write_text(str(energy_uj))

    (zone / "name").write_text("package-0")
    (zone / "max_energy_range_uj").write_text("1000000000")
    turn(999_000_000)
    peer = rapl.RAPLFile("package-0", str(zone / "energy_uj"), str(zone / "max_energy_range_uj"))
    meter, kwh = Meter(open_rapl(tmp_path), clock=clock, poll_s=0), 0.0
    with meter.window("load") as window:
        for second in range(1, 21):
            clock.now_s = float(second)
            turn((999_000_000 + 100_000_000 * second) % 1_000_000_000)
            meter.sample()
            peer.delta(units.Time.from_seconds(1))
            kwh += peer.energy_delta.kWh
    assert window.report.host.energy_j == pytest.approx(2000)
    assert kwh * J_PER_KWH == pytest.approx(window.report.host.energy_j, rel=0.01)
