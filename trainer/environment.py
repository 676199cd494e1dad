"""Where a run takes place: interpreter, processor, threads, accelerators, package versions, code revision.

Enter at `environment_of`.
"""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from advisor.contracts.runs import Environment

PACKAGES = ("richtwert", "torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers", "numpy")


def environment_of(accelerators: tuple[str, ...]) -> Environment:
    """The surroundings of this process."""
    import torch

    return Environment(
        python=platform.python_version(),
        platform=platform.platform(),
        processor=_processor(),
        cpu_count=os.cpu_count() or 1,
        torch_threads=torch.get_num_threads(),
        accelerators=accelerators,
        packages=package_versions(),
        code_revision=code_revision(),
    )


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


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
