"""An engine that has died is restarted, never silent: a thread that watches the worker and replaces it.

Enter at `Supervisor`, which has the methods of a worker. Begun sequences fail with the reason; those that still wait
are handed to the next worker. Weights are only read, so they are kept when a thread died; after a forward pass that
hangs, or errors one after the other, they are loaded anew, because that pass may go on with the old ones.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from serving.engine import EngineBusy, Generation, Load
from serving.engines.batch import Batch
from serving.engines.worker import MOST_WAITING, Worker, fail

HANG_S = 300.0
"""Longest forward pass; a long prompt on a slow processor takes minutes. Own choice."""
POLL_S = 0.1
MOST_FAILURES = 5
"""Turns in a row that end in an error, after which the weights are no longer trusted. Own choice."""
MOST_WAIT_S = 60.0
"""Longest pause before the next attempt, when attempts fail; they begin at one poll and double."""
PATIENCE_S = 5.0
"""How long the last step may take when the server stops; then its sequences fail and the thread is left alone."""
Cause = Literal["died", "hung", "failing"]

logger = logging.getLogger(__name__)


@dataclass
class Restarts:
    """How often an engine had to be restarted, and why."""

    by_cause: dict[Cause, int] = field(default_factory=dict)
    last: str = ""
    """Reason of the last one, for people."""

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_cause.values())


class Supervisor:
    """A worker and whoever replaces it.

    Args:
        build: makes a batch over the model; its argument says whether the weights are to be loaded anew.
        hang_s: longest forward pass.
    """

    def __init__(
        self, build: Callable[[bool], Batch], *, most_waiting: int = MOST_WAITING, hang_s: float = HANG_S
    ) -> None:
        self._build, self._most_waiting, self._hang_s = build, most_waiting, hang_s
        self.restarts = Restarts()
        self._restarting = False
        self._closed = threading.Event()
        self.worker = Worker(build(False), most_waiting=most_waiting)
        self._watch = threading.Thread(target=self._run, name="serving-supervisor", daemon=True)
        self._watch.start()

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none.

        Raises:
            EngineBusy: they do not fit into the queue, or the engine is just being restarted.
        """
        if self._closed.is_set():
            raise EngineBusy("the server is stopping")
        self.worker.submit(generations)

    def load(self, adapter: str | None = None) -> Load:
        """Present load of the model, or of one of its adapters."""
        return self.worker.load(adapter)

    def alive(self) -> bool:
        """Whether sequences are worked on right now."""
        return self.worker.alive() and not self._restarting and not self._closed.is_set()

    def close(self) -> None:
        """Fail what is queued or running and end both threads; a pass that hangs is not waited for."""
        self._closed.set()
        self._watch.join()
        self.worker.close(patience_s=PATIENCE_S)
        if self.worker.alive():
            left = self.worker.give_up()
            fail([*left.running, *left.waiting], "the server is stopping")

    def _run(self) -> None:
        while not self._closed.wait(POLL_S):
            cause = self._trouble()
            if cause is not None:
                self._replace(cause)

    def _trouble(self) -> Cause | None:
        if not self.worker.alive():
            return "died"
        if self.worker.busy_s() > self._hang_s:
            return "hung"
        return "failing" if self.worker.failures_in_a_row >= MOST_FAILURES else None

    def _replace(self, cause: Cause) -> None:
        words = {
            "died": "its thread died",
            "hung": f"a forward pass took more than {self._hang_s:g} s",
            "failing": f"{MOST_FAILURES} steps in a row failed",
        }
        self._restarting = True
        left = self.worker.give_up()
        logger.error("the engine is restarted: %s; %d sequences fail", words[cause], len(left.running))
        fail(left.running, f"{words[cause]}; the engine is being restarted, try again")
        batch = self._rebuilt(anew=cause != "died")
        if batch is None:
            fail(left.waiting, "the server is stopping")
            return
        self.restarts.by_cause[cause] = self.restarts.by_cause.get(cause, 0) + 1
        self.restarts.last = words[cause]
        self.worker = Worker(batch, most_waiting=self._most_waiting, waiting=left.waiting)
        self._restarting = False

    def _rebuilt(self, *, anew: bool) -> Batch | None:
        """A batch, however often it takes; None when the server stops meanwhile."""
        wait_s = POLL_S
        while not self._closed.is_set():
            began_s = time.monotonic()
            try:
                return self._build(anew)
            except Exception:  # no memory, files gone: whatever it is, health tells and it is tried again
                logger.exception("the engine could not be restarted after %.1f s", time.monotonic() - began_s)
            self._closed.wait(wait_s)
            wait_s = min(2 * wait_s, MOST_WAIT_S)
            anew = True
        return None
