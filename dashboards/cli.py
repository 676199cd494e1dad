"""`dashboards`: the planning dashboard in the browser. Enter at `main`."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.client import KEY_VARIABLE
from advisor.contracts.errors import BadInput, Failed
from advisor.exits import exit_code

API_VARIABLE = "RICHTWERT_API"
"""Environment variable through which the pages learn where the advisor answers."""
DEFAULT_API = "http://127.0.0.1:8080"
PALETTE = ["#0F4C5C", "#E36414", "#5F8D4E", "#9A031E", "#7B6D8D", "#FB8B24", "#3A86A8", "#8D6A4F"]

EXAMPLES = """\
examples:
  dashboards                                     http://127.0.0.1:8501, reads http://127.0.0.1:8080
  dashboards --api http://advisor.intern:8080 --port 9000
  then open http://127.0.0.1:8501/?lang=de       German; ?lang=en English

The figures come from `advisor serve`; start it first.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code."""
    arguments = _parser().parse_args(argv)
    return exit_code(lambda: _run(arguments.host, arguments.port, arguments.api, arguments.api_key_file))


def entry() -> None:
    """Console script."""
    sys.exit(main())


def settings(host: str, port: int) -> dict[str, Any]:
    """Streamlit's settings for a service inside a company: no telemetry, no browser, no stack traces on pages."""
    return {
        "server.headless": True,
        "server.address": host,
        "server.port": port,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        # Streamlit's welcome asks a public server for this machine's address.
        "logger.hideWelcomeMessage": True,
        "theme.chartCategoricalColors": PALETTE,
        "theme.light.primaryColor": PALETTE[0],
        "theme.dark.primaryColor": "#5FB3C9",
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dashboards",
        description="Decision and comparison for managers, in German and English, read from the advisor's HTTP API.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8501, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--api", default=DEFAULT_API, help="address of `advisor serve` (default: %(default)s)")
    parser.add_argument(
        "--api-key-file",
        type=Path,
        metavar="FILE",
        help=f"file with the key for it (default: the environment variable {KEY_VARIABLE}, or none)",
    )
    return parser


def _run(host: str, port: int, api: str, key_file: Path | None) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0."""
    if not api.startswith(("http://", "https://")):
        raise BadInput(f"--api {api!r}: must begin with http:// or https://")
    port = _free_port(host, port)
    os.environ[API_VARIABLE] = api
    if key_file is not None:
        os.environ[KEY_VARIABLE] = _key(key_file)

    from streamlit import net_util
    from streamlit.web import bootstrap

    # Asked for when a page is opened under a name that Streamlit does not know; nothing may leave the house.
    net_util.get_external_ip = lambda: None
    options = settings(host, port)
    bootstrap.load_config_options(options)
    shown = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"dashboard on http://{shown}:{port} (advisor: {api})\n")
    sys.stdout.flush()
    bootstrap.run(str(Path(__file__).with_name("app.py")), False, [], options)
    return 0


def _key(file: Path) -> str:
    """The key that a file holds."""
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--api-key-file {file}: cannot be read: {error}") from error
    if not key or not key.isascii() or len(key.split()) != 1:
        raise BadInput(f"--api-key-file {file}: must hold one key; make one: advisor keys add --help")
    return key


def _free_port(host: str, port: int) -> int:
    """The port, after a check that it can be taken; for 0 a free one."""
    if not 0 <= port <= 65535:
        raise BadInput(f"--port {port}: must be 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise BadInput(f"--host {host!r}: no such address: {error}") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failed(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    entry()
