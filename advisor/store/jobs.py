"""The queue of jobs, in the database itself. Enter at `JobQueue`.

A worker takes a job for a short time and says again and again that it is still there; when it dies the time runs out
and another takes the job up where its results end. A result is stored together with the proof that the worker still
has the job, so a worker that was only slow cannot add one twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from advisor.store.audit import append
from advisor.store.chain import Event, instant
from advisor.store.documents import Change, Store
from advisor.store.errors import Conflict, NotStored
from advisor.store.origin import Origin, hash_of
from advisor.store.tables import JobRecord, JobResultRecord

LEASE_S = 30.0
MAX_ATTEMPTS = 5
"""Times that a job is taken up without a further result: its case may be what kills the workers."""
WITHOUT_REQUEST = defer(JobRecord.document)
"""Requests are large; how far a job is stands beside them."""
OPEN_STATES = ("queued", "running")


class LeaseLost(Exception):
    """The worker has the job no longer, and must leave it alone."""


@dataclass(frozen=True)
class Claim:
    """A job that a worker has taken."""

    id: UUID
    lease: str
    request: str
    """JSON."""
    origin: Origin
    """Who asked for it: what is stored for the job is stored in this name."""
    done: frozenset[int]
    """Positions that have a result."""


@dataclass(frozen=True)
class JobRow:
    """A job as it stands."""

    record: JobRecord
    num_done: int
    num_refused: int


@dataclass(frozen=True)
class Rows:
    """Part of a list, and how many there are in all."""

    rows: Sequence[Any]
    total: int


class JobQueue:
    """All jobs of one store."""

    def __init__(self, store: Store, *, lease_s: float = LEASE_S) -> None:
        self.store = store
        self.lease_s = lease_s

    async def claim(self) -> Claim | None:
        """Take the oldest job that nobody has; None where there is none. No two workers take the same."""
        async with self.store.sessions() as session:
            if not self.store.is_postgresql:
                await session.execute(text("BEGIN IMMEDIATE"))
            moment = await self._moment(session)
            orphaned = and_(JobRecord.state == "running", JobRecord.lease_until < moment)
            waiting = select(JobRecord).where(or_(JobRecord.state == "queued", orphaned))
            oldest = waiting.order_by(JobRecord.created_at, JobRecord.id).limit(1)
            job = await session.scalar(oldest.with_for_update(skip_locked=True))  # SQLite leaves that out
            if job is None:
                return None
            if job.num_attempts >= MAX_ATTEMPTS:
                job.state, job.finished_at, job.lease = "failed", moment, None
                job.reason = f"{job.num_attempts} workers in a row have not come to a further result"
                await session.commit()
                return None
            job.state, job.lease = "running", str(uuid4())
            job.lease_until = moment + timedelta(seconds=self.lease_s)
            job.started_at = job.started_at or moment
            job.num_attempts += 1
            done = await session.scalars(select(JobResultRecord.position).where(JobResultRecord.job_id == job.id))
            origin = Origin(request_id=job.request_id, tenant=job.tenant, actor=job.actor)
            claim = Claim(job.id, job.lease, job.document, origin, frozenset(done))
            await session.commit()
            return claim

    async def keep(self, claim: Claim) -> None:
        """Say that the worker is still there.

        Raises:
            LeaseLost: it has the job no longer.
        """
        async with self.store.sessions() as session:
            if not self.store.is_postgresql:
                await session.execute(text("BEGIN IMMEDIATE"))
            until = await self._moment(session) + timedelta(seconds=self.lease_s)
            await self._change(session, claim, lease_until=until)
            await session.commit()

    async def add_result(
        self, claim: Claim, position: int, document: str, changes: Sequence[Change], *, succeeded: bool
    ) -> None:
        """Store the result of one case with everything that belongs to it, or nothing.

        Raises:
            LeaseLost: the worker has the job no longer.
        """
        async with self.store.writing() as session:
            until = await self._moment(session) + timedelta(seconds=self.lease_s)
            await self._change(session, claim, lease_until=until, num_attempts=0)
            session.add(JobResultRecord(job_id=claim.id, position=position, succeeded=succeeded, document=document))
            await self.store.add_in(session, changes, claim.origin)

    async def finish(self, claim: Claim) -> None:
        """All cases have a result.

        Raises:
            LeaseLost: the worker has the job no longer.
        """
        async with self.store.writing() as session:
            moment = await self._moment(session)
            await self._change(session, claim, state="done", finished_at=moment, lease=None, lease_until=None)
            await append(session, [self._event("finish", claim.id, claim.request, claim.origin)])

    async def release(self, claim: Claim) -> None:
        """Give a job back before its end; another worker takes it up at once.

        Raises:
            LeaseLost: the worker has the job no longer.
        """
        async with self.store.sessions() as session:
            await self._change(session, claim, state="queued", lease=None, lease_until=None, num_attempts=0)
            await session.commit()

    async def cancel(self, identity: UUID, origin: Origin) -> None:
        """End a job that is not at its end; what it has stored stays. Once more changes nothing.

        Raises:
            NotStored: the tenant has no such job.
            Conflict: the job is at its end already.
        """
        async with self.store.writing() as session:
            job = await self._mine(session, identity, origin.tenant, whole=True)
            if job.state == "cancelled":
                return
            if job.state not in OPEN_STATES:
                raise Conflict(f"job {str(identity)!r} is {job.state}; only queued and running jobs can be cancelled")
            job.state, job.finished_at, job.lease = "cancelled", await self._moment(session), None
            await append(session, [self._event("cancel", identity, job.document, origin)])

    async def job(self, identity: UUID, *, tenant: str) -> JobRow:
        """One job as it stands.

        Raises:
            NotStored: the tenant has no such job.
        """
        async with self.store.sessions() as session:
            return (await _counted(session, [await self._mine(session, identity, tenant)]))[0]

    async def jobs(self, *, state: str | None, limit: int, offset: int, tenant: str) -> Rows:
        """A tenant's jobs, newest first."""
        wanted = [JobRecord.tenant == tenant, *([] if state is None else [JobRecord.state == state])]
        newest = (
            select(JobRecord)
            .options(WITHOUT_REQUEST)
            .where(*wanted)
            .order_by(JobRecord.created_at.desc(), JobRecord.id.desc())
        )
        async with self.store.sessions() as session:
            total = await session.scalar(select(func.count()).select_from(JobRecord).where(*wanted))
            records = (await session.scalars(newest.limit(limit).offset(offset))).all()
            return Rows(await _counted(session, records), total or 0)

    async def results(self, identity: UUID, *, limit: int, offset: int, tenant: str) -> Rows:
        """Results of a job as JSON, in the order of the request.

        Raises:
            NotStored: the tenant has no such job.
        """
        mine = JobResultRecord.job_id == identity
        ordered = select(JobResultRecord.document).where(mine).order_by(JobResultRecord.position)
        async with self.store.sessions() as session:
            await self._mine(session, identity, tenant)
            total = await session.scalar(select(func.count()).select_from(JobResultRecord).where(mine))
            return Rows((await session.scalars(ordered.limit(limit).offset(offset))).all(), total or 0)

    async def _mine(self, session: AsyncSession, identity: UUID, tenant: str, *, whole: bool = False) -> JobRecord:
        job = await session.get(JobRecord, identity, options=() if whole else (WITHOUT_REQUEST,))
        if job is None or job.tenant != tenant:
            raise NotStored(f"no job {str(identity)!r}; GET /v1/jobs lists what there is")
        return job

    async def _change(self, session: AsyncSession, claim: Claim, **values: Any) -> None:
        mine = (JobRecord.id == claim.id, JobRecord.lease == claim.lease, JobRecord.state == "running")
        done: Any = await session.execute(update(JobRecord).where(*mine).values(**values))
        if done.rowcount != 1:
            raise LeaseLost

    async def _moment(self, session: AsyncSession) -> datetime:
        """The present, by one clock for all workers: the database's, or that of the machine that a file is on."""
        if self.store.is_postgresql:
            found: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
            return found
        return self.store.clock()

    def _event(self, action: str, identity: UUID, request: str, origin: Origin) -> Event:
        return Event(
            at=instant(self.store.clock()),
            tenant=origin.tenant,
            actor=origin.actor,
            action=action,
            kind="job",
            document_id=identity,
            document_sha256=hash_of(request),
            request_id=origin.request_id,
        )


async def _counted(session: AsyncSession, records: Sequence[JobRecord]) -> list[JobRow]:
    counts = await session.execute(
        select(JobResultRecord.job_id, JobResultRecord.succeeded, func.count())
        .where(JobResultRecord.job_id.in_([record.id for record in records]))
        .group_by(JobResultRecord.job_id, JobResultRecord.succeeded)
    )
    found = {(identity, succeeded): count for identity, succeeded, count in counts}
    return [JobRow(record, found.get((record.id, True), 0), found.get((record.id, False), 0)) for record in records]
