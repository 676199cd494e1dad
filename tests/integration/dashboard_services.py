"""The advisor's API in a thread, filled or empty, and the dashboard as a process, as fixtures.

Use with `pytest_plugins = ["dashboard_services"]`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from documents import baseline_report, case, fake_assess, run_report

from advisor.api.app import create_app
from advisor.catalog.load import load_catalog
from advisor.client import AdvisorClient

ROOT = Path(__file__).resolve().parents[2]
START_S = 60


@contextmanager
def running_api(folder: Path) -> Iterator[str]:
    """The real service on a free port, with the builder's assessment in place of the calculation."""
    app = create_app(database_url=f"sqlite:///{folder}/store.db", assess=fake_assess, catalog=load_catalog())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, loop="asyncio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_S)


@contextmanager
def running_dashboard(api: str, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`dashboards` on a free port."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboards.cli", "--port", "0", "--api", api],
            cwd=log.parent,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(process, log), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("dashboard on ")]
        if lines:
            address = lines[0].split()[2]
            try:
                if httpx.get(f"{address}/_stcore/health").text == "ok":
                    return address
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def empty_api(tmp_path_factory):
    """The service with nothing in it."""
    with running_api(tmp_path_factory.mktemp("empty")) as address:
        yield address


@pytest.fixture(scope="module")
def filled_api(tmp_path_factory):
    """The service with two reports, an old assessment without and a new one with measurement."""
    with running_api(tmp_path_factory.mktemp("filled")) as address:
        with AdvisorClient(address) as client:
            client.add_measurement(run_report())
            client.add_measurement(baseline_report())
            client.assess(case().model_copy(update={"name": "Before measuring"}))
            client.assess(case(), measurements=[baseline_report()])
        yield address


@pytest.fixture(scope="session")
def start_dashboard():
    """`running_dashboard`, for tests that start it themselves."""
    return running_dashboard
