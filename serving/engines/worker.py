"""The thread that runs a model: takes sequences from a bounded queue and steps the batch.

Enter at `Worker`. A sequence that makes the model fail is answered with the failure; the thread goes on. A worker
lives once: what happens when its thread dies or hangs is the matter of `serving.engines.supervisor`.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from serving.engine import EngineBusy, EngineFailed, Generation, Load
from serving.engines.batch import Batch

MOST_WAITING = 64


@dataclass(frozen=True)
class Left:
    """What a worker had in hand when it was given up."""

    running: list[Generation]
    """Begun, so they cannot be taken up by another worker."""
    waiting: list[Generation]


class Worker:
    """One thread, one batch, one queue."""

    def __init__(self, batch: Batch, *, most_waiting: int = MOST_WAITING, waiting: Sequence[Generation] = ()) -> None:
        self.batch = batch
        self.failures_in_a_row = 0
        """Turns that ended in an error since the last one that did not."""
        self._most_waiting = most_waiting
        self._waiting: deque[Generation] = deque(waiting)
        self._admitting: Generation | None = None
        self._turn_began_s: float | None = None
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="serving-engine", daemon=True)
        self._thread.start()

    @property
    def thread_id(self) -> int | None:
        """Of the thread, for whoever has to look at it from outside."""
        return self._thread.ident

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none.

        Raises:
            EngineBusy: they do not fit into the queue.
        """
        with self._changed:
            if self._closing:
                raise EngineBusy("the engine is restarting or stopping")
            room = self._most_waiting + self.batch.most - len(self.batch.rows) - len(self._waiting)
            if len(generations) > room:
                raise EngineBusy(f"{len(self._waiting)} sequences are waiting")
            self._waiting.extend(generations)
            self._changed.notify()

    def load(self, adapter: str | None = None) -> Load:
        """Present load of the model, or of one of its adapters."""
        running = sum(row.generation.adapter == adapter for row in list(self.batch.rows))
        return Load(running=running, waiting=sum(one.adapter == adapter for one in list(self._waiting)))

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def busy_s(self) -> float:
        """How long the present turn (a prompt, a step) has taken; 0 between turns."""
        began_s = self._turn_began_s
        return 0.0 if began_s is None else time.monotonic() - began_s

    def close(self, *, patience_s: float | None = None) -> None:
        """Fail what is queued or running and end the thread; a thread that does not end in time is left alone."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(patience_s)

    def give_up(self) -> Left:
        """Take what it has in hand out of it; the thread, if it ever goes on, ends by itself."""
        with self._changed:
            self._closing = True
            waiting, running = list(self._waiting), [row.generation for row in self.batch.rows]
            self._waiting.clear()
            self._changed.notify()
        newcomer = self._admitting
        if newcomer is not None and newcomer not in running:
            running.append(newcomer)
        return Left(running, waiting)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._closing or self._waiting or self.batch.rows):
                    self._changed.wait()
                if self._closing:
                    fail([*self._waiting, *self.batch.clear()], "the server is stopping")
                    self._waiting.clear()
                    return
                joins = self._waiting and len(self.batch.rows) < self.batch.most
                newcomer = self._admitting = self._waiting.popleft() if joins else None
            self._turn(newcomer)

    def _turn(self, newcomer: Generation | None) -> None:
        """At most one prompt between two steps, so that running sequences keep moving."""
        self._turn_began_s = time.monotonic()
        good = True
        if newcomer is not None and not newcomer.cancelled:
            good = self._guarded(lambda: self.batch.admit(newcomer), lambda: [newcomer])
        self._admitting = None
        self._turn_began_s = time.monotonic()
        good &= self._guarded(self.batch.step, self.batch.clear)
        self.failures_in_a_row = 0 if good else self.failures_in_a_row + 1
        self._turn_began_s = None

    @staticmethod
    def _guarded(action: Callable[[], None], victims: Callable[[], Sequence[Generation]]) -> bool:
        try:
            action()
        except Exception as error:
            # Whatever a model raises (out of memory, a broken kernel): its sequences fail, the server stays.
            fail(victims(), f"{type(error).__name__}: {error}")
            return False
        return True


def fail(generations: Sequence[Generation], reason: str) -> None:
    """Tell whoever reads these sequences that they will not be finished."""
    for generation in generations:
        generation.feed(EngineFailed(reason))
