"""Ask all targets all items: interleaved, bounded, journalled, within a money and a time limit.

Enter at `run_suite`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from advisor.baseline.ask import Limits, model_of, open_client
from advisor.baseline.cache import Cache, key_of
from advisor.baseline.expected import expectations
from advisor.baseline.replies import Journal, JournalHead, Reply
from advisor.baseline.suite import Suite
from advisor.baseline.targets import TargetSpec
from advisor.baseline.work import Work
from advisor.contracts.baseline import Expected, SuiteItem
from advisor.contracts.catalog import ApiModelRow


@dataclass(frozen=True)
class RunSettings:
    """How to ask."""

    limits: Limits
    concurrency: int = 4
    max_cost_usd: float | None = None
    max_minutes: float | None = None
    resume: bool = False
    cache_path: Path | None = None
    """None: nothing is taken from earlier runs, nothing is kept for later ones."""
    cache_max_age: timedelta = timedelta(days=7)
    agree: Callable[[Sequence[Expected]], None] = lambda _: None
    """Called with what the run will take before the first question; raises where it shall not be."""


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

    def advance(self, target: str, spent_usd: float) -> None:
        """One more item of the target is done; the whole run has cost so much so far."""


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
        Failed: an endpoint answers nothing; what the others answered is in the journal. Or the user did not agree.
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
        journal = Journal.resume(journal_path, head) if settings.resume else None
        before = {} if journal is None else dict(journal.replies)
        cache = Cache.open(settings.cache_path, settings.cache_max_age, datetime.now(UTC))
        stack.callback(cache.close)
        hits, expected = _looked_up(suite, specs, models, prices, settings, before, cache)
        settings.agree(expected)
        journal = journal or Journal.start(journal_path, head.model_copy(update={"expected": expected}))
        stack.callback(journal.close)
        for reply in hits:
            journal.add(reply)
        work = Work(suite, tuple(specs), models, clients, prices, settings, progress, journal, cache)
        await work.run()
        return Asked(journal.head, dict(journal.replies), work.stopped)


def _looked_up(
    suite: Suite,
    specs: Sequence[TargetSpec],
    models: Mapping[str, str],
    prices: Mapping[str, ApiModelRow],
    settings: RunSettings,
    before: Mapping[tuple[str, str], Reply],
    cache: Cache,
) -> tuple[list[Reply], tuple[Expected, ...]]:
    """What the cache answers, and what is left to ask."""
    hits: list[Reply] = []
    left: dict[str, list[SuiteItem]] = {spec.name: [] for spec in specs}
    limit = settings.limits.max_output_tokens
    for spec in specs:
        for item in suite.items:
            reply = before.get((spec.name, item.id))
            if reply is not None and reply.error is None:
                continue
            hit = cache.find(key_of(spec, models[spec.name], item, limit), item, spec)
            if hit is None:
                left[spec.name].append(item)
            else:
                hits.append(hit)
    expected = expectations(
        left,
        [*before.values(), *hits],
        prices,
        max_output_tokens=limit,
        concurrency=settings.concurrency,
        on=datetime.now(UTC).date(),
    )
    return hits, expected
