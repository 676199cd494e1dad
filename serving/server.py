"""`serving up`: check, bind, load, serve, stop.

Enter at `up`. Bad input is refused before torch is imported; the port is taken before the weights are loaded.
"""

import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

from advisor.contracts.errors import BadInput
from advisor.listening import bind
from serving.access import Access
from serving.address import UpstreamAddress
from serving.engines.opening import load_engines, load_one
from serving.model_dir import ServedModel
from serving.settings import ServerSettings, named_models

if TYPE_CHECKING:
    import uvicorn

    from serving.versions import Line

LOOPBACK = ("127.0.0.1", "::1")
SECONDS_PER_HOUR = 3600.0
FAREWELL_S = 3
"""How long failed answers may take to be told to their clients, after the drain."""


def up(settings: ServerSettings) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0."""
    _check(settings)
    models, upstreams = named_models(settings)
    access = Access(settings.keys)
    listener = bind(settings.host, settings.port)
    previous = signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    try:
        _serve(settings, models, upstreams, listener, access)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()
    return 0


def _check(settings: ServerSettings) -> None:
    if settings.model_root is None:
        return
    if not settings.model_root.is_dir():
        raise BadInput(f"--model-root {settings.model_root}: no such directory")
    if settings.keys is None and settings.host not in LOOPBACK:
        raise BadInput(f"--model-root: with --host {settings.host} anybody could load models; make keys: --keys FILE")


def _serve(
    settings: ServerSettings,
    models: Sequence[ServedModel],
    upstreams: Mapping[str, UpstreamAddress],
    listener: socket.socket,
    access: Access,
) -> None:
    from trainer.energy import open_meter

    engines = load_engines(settings, models)
    import uvicorn

    from serving.app import create_app
    from serving.drift.watch import DriftWatch
    from serving.service import Loader
    from serving.trace import configure_logs
    from serving.traffic import Traffic

    configure_logs(settings.log_format)
    meter = open_meter()
    root, days, every_h = settings.model_root, settings.keep_days, settings.drift_every_h
    app = create_app(
        engines,
        meter,
        settings.records,
        access=access,
        prices=settings.prices,
        upstreams=upstreams,
        timeout_s=settings.timeout_s,
        loader=None if root is None else Loader(root, partial(load_one, settings), settings.engine == "transformers"),
        traffic=None
        if days is None
        else Traffic(settings.records, days=days, sample_fraction=settings.sample_fraction),
        drift=None if every_h is None else DriftWatch(settings.records, every_s=every_h * SECONDS_PER_HOUR),
    )
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
    if days is not None:
        sys.stderr.write(f"prompts and answers are kept for {days} days in {settings.records}; tell your users\n")
    if access.is_open and host not in LOOPBACK:
        sys.stderr.write("warning: anybody who reaches this address may ask; make keys: serving keys add --help\n")
    sys.stdout.flush()
    server = uvicorn.Server(config)
    ended = threading.Event()
    closer = threading.Thread(
        target=_close_engines, args=(server, app.state.lines, settings.drain_s, ended), daemon=True
    )
    closer.start()
    try:
        server.run(sockets=[listener])
    finally:
        ended.set()


def _close_engines(server: "uvicorn.Server", lines: "Mapping[str, Line]", drain_s: int, ended: threading.Event) -> None:
    """After the stop signal and the drain: fail what still runs, so that its connections close by themselves."""
    while not server.should_exit and not ended.wait(0.1):
        pass
    if not ended.wait(drain_s):
        for line in lines.values():
            line.close_engines()


def _as_keyboard_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
