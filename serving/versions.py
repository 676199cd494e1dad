"""The versions of one model: which of them answers a request, and how one takes the place of another.

Enter at `Line`. A new version takes a share of the requests, chosen by a hash so that the same user always gets the
same one; it is taken back by itself when `serving.canary` finds it worse. A version that has to go is drained before
its engine is closed. All of this runs on the event loop alone, so there is no lock.
"""

import asyncio
import gc
import hashlib
import logging
from dataclasses import dataclass, field
from typing import Literal

from serving.canary import CanaryRule, Outcomes
from serving.engine import Engine
from serving.errors import ApiError
from serving.model_dir import ServedModel

State = Literal["serving", "canary", "draining", "closed"]
HASHED = 2**64

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Version:
    """One directory of weights behind a model's name."""

    id: str
    model: ServedModel
    loaded: Engine | None
    """None once it is closed, so that its memory is free."""
    state: State = "serving"
    outcomes: Outcomes = field(default_factory=Outcomes)
    in_flight: int = 0
    note: str = ""
    """Why it was taken back."""
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def engine(self) -> Engine:
        """The engine of a version that is not closed."""
        if self.loaded is None:
            raise RuntimeError(f"version {self.id} is closed")
        return self.loaded

    def forget(self) -> None:
        """Let go of the engine, which is closed."""
        self.loaded = None

    def begin(self) -> None:
        """A request is accepted; the engine stays until it has ended."""
        self.in_flight += 1
        self.idle.clear()

    def end(self) -> None:
        """The request is over, however it ended."""
        self.in_flight -= 1
        if self.in_flight == 0:
            self.idle.set()


class Line:
    """All versions of one model."""

    def __init__(self, model: ServedModel, engine: Engine) -> None:
        self.name = model.name
        self.current = Version(version_id(1, model), model, engine)
        self.canary: Version | None = None
        self.share_fraction = 0.0
        self.rule = CanaryRule()
        self.loading = False
        """A version is being loaded."""
        self.versions = [self.current]
        """In the order in which they came; closed ones stay for the record, without their engine."""
        self.restarts_before: dict[str, int] = {}
        """Of engines that are closed by now, by cause: a counter never falls."""
        self._tasks: set[asyncio.Task[None]] = set()

    def choose(self, key: str) -> Version:
        """The version for a request: by a hash of its user or its id, so that the same key gets the same one."""
        canary = self.canary
        if canary is not None and _place(f"{canary.id}/{key}") < self.share_fraction and canary.engine.alive():
            return canary
        return self.current

    def next_id(self, model: ServedModel) -> str:
        """Name of a version that is about to come."""
        return version_id(len(self.versions) + 1, model)

    def check_free(self) -> None:
        """Whether a new version may come.

        Raises:
            ApiError: 409 while another one is being tried.
        """
        if self.canary is not None or self.loading:
            which = (
                "A version is being loaded" if self.canary is None else f"The version {self.canary.id!r} is on trial"
            )
            message = f"{which}; promote it or roll it back first"
            raise ApiError(409, message, code="version_in_trial")

    def try_out(self, version: Version, *, share_fraction: float, rule: CanaryRule) -> None:
        """Give a new version its share."""
        self.check_free()
        version.state = "canary"
        self.versions.append(version)
        self.canary, self.share_fraction, self.rule = version, share_fraction, rule

    def promote(self, version_id: str) -> None:
        """The version on trial takes all requests; the old one is drained and closed.

        Raises:
            ApiError: 404, it is not on trial.
        """
        new, old = self._on_trial(version_id), self.current
        self.current, self.canary, self.share_fraction = new, None, 0.0
        new.state = "serving"
        logger.warning("%s: version %s is promoted, %s is drained", self.name, new.id, old.id)
        self._drain(old, "replaced")

    def roll_back(self, version_id: str, reason: str) -> None:
        """The version on trial gets no more requests, is drained and closed.

        Raises:
            ApiError: 404, it is not on trial.
        """
        version = self._on_trial(version_id)
        self.canary, self.share_fraction = None, 0.0
        logger.warning("%s: version %s is rolled back: %s", self.name, version.id, reason)
        self._drain(version, f"rolled back: {reason}")

    def observe(self, version: Version, *, failed: bool, duration_s: float) -> None:
        """A request has ended; the version on trial may have to go."""
        version.outcomes.note(failed=failed, duration_s=duration_s)
        if version is self.canary:
            reason = self.rule.broken(new=version.outcomes, old=self.current.outcomes)
            if reason is not None:
                self.roll_back(version.id, reason)

    def close_engines(self) -> None:
        """End all engines at once, whatever they are at; from any thread."""
        for version in list(self.versions):
            if version.loaded is not None:
                version.loaded.close()

    def _on_trial(self, version_id: str) -> Version:
        if self.canary is None or self.canary.id != version_id:
            known = "none is" if self.canary is None else f"{self.canary.id!r} is"
            raise ApiError(404, f"The version {version_id!r} is not on trial; {known}", code="version_not_found")
        return self.canary

    def _drain(self, version: Version, note: str) -> None:
        version.state, version.note = "draining", note
        if version.in_flight == 0:
            version.idle.set()
        task = asyncio.create_task(self._close_when_idle(version))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _close_when_idle(self, version: Version) -> None:
        await version.idle.wait()
        await asyncio.to_thread(version.engine.close)
        for cause, count in version.engine.restarts().items():
            self.restarts_before[cause] = self.restarts_before.get(cause, 0) + count
        version.state = "closed"
        version.forget()
        await asyncio.to_thread(gc.collect)  # model, batch and threads point at each other
        logger.warning("%s: version %s is closed", self.name, version.id)


def version_id(number: int, model: ServedModel) -> str:
    """A name that people recognise: a number and the last words of the directory."""
    return f"{number}-{model.path.resolve().name if model.path is not None else model.name}"


def _place(key: str) -> float:
    """Where a key lies between 0 and 1, evenly and for ever the same."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / HASHED
