"""The services of `docker-compose.yml` as processes without Docker: same commands, other ports and folders.

Use with `pytest_plugins = ["api_databases", "deployed_services"]`; enter at `deployed`.
"""

import asyncio
import contextlib
import io
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from api_databases import _fresh
from deployed import ROOT, compose

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import save_tiny_model

from advisor.cli import main
from serving.access import add_key

MODULES = {"advisor": "advisor.cli", "serving": "serving", "dashboards": "dashboards.cli"}
START_S = 120
ADDRESS = re.compile(r"http://[\d.]+:\d+")


@dataclass
class Deployed:
    """Services by name, and what they were given."""

    folder: Path
    environment: dict[str, str]
    addresses: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    processes: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)

    def command(self, words):
        """A command of the file, with the places of this machine."""
        places = {
            "/model": str(self.folder / "model"),
            "/records": str(self.folder / "records"),
            "/run/serving-keys": str(self.folder / "secrets" / "serving"),
            "/run/secrets": str(self.folder / "secrets"),
            "http://advisor:8080": self.addresses.get("advisor", ""),
            "0.0.0.0": "127.0.0.1",
        }
        text = "\0".join(words[1:])
        for there, here in places.items():
            text = re.sub(rf"(?<=[\0=]){re.escape(there)}", here, f"\0{text}").removeprefix("\0")
        text = re.sub(r"(--(?:metrics-)?port[\0=])\d+", r"\g<1>0", text)
        return [sys.executable, "-m", MODULES[words[0]], *text.split("\0")]

    def run(self, *words):
        """A command that ends."""
        done = subprocess.run(
            self.command(words), capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=START_S
        )
        assert done.returncode == 0, done.stderr

    def start(self, name, words):
        """A service that stays."""
        with (self.folder / f"{name}.log").open("wb") as stream:
            self.processes[name] = subprocess.Popen(
                self.command(words), stdout=stream, stderr=subprocess.STDOUT, cwd=self.folder, env=self.environment
            )

    def wait(self, name, test):
        """Until it tells its address, and the probe of the file finds it well."""
        log = self.folder / f"{name}.log"
        deadline = time.monotonic() + START_S
        while not ((found := ADDRESS.search(log.read_text(encoding="utf-8"))) and self.is_healthy(found[0], test)):
            assert self.processes[name].poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        self.addresses[name] = found[0]

    @staticmethod
    def is_healthy(address, test):
        """Whether the probe of the file finds the service well."""
        path = re.search(r"127\.0\.0\.1:\d+([/\w]*)", " ".join(test))[1]
        try:
            return httpx.get(f"{address}{path}", timeout=10).status_code == 200
        except httpx.TransportError:
            return False


def advisor_key(url, role):
    """A key of the API, as the command prints it."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["keys", "add", "--name", role, "--tenant", "acme", "--role", role, "--database-url", url]) == 0
    return printed.getvalue().strip()


@pytest.fixture(scope="module")
def deployed(postgresql_url, tmp_path_factory):
    """All services in the order of the file, on a real PostgreSQL; at the end each of them has to stop by itself."""
    asyncio.run(_fresh(postgresql_url))
    folder = tmp_path_factory.mktemp("deployed")
    services = compose()["services"]
    (folder / "secrets" / "serving").mkdir(parents=True)
    (folder / "secrets" / "database_password").write_text("not asked for on a Unix socket\n")
    given = services["advisor"]["environment"]
    found = Deployed(
        folder,
        os.environ
        | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        | {"DATABASE_URL": re.sub(r":[^:/@]*@", "@", postgresql_url)}
        | {"DATABASE_PASSWORD_FILE": given["DATABASE_PASSWORD_FILE"].replace("/run/secrets", f"{folder}/secrets")},
    )
    found.run(*services["migrate"]["command"])
    for role in ("manager", "procurement"):
        found.keys[role] = advisor_key(postgresql_url, role)
    (folder / "secrets" / "advisor_key").write_text(found.keys["manager"] + "\n")
    for role in ("user", "monitor"):
        file = folder / "secrets" / "serving" / "keys.yaml"
        found.keys[role] = add_key(file, name=role, tenant="acme", role=role, quota=None, expires_at=None)
    save_tiny_model(folder / "model")
    try:
        for name in ("serving", "advisor", "worker"):
            found.start(name, services[name]["command"])
        found.wait("advisor", services["advisor"]["healthcheck"]["test"])
        found.start("dashboards", services["dashboards"]["command"])
        for name in ("worker", "dashboards", "serving"):
            found.wait(name, services[name]["healthcheck"]["test"])
        yield found
        for process in found.processes.values():
            process.terminate()
        for name, process in found.processes.items():
            assert process.wait(60) == 0, (folder / f"{name}.log").read_text(encoding="utf-8")
    finally:
        for process in found.processes.values():
            process.kill()
            process.wait()
