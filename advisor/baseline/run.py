"""Ask all targets all items: interleaved, bounded, journalled, within a money and a time limit.

Enter at `run_suite`.
"""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

import openai

from advisor.baseline.ask import Limits, ask, model_of, open_client
from advisor.baseline.pricing import Cap, ceiling_usd, reply_usd
from advisor.baseline.replies import Journal, JournalHead, Reply
from advisor.baseline.suite import Suite
from advisor.baseline.targets import TargetSpec
from advisor.contracts.baseline import SuiteItem
from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.errors import Failed, RichtwertError

GIVE_UP_AFTER = 5
"""An endpoint whose first replies are all errors is down, or not what it was taken for."""


@dataclass(frozen=True)
class RunSettings:
    """How to ask."""

    limits: Limits
    concurrency: int = 4
    max_cost_usd: float | None = None
    max_minutes: float | None = None
    resume: bool = False


@dataclass(frozen=True)
class Asked:
    """What came of a run."""

    head: JournalHead
    replies: Mapping[tuple[str, str], Reply]
    """By target and item id."""
    stopped: str | None
    """Why items were left unasked; None when none were."""


class Progress(Protocol):
    """Where the run says how far it is."""

    def begin(self, target: str, done: int, total: int) -> None:
        """A target starts, with so many items answered before."""

    def advance(self, target: str) -> None:
        """One more item of the target is done."""


async def run_suite(
    suite: Suite,
    specs: Sequence[TargetSpec],
    *,
    journal_path: Path,
    prices: Mapping[str, ApiModelRow],
    settings: RunSettings,
    progress: Progress,
    environment: Mapping[str, str] = os.environ,
) -> Asked:
    """Ask what is not answered yet and return all replies, earlier ones included.

    Raises:
        BadInput: the journal belongs to another run, or a target's model has to be named.
        Failed: an endpoint answers nothing; what the others answered is in the journal.
    """
    async with AsyncExitStack() as stack:
        clients = {
            spec.name: await stack.enter_async_context(open_client(spec, settings.limits, environment))
            for spec in specs
        }
        models = {spec.name: await model_of(spec, clients[spec.name]) for spec in specs}
        head = JournalHead(
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            suite_sha256=suite.sha256,
            targets=tuple(spec.as_target(models[spec.name]) for spec in specs),
            max_output_tokens=settings.limits.max_output_tokens,
        )
        journal = (Journal.resume if settings.resume else Journal.start)(journal_path, head)
        stack.callback(journal.close)
        work = _Work(suite, tuple(specs), models, clients, prices, settings, progress, journal)
        await work.run()
        return Asked(journal.head, dict(journal.replies), work.stopped)


@dataclass
class _Work:
    """State of one run: the queue, the journal, the limits."""

    suite: Suite
    specs: tuple[TargetSpec, ...]
    models: Mapping[str, str]
    clients: Mapping[str, openai.AsyncOpenAI]
    prices: Mapping[str, ApiModelRow]
    settings: RunSettings
    progress: Progress
    journal: Journal
    stopped: str | None = None
    queue: deque[tuple[TargetSpec, SuiteItem]] = field(default_factory=deque)
    started_s: float = field(default_factory=time.monotonic)
    cap: Cap = field(default_factory=lambda: Cap(None))
    errors: Counter[str] = field(default_factory=Counter)
    answering: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Work off the queue with as many workers as may ask at once."""
        self.queue.extend(self._interleaved())
        self.started_s = time.monotonic()
        self.cap = Cap(self.settings.max_cost_usd, spent_usd=self._spent_before())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.settings.concurrency, len(self.queue))):
                    group.create_task(self._worker())
        except ExceptionGroup as group:
            failures, others = group.split(RichtwertError)
            if failures is None or others is not None:
                raise
            raise failures.exceptions[0] from None

    def _interleaved(self) -> list[tuple[TargetSpec, SuiteItem]]:
        """Item by item, the targets in turn first, so that time of day and load meet all alike."""
        ids = [item.id for item in self.suite.items]
        left = {spec.name: set(self.journal.unanswered(spec.name, ids)) for spec in self.specs}
        for spec in self.specs:
            self.progress.begin(spec.name, len(ids) - len(left[spec.name]), len(ids))
        turns = len(self.specs)
        return [
            (spec, item)
            for number, item in enumerate(self.suite.items)
            for spec in (self.specs[(number + turn) % turns] for turn in range(turns))
            if item.id in left[spec.name]
        ]

    async def _worker(self) -> None:
        while self.queue and self.stopped is None:
            minutes = (time.monotonic() - self.started_s) / 60
            if self.settings.max_minutes is not None and minutes >= self.settings.max_minutes:
                self.stopped = f"stopped after {self.settings.max_minutes:g} minutes (--max-minutes)"
                return
            spec, item = self.queue.popleft()
            ceiling = self._ceiling_usd(spec, item)
            if not await self.cap.reserve(ceiling):
                self.stopped = (
                    f"stopped at {self.cap.spent_usd:.4f} USD: the next request could pass "
                    f"--max-cost-usd {self.settings.max_cost_usd:g}"
                )
                return
            spent = ceiling
            try:
                reply = await ask(
                    spec, self.models[spec.name], item, client=self.clients[spec.name], limits=self.settings.limits
                )
                spent = self._spent_usd(reply, ceiling)
            finally:
                await self.cap.settle(ceiling, spent)
            self.journal.add(reply)
            self.progress.advance(spec.name)
            self._give_up_if_down(spec, reply)

    def _ceiling_usd(self, spec: TargetSpec, item: SuiteItem) -> float:
        row = self.prices.get(spec.name)
        if row is None or self.settings.max_cost_usd is None:
            return 0.0
        return ceiling_usd(row, item, self.settings.limits.max_output_tokens, self._today())

    def _spent_usd(self, reply: Reply, ceiling: float) -> float:
        """What the reply cost; without usage, the most that it can have cost."""
        row = self.prices.get(reply.target)
        known = reply_usd(row, reply, self._today()) if row is not None else 0.0
        if known is not None:
            return known
        return ceiling if reply.charge_uncertain else 0.0

    def _spent_before(self) -> float:
        items = {item.id: item for item in self.suite.items}
        specs = {spec.name: spec for spec in self.specs}
        return sum(
            self._spent_usd(reply, self._ceiling_usd(specs[target], items[item_id]))
            for (target, item_id), reply in self.journal.replies.items()
        )

    def _give_up_if_down(self, spec: TargetSpec, reply: Reply) -> None:
        if reply.error is None:
            self.answering.add(spec.name)
            return
        self.errors[spec.name] += 1
        if spec.name not in self.answering and self.errors[spec.name] >= GIVE_UP_AFTER:
            raise Failed(
                f"target {spec.name}: {spec.base_url}: the first {GIVE_UP_AFTER} requests all failed, the last with: "
                f"{reply.error}\nwhat was answered is in {self.journal.path}; go on with --resume"
            )

    def _today(self) -> date:
        return datetime.fromisoformat(self.journal.head.created_at).date()
