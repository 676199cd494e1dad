"""`advisor serve` and `advisor worker` as processes for tests. Enter at `Server` and `started_worker`."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """One `advisor serve` on a free port."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.log = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "advisor.cli", "serve", "--port", "0"],
                cwd=log.parent,
                env=os.environ | {"DATABASE_URL": database_url, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        self.url = self._address()

    def _address(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for line in self.log.read_text(encoding="utf-8").splitlines():
                if line.startswith("advisor on "):
                    return line.split()[2]
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            time.sleep(0.05)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


class WorkerProcess:
    """One `advisor worker`."""

    def __init__(self, database_url: str, log: Path, *options: str) -> None:
        self.log = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "advisor.cli", "worker", "--database-url", database_url, *options],
                cwd=log.parent,
                env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def until(self, look):
        """Poll until there is an answer."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text(encoding="utf-8")
            if (found := look()) is not None:
                return found
            time.sleep(0.05)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def page(self) -> str:
        """What it shows Prometheus."""

        def address():
            for line in self.log.read_text(encoding="utf-8").splitlines():
                if "figures on " in line:
                    return line.rpartition("figures on ")[2]
            return None

        return httpx.get(self.until(address)).text

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def started_worker(database_url: str, log: Path, *options: str):
    """A worker that is gone at the end."""
    worker = WorkerProcess(database_url, log, *options)
    try:
        yield worker
    finally:
        worker.stop(signal.SIGKILL)
