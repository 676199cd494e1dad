"""Where a run takes place: interpreter, processor, threads, accelerators, package versions, code revision.

Enter at `environment_of`; `use_available_threads` keeps torch to the cores that this process may use.
"""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from advisor.contracts.runs import Environment

PACKAGES = ("richtwert", "torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "numpy")
CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def environment_of(accelerators: tuple[str, ...]) -> Environment:
    """The surroundings of this process."""
    import torch

    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        processor=processor(),
        cpu_count=available_cpus(),
        torch_threads=torch.get_num_threads(),
        load_ratio=load_ratio(),
        accelerators=accelerators,
        packages=package_versions(),
        code_revision=code_revision(),
    )


def available_cpus() -> int:
    """Cores that this process may use: its affinity, cut by the control group's quota."""
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    try:
        quota, period = CGROUP_LIMIT.read_text(encoding="ascii").split()
        limit = max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):  # no such group, or "max": no limit
        return cpus
    return min(cpus, limit)


def load_ratio() -> float | None:
    """Load of the last five minutes over the machine's cores, this process included; None where no system tells it."""
    if not hasattr(os, "getloadavg"):
        return None
    return round(os.getloadavg()[1] / (os.cpu_count() or 1), 2)


def use_available_threads() -> None:
    """Let torch use the available cores, unless OMP_NUM_THREADS says otherwise."""
    if "OMP_NUM_THREADS" in os.environ:
        return
    import torch

    torch.set_num_threads(available_cpus())


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that shape a run; missing ones are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def code_revision() -> str:
    """Commit of the checkout that this code runs from, or the package version outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return f"richtwert {package_versions().get('richtwert', 'unknown')}"
    return done.stdout.strip()


def processor() -> str:
    """Name of the processor as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
