"""What metering costs in processor time: run `python tests/benchmarks/metering.py` (needs a C compiler).

Eight devices of a compiled stand-in for the driver (`tests/unit/energy/nvml_library.c`), read by the real binding each
100 ms for 20 s of real time while the main thread sleeps; the driver's own time, which a stand-in does not have, comes
on top. Beside the plain meter: with a full trace, with the processor's counters, and zeus's polling loop (one of its
three processes) at the same period. The target is 0.5 % of one core for the meter.
"""

import contextlib
import ctypes
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pynvml

from trainer.energy import open_meter

SOURCE = Path(__file__).parents[1] / "unit" / "energy" / "nvml_library.c"
WATCHED_S, PERIOD_S, TARGET_FRACTION = 20.0, 0.1, 0.005


def main() -> int:
    """Print the share of one core of each; 1 when the meter misses its target."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        sys.stdout.write("no C compiler: the stand-in for the driver cannot be built\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "libnvidia-ml.so.1"
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", path, SOURCE], check=True)
        pynvml.nvmlLib = ctypes.CDLL(str(path))
        plain = measured(Path(folder) / "no powercap")
        show("meter", plain)
        show("meter, every reading written to a trace", measured(Path(folder), record=Path(folder) / "trace.jsonl"))
        show("meter, and two packages with memory", measured(powercap(Path(folder))))
        with contextlib.suppress(ImportError):
            show("zeus's polling loop, one of three processes", zeus())
    sys.stdout.write(f"target for the meter: {TARGET_FRACTION:.1%}\n")
    return int(plain >= TARGET_FRACTION)


def show(name: str, fraction: float) -> None:
    """One line of the table."""
    sys.stdout.write(f"{name}: {fraction:.3%} of one core\n")
    sys.stdout.flush()


def share(work: Callable[[], None]) -> float:
    """Processor seconds of all threads of this process over seconds that pass."""
    used_s, passed_s = time.process_time(), time.monotonic()
    work()
    return (time.process_time() - used_s) / (time.monotonic() - passed_s)


def measured(tree: Path, *, record: Path | None = None) -> float:
    """The meter over one window; the figure that it gives is checked, so that nothing cheap passes for metering."""
    with open_meter(powercap=tree, record=record, environ={}) as meter:

        def watch() -> None:
            with meter.window("watched") as window:
                time.sleep(WATCHED_S)
            energy_j = window.report.energy_j or 0.0
            if abs(energy_j / (828 * window.report.duration_s) - 1) > 0.01:
                raise SystemExit(f"measured {energy_j:g} J, not 828 W over {window.report.duration_s:g} s")

        return share(watch)


def powercap(folder: Path) -> Path:
    """A tree of two packages with memory, as files that stand still."""
    for number, name in enumerate(["package-0", "package-1", "dram", "dram"]):
        zone = folder / "powercap" / (f"intel-rapl:{number}" if number < 2 else f"intel-rapl:{number - 2}:0")
        zone.mkdir(parents=True)
        for file, text in (("name", name), ("energy_uj", f"{10**8 * (number + 1)}"), ("max_energy_range_uj", "262143")):
            (zone / file).write_text(text)
    return folder / "powercap"


def zeus() -> float:
    """Zeus's loop over instant power at our period; it is given its stop by a timer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from zeus.monitor import power
    stop = threading.Event()
    timer = threading.Timer(WATCHED_S, stop.set)
    domain = power.PowerDomain.DEVICE_INSTANT

    def watch() -> None:
        power._domain_polling_process(domain, list(range(8)), queue.Queue(), threading.Event(), stop, PERIOD_S)

    timer.start()
    return share(watch)


if __name__ == "__main__":
    raise SystemExit(main())
