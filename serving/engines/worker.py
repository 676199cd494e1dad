"""The thread that runs a model: takes sequences from a bounded queue and steps the batch.

Enter at `Worker`. A sequence that makes the model fail is answered with the failure; the thread goes on.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from serving.engine import EngineBusy, EngineFailed, Generation, Load
from serving.engines.batch import Batch

MOST_WAITING = 64


class Worker:
    """One thread, one batch, one queue."""

    def __init__(self, batch: Batch, *, most_waiting: int = MOST_WAITING) -> None:
        self._batch = batch
        self._most_waiting = most_waiting
        self._waiting: deque[Generation] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="serving-engine", daemon=True)
        self._thread.start()

    def submit(self, generations: Sequence[Generation]) -> None:
        """Queue sequences, all or none.

        Raises:
            EngineBusy: they do not fit into the queue.
        """
        with self._changed:
            room = self._most_waiting + self._batch.most - len(self._batch.rows) - len(self._waiting)
            if self._closing or len(generations) > room:
                raise EngineBusy(f"{len(self._waiting)} sequences are waiting")
            self._waiting.extend(generations)
            self._changed.notify()

    def load(self) -> Load:
        """Present load."""
        return Load(running=len(self._batch.rows), waiting=len(self._waiting))

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Fail what is queued or running and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._closing or self._waiting or self._batch.rows):
                    self._changed.wait()
                if self._closing:
                    self._fail([*self._waiting, *self._batch.clear()], "the server is stopping")
                    self._waiting.clear()
                    return
                joins = self._waiting and len(self._batch.rows) < self._batch.most
                newcomer = self._waiting.popleft() if joins else None
            self._turn(newcomer)

    def _turn(self, newcomer: Generation | None) -> None:
        """At most one prompt between two steps, so that running sequences keep moving."""
        if newcomer is not None and not newcomer.cancelled:
            self._guarded(lambda: self._batch.admit(newcomer), lambda: [newcomer])
        self._guarded(self._batch.step, self._batch.clear)

    def _guarded(self, action: Callable[[], None], victims: Callable[[], Sequence[Generation]]) -> None:
        try:
            action()
        except Exception as error:
            # Whatever a model raises (out of memory, a broken kernel): its sequences fail, the server stays.
            self._fail(victims(), f"{type(error).__name__}: {error}")

    @staticmethod
    def _fail(generations: Sequence[Generation], reason: str) -> None:
        for generation in generations:
            generation.feed(EngineFailed(reason))
