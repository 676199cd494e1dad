"""The page of figures of `advisor worker`; it answers while the worker's event loop turns. Enter at `figures_page`."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from advisor.api.figures import Figures
from advisor.contracts.errors import BadInput, Failed

ANSWER_S = 10.0
"""A loop that does not answer for so long hangs: the page is a 500 then, and whoever probes it starts a new worker."""


@asynccontextmanager
async def figures_page(figures: Figures, host: str, port: int) -> AsyncIterator[int]:
    """Answer every path with the figures, in a thread; yields the port.

    Raises:
        BadInput: there is no such address or port.
        Failed: the port is taken.
    """
    registry = CollectorRegistry()
    registry.register(_AskedOfTheLoop(figures, asyncio.get_running_loop()))
    try:
        server, thread = start_http_server(port, host, registry)
    except OverflowError as error:
        raise BadInput(f"--metrics-port {port}: must be 0 to 65535") from error
    except OSError as error:
        raise Failed(f"cannot listen on {host}:{port}: {error.strerror}; choose another --metrics-port") from error
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(_end, server, thread)


def _end(server: object, thread: threading.Thread) -> None:
    server.shutdown()  # type: ignore[attr-defined]
    server.server_close()  # type: ignore[attr-defined]
    thread.join()


class _AskedOfTheLoop(Collector):
    """Figures that the worker's own loop reads whenever somebody asks."""

    def __init__(self, figures: Figures, loop: asyncio.AbstractEventLoop) -> None:
        self._figures, self._loop = figures, loop

    def collect(self) -> list[Metric]:
        asked = asyncio.run_coroutine_threadsafe(self._figures.families(), self._loop)
        try:
            return asked.result(ANSWER_S)
        finally:
            asked.cancel()
