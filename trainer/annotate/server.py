"""Serving the page of one annotator on this machine. Enter at `serve`."""

import logging
import signal
import socket
import sys
from types import FrameType

from advisor.listening import bind
from trainer.annotate.sitting import Sitting


def serve(sitting: Sitting, *, host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; both end in exit code 0, every word is on the disk by then.

    Raises:
        BadInput: the address does not exist.
        Failed: the port is taken.
    """
    listener = bind(host, port)
    previous = signal.signal(signal.SIGTERM, _as_keyboard_interrupt)
    try:
        _run(sitting, listener, host)
    except KeyboardInterrupt:
        sys.stderr.write(f"stopped; go on with the same command, all is kept in {sitting.journal.path}\n")
    finally:
        signal.signal(signal.SIGTERM, previous)
        listener.close()
    return 0


def _run(sitting: Sitting, listener: socket.socket, host: str) -> None:
    import uvicorn

    from trainer.annotate.app import LOCAL_HOSTS, create_app

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    number = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    screen = sitting.screen()
    if sitting.journal.cut_lines:
        sys.stderr.write(f"note: {sitting.journal.path}: a line that was cut off is left out\n")
    sys.stdout.write(
        f"page for {sitting.annotator} on http://{shown}:{number}/ ({screen.done} of {screen.total} done; "
        f"words go to {sitting.journal.path}; Ctrl-C stops)\n"
    )
    sys.stdout.flush()
    app = create_app(sitting, hosts=tuple(dict.fromkeys((*LOCAL_HOSTS, host))))
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=3, lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])


def _as_keyboard_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
