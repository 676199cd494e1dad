"""Programs of this project run side by side: start, wait until they answer, stop cleanly.

Enter at `Service` and `run_program`.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from advisor.contracts.errors import BadInput, Failed

POLL_S = 0.2
STOP_S = 15.0


def program(name: str) -> str:
    """Path of a console script beside the running interpreter."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise Failed(f"{path.name} is not installed beside {sys.executable}; run `make install`")
    return str(path)


def run_program(arguments: Sequence[str], *, allowed: Sequence[int] = (0,)) -> None:
    """Run a program in the foreground with its output passed through.

    Raises:
        Failed: it ended with another exit code than the allowed ones.
    """
    done = subprocess.run([program(arguments[0]), *arguments[1:]], check=False, env=environment())
    if done.returncode not in allowed:
        raise Failed(f"`{' '.join(arguments)}` ended with exit code {done.returncode}")


def environment() -> dict[str, str]:
    """The environment of child programs: UTF-8 and no telemetry from model libraries."""
    return {**os.environ, "PYTHONUTF8": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def free_port() -> int:
    """A port on the loopback address that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free_port(port: int, what: str) -> None:
    """Refuse a port that is taken.

    Raises:
        BadInput: something listens there already.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise BadInput(
                f"port {port} for {what} is in use; stop what listens there or choose another port"
            ) from None


class Service:
    """One server process; its output goes to a log file."""

    def __init__(self, arguments: Sequence[str], *, health_url: str, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name, self.health_url, self.log = " ".join(arguments[:2]), health_url, log
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [program(arguments[0]), *arguments[1:]],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment(),
            start_new_session=True,
        )

    def wait_until_healthy(self, timeout_s: float = 90.0) -> None:
        """Wait for the health route to answer 200.

        Raises:
            Failed: the process ended, or did not answer in time; the message names the log.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Failed(
                    f"{self.name} ended with exit code {self._process.returncode}; see {self.log}\n{self._tail()}"
                )
            try:
                if httpx.get(self.health_url, timeout=2.0).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(POLL_S)
        raise Failed(f"{self.name} does not answer at {self.health_url} after {timeout_s:.0f} s; see {self.log}")

    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process.poll() is None

    def stop(self) -> int:
        """Ask the process to end, kill it when it does not; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()
        return int(self._process.returncode)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
