"""How long `advisor --help` takes beside `import pydantic`: run `python tests/benchmarks/startup.py`.

The target is a ratio below 3; the medians of interleaved runs are compared, so a busy machine slows both.
"""

import statistics
import subprocess
import sys
import time

RUNS = 15
TARGET_RATIO = 3.0
COMMANDS = {
    "advisor --help": [sys.executable, "-m", "advisor.cli", "--help"],
    "import pydantic": [sys.executable, "-c", "import pydantic"],
}


def main() -> int:
    """Print both medians and their ratio; 1 when the ratio misses the target."""
    times_s: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times_s[name].append(time.perf_counter() - start)
    median_s = {name: statistics.median(values) for name, values in times_s.items()}
    ratio = median_s["advisor --help"] / median_s["import pydantic"]
    for name, value in median_s.items():
        sys.stdout.write(f"{name}: median {1000 * value:.0f} ms of {RUNS}\n")
    sys.stdout.write(f"ratio {ratio:.2f} (target below {TARGET_RATIO:g})\n")
    return int(ratio >= TARGET_RATIO)


if __name__ == "__main__":
    sys.exit(main())
