"""Ctrl-C and SIGTERM as a wish: the running step ends, a checkpoint is saved, and the run says how to go on.

Enter at `stop_on_signals`; phases ask `stop_is_wanted`. A second signal ends the process at once.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from advisor.contracts.errors import RichtwertError


class StopRequested(RichtwertError):
    """The user asked to stop in the named phase; everything up to then is saved."""


class _Wish:
    wanted = False


def stop_is_wanted() -> bool:
    """True once a signal has arrived."""
    return _Wish.wanted


def stop_here(phase: str) -> None:
    """End a phase that keeps no checkpoints, when a signal has arrived.

    Raises:
        StopRequested: it has.
    """
    if _Wish.wanted:
        raise StopRequested(phase)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """While open, SIGINT and SIGTERM set the wish to stop."""

    def note(number: int, _frame: FrameType | None) -> None:
        if _Wish.wanted:
            raise KeyboardInterrupt(number)
        _Wish.wanted = True

    _Wish.wanted = False
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _Wish.wanted = False
