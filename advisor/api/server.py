"""`advisor serve`: check the store, take the port, answer, stop. Enter at `serve`."""

import asyncio
import logging
import os
import signal
import socket
import sys
from types import FrameType
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput, Failed

if TYPE_CHECKING:
    from advisor.store import Store

STOP_S = 10
"""How long running answers may take to finish after the stop signal."""


def serve(host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0.

    Raises:
        BadInput: the host or DATABASE_URL is wrong.
        Failed: the port is taken, or the store does not answer.
    """
    listener = _bind(host, port)
    previous = signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    try:
        _serve(listener)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()
    return 0


def _serve(listener: socket.socket) -> None:
    import uvicorn

    from advisor.api.app import create_app
    from advisor.store import Store

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    store = Store(os.environ.get("DATABASE_URL"))
    asyncio.run(_reach(store))
    config = uvicorn.Config(
        create_app(), log_config=None, log_level="warning", access_log=False, timeout_graceful_shutdown=STOP_S
    )
    host, number = listener.getsockname()[:2]
    address = f"http://[{host}]:{number}" if ":" in host else f"http://{host}:{number}"
    sys.stdout.write(f"advisor on {address} (OpenAPI: {address}/schema/openapi.json; store: {store.address})\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


async def _reach(store: "Store") -> None:
    """Fail before the port answers, with one message, when the store cannot be used."""
    try:
        await store.open()
    finally:
        await store.close()


def _bind(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes a free one."""
    if not 0 <= port <= 65535:
        raise BadInput(f"--port {port}: must be 0 to 65535")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    except (socket.gaierror, UnicodeError) as error:
        raise BadInput(f"--host {host!r}: no such address: {error}") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    return listener


def _as_keyboard_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
