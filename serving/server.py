"""`serving up`: check, bind, load, serve, stop.

Enter at `up`. Bad input is refused before torch is imported; the port is taken before the weights are loaded.
"""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput, Failed
from serving.access import Access
from serving.address import UpstreamAddress, read_address
from serving.engine import Engine
from serving.model_dir import ServedModel, served_models
from serving.quota import Prices

if TYPE_CHECKING:
    import uvicorn

LOOPBACK = ("127.0.0.1", "::1")
FAREWELL_S = 3
"""How long failed answers may take to be told to their clients, after the drain."""


@dataclass(frozen=True)
class ServerSettings:
    """The options of `serving up`."""

    models: Sequence[str]
    """Directories and upstream addresses."""
    names: Sequence[str]
    host: str
    port: int
    threads: int | None
    engine: str
    records: Path
    keys: Path | None
    """File of API keys; None: none are asked for."""
    prices: Prices
    upstream_key: str | None
    drain_s: int
    """How long running answers may take to finish after the stop signal; then they fail."""


def up(settings: ServerSettings) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0."""
    models, upstreams = _found(settings)
    access = Access(settings.keys)
    listener = _bind(settings.host, settings.port)
    previous = signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    try:
        _serve(settings, models, upstreams, listener, access)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()
    return 0


def free_threads() -> int:
    """Cores that this process may use and that the last minute left free, at least one.

    Threads beyond the free cores slow small models down by waiting for each other.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, round(allowed - busy))


def _found(settings: ServerSettings) -> tuple[list[ServedModel], dict[str, UpstreamAddress]]:
    """Local models and upstream ones; names belong to the models in the order in which they were given."""
    local = [Path(text) for text in settings.models if not _is_address(text)]
    named = list(settings.names)
    if named and len(named) != max(len(settings.models), 1):
        raise BadInput(f"--name: {len(named)} names for {max(len(settings.models), 1)} models; give one for each")
    upstreams: dict[str, UpstreamAddress] = {}
    for place, text in enumerate(settings.models):
        if not _is_address(text):
            continue
        found = read_address(text, settings.upstream_key)
        if named and len(found) > 1:
            raise BadInput(f"--name: {text} has {len(found)} models; name one behind #, or leave --name out")
        upstreams |= {(named[place] if named else address.model): address for address in found}
    if settings.models and not local:
        return [], upstreams
    names = [name for name, text in zip(named, settings.models, strict=False) if not _is_address(text)] or named
    models = served_models(local, names, weights=settings.engine == "transformers")
    twice = next((model.name for model in models if model.name in upstreams), None)
    if twice is not None:
        raise BadInput(f"two models are called {twice!r}; tell them apart with --name, once per model")
    return models, upstreams


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _serve(
    settings: ServerSettings,
    models: Sequence[ServedModel],
    upstreams: Mapping[str, UpstreamAddress],
    listener: socket.socket,
    access: Access,
) -> None:
    from trainer.energy import open_meter

    engines = [(model, _engine(settings, model)) for model in models]
    import uvicorn

    from serving.app import create_app

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    meter = open_meter()
    app = create_app(engines, meter, settings.records, access=access, prices=settings.prices, upstreams=upstreams)
    patience_s = settings.drain_s + FAREWELL_S
    config = uvicorn.Config(
        app, log_level="error", access_log=False, timeout_graceful_shutdown=patience_s, lifespan="on"
    )
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    energy = "measured" if not meter.reason else f"not measured: {meter.reason}"
    names = ", ".join([*(model.name for model in models), *upstreams])
    asked = "no key is asked for" if access.is_open else f"keys of {settings.keys}"
    sys.stdout.write(f"serving {names} on {address}/v1 ({asked}; energy {energy}; records in {settings.records})\n")
    if access.is_open and host not in LOOPBACK:
        sys.stderr.write("warning: anybody who reaches this address may ask; make keys: serving keys add --help\n")
    sys.stdout.flush()
    server = uvicorn.Server(config)
    ended = threading.Event()
    closer = threading.Thread(target=_close_engines, args=(server, engines, settings.drain_s, ended), daemon=True)
    closer.start()
    try:
        server.run(sockets=[listener])
    finally:
        ended.set()


def _close_engines(
    server: "uvicorn.Server", engines: Sequence[tuple[ServedModel, Engine]], drain_s: int, ended: threading.Event
) -> None:
    """After the stop signal and the drain: fail what still runs, so that its connections close by themselves."""
    while not server.should_exit and not ended.wait(0.1):
        pass
    if not ended.wait(drain_s):
        for _, engine in engines:
            engine.close()


def _engine(settings: ServerSettings, model: ServedModel) -> Engine:
    if settings.engine == "echo" or model.path is None:
        from serving.engines.echo import EchoEngine

        return EchoEngine()
    sys.stderr.write(f"loading {model.path} ...\n")
    from serving.engines.transformers import load_engine

    return load_engine(model.path, threads=settings.threads or free_threads())


def _bind(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes a free one.

    Raises:
        BadInput: the address does not exist.
        Failed: the port is taken or not allowed.
    """
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
