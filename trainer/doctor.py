"""`trainer doctor`: what this machine can do, and whether its power can be measured.

Enter at `doctor`. It works without the training libraries and says so when they are missing.
"""

import json
import os
import platform
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainer.energy import open_meter
from trainer.environment import available_cpus, package_versions, processor

BYTES_PER_GIB = 2**30


def doctor(*, as_json: bool) -> int:
    """Print what was found; the exit code is 1 when the training libraries are missing."""
    found = examine()
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        width = max(map(len, found))
        for name, value in found.items():
            sys.stdout.write(f"{name:<{width}}  {_text(value)}\n")
    return 0 if found["torch"] is not None else 1


def examine() -> dict[str, Any]:
    """Findings by name; None where a thing is missing or cannot be told."""
    with open_meter() as meter:
        accelerators, reason, host_reason = meter.accelerator_names, meter.reason, meter.host_reason
    versions = package_versions()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": processor(),
        "available_cpus": available_cpus(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "torch": versions.get("torch"),
        "torch_threads": _torch_threads(),
        "torch_uses": _torch_device(),
        "packages": versions,
        "accelerators": list(accelerators),
        "power_can_be_measured": bool(accelerators),
        "power_reason": reason or None,
        "host_power_can_be_measured": not host_reason,
        "host_power_reason": host_reason or None,
        "memory_gib": _gib(_memory("SC_PHYS_PAGES")),
        "memory_available_gib": _gib(_memory("SC_AVPHYS_PAGES")),
        "disk_free_gib": _gib(shutil.disk_usage(Path.cwd()).free),
        "speed": "not measured here; `trainer measure` times this machine in two minutes",
        "hub": "not asked (HF_HUB_OFFLINE=1)" if os.environ.get("HF_HUB_OFFLINE") == "1" else "asked for base models",
    }


def _torch_threads() -> int | None:
    if find_spec("torch") is None:
        return None
    import torch

    from trainer.environment import use_available_threads

    use_available_threads()
    return torch.get_num_threads()


def _torch_device() -> str | None:
    if find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    return ", ".join(torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count()))


def _memory(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _gib(size: int | None) -> float | None:
    return None if size is None else round(size / BYTES_PER_GIB, 1)


def _text(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
