"""`make up`: API, serving and dashboard side by side on SQLite until Ctrl-C.

Enter at `main`. An empty store is filled with the assessed examples, so that the dashboard has something to show.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from advisor.client import AdvisorClient
from advisor.commands import read_report
from advisor.contracts.case import Case
from advisor.contracts.errors import Failed
from advisor.exits import exit_code
from advisor.files import read_contract
from advisor.processes import Service, require_free_port

LOGS = Path("runs/logs")


def main(argv: Sequence[str] | None = None) -> int:
    """Start everything, wait for Ctrl-C, stop everything."""
    parser = argparse.ArgumentParser(prog="python -m advisor.up", description="API, serving and dashboard together")
    parser.add_argument("--demo", type=Path, default=Path("runs/demo"), help="results of `make demo`")
    parser.add_argument("--examples", type=Path, default=Path("data/examples"))
    parser.add_argument("--api-port", type=int, default=8080)
    parser.add_argument("--serving-port", type=int, default=8000)
    parser.add_argument("--dashboard-port", type=int, default=8501)
    arguments = parser.parse_args(argv)
    return exit_code(lambda: _up(arguments))


def _up(arguments: argparse.Namespace) -> int:
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    ports = {"API": arguments.api_port, "serving": arguments.serving_port, "dashboard": arguments.dashboard_port}
    for what, port in ports.items():
        require_free_port(port, what)
    api = f"http://127.0.0.1:{arguments.api_port}"
    services: list[Service] = []
    try:
        services.append(
            Service(
                ["advisor", "serve", "--port", str(arguments.api_port)],
                health_url=f"{api}/readyz",
                log=LOGS / "api.log",
            )
        )
        model = arguments.demo / "model"
        if model.is_dir():
            url = f"http://127.0.0.1:{arguments.serving_port}"
            command = ["serving", "up", str(model), "--port", str(arguments.serving_port)]
            services.append(Service(command, health_url=f"{url}/health", log=LOGS / "serving.log"))
        page = f"http://127.0.0.1:{arguments.dashboard_port}"
        command = ["dashboards", "--port", str(arguments.dashboard_port), "--api", api]
        services.append(Service(command, health_url=f"{page}/_stcore/health", log=LOGS / "dashboard.log"))
        for service in services:
            service.wait_until_healthy()
        filled = _fill_empty_store(AdvisorClient(api), arguments.demo, arguments.examples)
        console.print(f"API        {api}   (OpenAPI: {api}/schema/openapi.json)", highlight=False)
        if model.is_dir():
            console.print(f"serving    http://127.0.0.1:{arguments.serving_port}/v1", highlight=False)
        else:
            console.print(f"serving    not started: no model in {model}; `make demo` trains one", highlight=False)
        console.print(f"dashboard  {page}   (German: {page}/?lang=de)", highlight=False)
        console.print(
            f"{filled} examples assessed; " * bool(filled) + f"logs in {LOGS}; Ctrl-C stops everything", highlight=False
        )
        _watch(services)
    except KeyboardInterrupt:
        console.print("\nstopping")
    finally:
        for service in reversed(services):
            service.stop()
    return 0


def _fill_empty_store(client: AdvisorClient, demo: Path, examples: Path) -> int:
    """Assess every example once, and load the demo's reports; a store with content is left alone."""
    if client.assessments():
        return 0
    files = sorted(examples.glob("*.yaml"))
    reports = [read_report(path) for name in ("run", "baseline") if (path := demo / f"{name}_report.json").exists()]
    for report in reports:
        client.add_measurement(report)
    for path in files:
        case = read_contract(path, Case)
        fits = reports if path.stem == "python_help_desk" else []
        client.assess(case, measurements=fits)
    return len(files)


def _watch(services: Sequence[Service]) -> None:
    while True:
        time.sleep(1.0)
        for service in services:
            if not service.is_running():
                raise Failed(f"{service.name} has ended; see {service.log}")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
