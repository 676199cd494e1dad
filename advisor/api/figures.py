"""What the service says of its store to Prometheus, and the walks along the audit trail.

Enter at `Figures`. `advisor serve` shows them beside its HTTP figures, `advisor worker --metrics-port` alone.
"""

import logging
import time
from dataclasses import dataclass

import anyio
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from advisor.store import StoreUnavailable
from advisor.store.audit import Finding, verify
from advisor.store.database import Database
from advisor.store.figures import job_figures

log = logging.getLogger("advisor.audit")


@dataclass(frozen=True)
class Walk:
    """A walk along the audit trail, and when it ended."""

    finding: Finding
    ended_s: float
    """Seconds since 1970."""


class AuditWatch:
    """Walks the audit trail again and again, so that a break is known before somebody asks."""

    def __init__(self, database: Database, *, every_s: float) -> None:
        self.database = database
        self.every_s = every_s
        self.last: Walk | None = None

    async def run(self, stop: anyio.Event) -> None:
        """Walk, wait, and so on until told to stop."""
        while not stop.is_set():
            await self.walk()
            with anyio.move_on_after(self.every_s):
                await stop.wait()

    async def walk(self) -> None:
        """Walk once; a store that does not answer leaves the last walk as it is, with its time."""
        try:
            found = await verify(self.database)
        except StoreUnavailable as error:
            log.warning("the audit trail was not walked: %s", error)
            return
        self.last = Walk(found, time.time())
        if found.first_break is not None:
            log.error("the audit trail is broken: %s (advisor audit verify)", found.first_break.reason)


class Figures:
    """Jobs by state, the store's sign of life, and the last walk along the audit trail."""

    def __init__(self, database: Database, watch: AuditWatch | None = None) -> None:
        self.database = database
        self.watch = watch

    async def families(self) -> list[Metric]:
        """The figures of this moment; what is not known is left out, never 0."""
        up = GaugeMetricFamily("advisor_store_up", "Whether the database answers")
        found = [up, *self._audit()]
        try:
            figures = await job_figures(self.database)
        except StoreUnavailable as error:
            log.warning("jobs were not counted: %s", error)
            up.add_metric((), 0)
            return found
        up.add_metric((), 1)
        jobs = GaugeMetricFamily("advisor_jobs", "Jobs of all tenants", labels=("state",))
        cases = GaugeMetricFamily("advisor_job_cases", "Cases of these jobs", labels=("state",))
        for state, count in figures.jobs.items():
            jobs.add_metric((state,), count)
            cases.add_metric((state,), figures.cases[state])
        age = GaugeMetricFamily("advisor_oldest_queued_job_age_seconds", "Of the job that nobody has taken up yet")
        if figures.oldest_queued_s is not None:
            age.add_metric((), figures.oldest_queued_s)
        return [*found, jobs, cases, age]

    async def text(self) -> bytes:
        """The page that Prometheus reads."""
        registry = CollectorRegistry()
        registry.register(_Read(await self.families()))
        return generate_latest(registry)

    def _audit(self) -> list[Metric]:
        if self.watch is None or self.watch.last is None:
            return []
        walk = self.watch.last
        rows = (
            ("advisor_audit_intact", "1: the trail holds; 0: it is broken", float(walk.finding.first_break is None)),
            ("advisor_audit_entries", "Entries that hold", walk.finding.entries),
            ("advisor_audit_walked_timestamp_seconds", "End of the last walk along the trail", walk.ended_s),
        )
        return [GaugeMetricFamily(name, text, value=value) for name, text, value in rows]


class _Read(Collector):
    """Figures that were read already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families
