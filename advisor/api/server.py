"""`advisor serve`: check the store, take the port, answer, stop; `advisor worker`: do jobs.

Enter at `serve` and `work`.
"""

import asyncio
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from advisor.listening import bind

if TYPE_CHECKING:
    from advisor.api.figures import Figures
    from advisor.api.worker import Worker
    from advisor.store import Store

SECONDS_PER_HOUR = 3600.0
STOP_S = 10
"""How long running answers may take to finish after the stop signal."""


def serve(host: str, port: int, *, worker: bool = True, require_keys: bool = False) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        worker: whether to do the jobs of the queue too.
        require_keys: whether to ask for a key even where the store has none.

    Raises:
        BadInput: the host or DATABASE_URL is wrong.
        Failed: the port is taken, or the store does not answer.
    """
    listener = bind(host, port)
    previous = signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    try:
        _serve(listener, worker=worker, require_keys=require_keys)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()
    return 0


@dataclass(frozen=True)
class WorkSettings:
    """The options of `advisor worker`."""

    database_url: str | None
    lease_s: float
    until_empty: bool
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    """Of the page of figures; None: there is none."""
    audit_every_h: float | None = None
    """How often the audit trail is walked; None: never."""


def work(settings: WorkSettings) -> int:
    """Do jobs until SIGTERM or Ctrl-C, or until none is waiting; all end in exit code 0.

    Raises:
        BadInput: the database address or the catalogue is wrong.
        Failed: the store does not answer at the start, or the port of the figures is taken.
    """
    from advisor.api.backend import Backend
    from advisor.api.worker import Worker
    from advisor.assess import assess
    from advisor.catalog.load import load_catalog
    from advisor.store import Store
    from advisor.store.address import url_of_environment
    from advisor.store.jobs import JobQueue

    _log_to_stderr()
    store = Store(settings.database_url or url_of_environment())
    worker = Worker(Backend(store, load_catalog(), assess), JobQueue(store, lease_s=settings.lease_s))
    asyncio.run(_work(worker, settings))
    return 0


async def _work(worker: "Worker", settings: WorkSettings) -> None:
    import anyio

    from advisor.api.figures import AuditWatch, Figures

    store, stop = worker.queue.store, anyio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await store.open()
        watch = None
        if settings.audit_every_h is not None:
            watch = AuditWatch(store, every_s=settings.audit_every_h * SECONDS_PER_HOUR)
        async with _page(Figures(store, watch), settings) as told, anyio.create_task_group() as group:
            if watch is not None:
                group.start_soon(watch.run, stop)
            sys.stdout.write(f"worker on {store.address}{told}\n")
            sys.stdout.flush()
            if settings.until_empty:
                while not stop.is_set() and await worker.work_once(stop):
                    pass
            else:
                await worker.run(stop)
            group.cancel_scope.cancel()
    finally:
        await store.close()


@asynccontextmanager
async def _page(figures: "Figures", settings: WorkSettings) -> AsyncIterator[str]:
    """The page of figures, where one is wanted; yields what to tell of it."""
    if settings.metrics_port is None:
        yield ""
        return
    from advisor.api.worker_page import figures_page

    async with figures_page(figures, settings.metrics_host, settings.metrics_port) as port:
        yield f"; figures on http://{settings.metrics_host}:{port}/metrics"


def _serve(listener: socket.socket, *, worker: bool, require_keys: bool) -> None:
    import uvicorn

    from advisor.api.app import create_app
    from advisor.store import Store
    from advisor.store.address import url_of_environment

    _log_to_stderr()
    store = Store(url_of_environment())
    is_open = asyncio.run(_reach(store)) and not require_keys
    config = uvicorn.Config(
        create_app(worker=worker, require_keys=require_keys),
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=STOP_S,
    )
    host, number = listener.getsockname()[:2]
    if is_open and not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
        sys.stderr.write(f"warning: whoever reaches {host} may do everything; make a key: advisor keys add --help\n")
    address = f"http://[{host}]:{number}" if ":" in host else f"http://{host}:{number}"
    sys.stdout.write(f"advisor on {address} (OpenAPI: {address}/schema/openapi.json; store: {store.address})\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)


async def _reach(store: "Store") -> bool:
    """Fail before the port answers, with one message, when the store cannot be used; True where it has no keys."""
    from advisor.store.keys import KeyRing

    try:
        await store.open()
        return await KeyRing(store).is_empty()
    finally:
        await store.close()


def _as_keyboard_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
