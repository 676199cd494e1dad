"""The queue of a run: asks what is left, in turn, and stops before a limit is passed.

Enter at `Work`.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import openai

from advisor.baseline.ask import ask
from advisor.baseline.cache import Cache, key_of
from advisor.baseline.pricing import Cap, ceiling_usd, reply_usd
from advisor.baseline.replies import Journal, Reply
from advisor.baseline.suite import Suite
from advisor.baseline.targets import TargetSpec
from advisor.contracts.baseline import SuiteItem
from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.errors import Failed, RichtwertError

if TYPE_CHECKING:
    from advisor.baseline.run import Progress, RunSettings

GIVE_UP_AFTER = 5
"""An endpoint whose first replies are all errors is down, or not what it was taken for."""


@dataclass
class Work:
    """State of one run: the queue, the journal, the limits."""

    suite: Suite
    specs: tuple[TargetSpec, ...]
    models: Mapping[str, str]
    clients: Mapping[str, openai.AsyncOpenAI]
    prices: Mapping[str, ApiModelRow]
    settings: "RunSettings"
    progress: "Progress"
    journal: Journal
    cache: Cache
    slowest_s: dict[str, float] = field(default_factory=dict)
    """Longest that a target took for one item; with it a request is not begun that the time limit would cut off."""
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
            spec, item = self.queue.popleft()
            if not self._has_time_for(spec):
                self.stopped = f"stopped after {self.settings.max_minutes:g} minutes (--max-minutes)"
                return
            ceiling = self._ceiling_usd(spec, item)
            if not await self.cap.reserve(ceiling):
                self.stopped = (
                    f"stopped at {self.cap.spent_usd:.4f} USD: the next request could pass "
                    f"--max-cost-usd {self.settings.max_cost_usd:g}"
                )
                return
            spent = ceiling
            begun_s = time.monotonic()
            try:
                reply = await self._ask(spec, item)
                spent = self._spent_usd(reply, ceiling)
            finally:
                await self.cap.settle(ceiling, spent)
            self.slowest_s[spec.name] = max(self.slowest_s.get(spec.name, 0.0), time.monotonic() - begun_s)
            self.journal.add(reply)
            key = key_of(spec, self.models[spec.name], item, self.settings.limits.max_output_tokens)
            self.cache.add(key, spec, reply)
            self.progress.advance(spec.name, self.cap.spent_usd)
            self._give_up_if_down(spec, reply)

    async def _ask(self, spec: TargetSpec, item: SuiteItem) -> Reply:
        """Ask until the time limit; what it cuts off may have been charged, and is asked again by --resume."""
        client = self.clients[spec.name]
        try:
            async with asyncio.timeout(self._left_s()):
                return await ask(spec, self.models[spec.name], item, client=client, limits=self.settings.limits)
        except TimeoutError:
            self.stopped = f"stopped after {self.settings.max_minutes:g} minutes (--max-minutes)"
            said = "cut off by --max-minutes"
            return Reply(item_id=item.id, target=spec.name, text=None, error=said, charge_uncertain=True)

    def _left_s(self) -> float | None:
        if self.settings.max_minutes is None:
            return None
        return max(0.0, self.started_s + 60 * self.settings.max_minutes - time.monotonic())

    def _has_time_for(self, spec: TargetSpec) -> bool:
        left_s = self._left_s()
        return left_s is None or left_s > self.slowest_s.get(spec.name, 0.0)

    def _ceiling_usd(self, spec: TargetSpec, item: SuiteItem) -> float:
        row = self.prices.get(spec.name)
        if row is None or self.settings.max_cost_usd is None:
            return 0.0
        return ceiling_usd(row, item, self.settings.limits.max_output_tokens, self._today())

    def _spent_usd(self, reply: Reply, ceiling: float) -> float:
        """What the reply cost this run; without usage, the most that it can have cost."""
        if reply.cached_at is not None:
            return 0.0
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
