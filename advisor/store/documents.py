"""Where the service keeps its documents. Enter at `Store`.

A document is stored as the JSON text it was given out as, so the same bytes come back (a JSON column would rewrite
numbers and key order, and PostgreSQL's refuses NUL in strings). Documents never change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from advisor.store.audit import DELETED, append
from advisor.store.chain import Event, instant
from advisor.store.database import Database
from advisor.store.errors import KeyReused, NotStored
from advisor.store.origin import Origin, hash_of, now
from advisor.store.tables import RECORDS, DocumentBase, IdempotencyRecord, Kind

KEY_LIFE = timedelta(hours=24)
"""How long an idempotency key is remembered."""


@dataclass(frozen=True)
class Entry:
    """One document on its way into the store."""

    id: UUID
    created_at: datetime
    summary: str
    """JSON."""
    document: str
    """JSON."""


@dataclass(frozen=True)
class Change:
    """A document to store."""

    kind: Kind
    entry: Entry
    once: bool = False
    """True: its id follows from its content; where it is stored already it stays as it is."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """What a table has beside the columns of every document."""


@dataclass(frozen=True)
class Kept:
    """A stored document, as it answers the request that made it."""

    id: UUID
    summary: str
    document: str
    replayed: bool = False
    """True: an earlier request with the same key has made it."""


@dataclass(frozen=True)
class Listing:
    """Part of a list, newest first."""

    summaries: Sequence[str]
    total: int


class Store(Database):
    """All documents of one database."""

    def __init__(self, database_url: str | None = None, *, clock: Callable[[], datetime] = now) -> None:
        super().__init__(database_url)
        self.clock = clock

    async def document(self, kind: Kind, identity: UUID, *, tenant: str) -> str:
        """The JSON text of one document.

        Raises:
            NotStored: the tenant has none under this id.
        """
        async with self.sessions() as session:
            row = await session.get(RECORDS[kind], identity)
        if row is None or row.tenant != tenant:
            raise NotStored(f"no {kind} {str(identity)!r}; GET /v1/{kind}s lists what there is")
        return row.document

    async def listing(self, kind: Kind, *, limit: int, offset: int, tenant: str) -> Listing:
        """Summaries of a tenant's documents, newest first, and how many there are in all."""
        model = RECORDS[kind]
        mine = select(model.summary).where(model.tenant == tenant)
        newest = mine.order_by(model.created_at.desc(), model.id.desc()).limit(limit).offset(offset)
        async with self.sessions() as session:
            total = await session.scalar(select(func.count()).select_from(model).where(model.tenant == tenant))
            return Listing((await session.scalars(newest)).all(), total or 0)

    async def made_before(self, origin: Origin, body_sha256: str) -> Kept | None:
        """What an earlier request with the same key has made; None without a key, or where it is new.

        Raises:
            KeyReused: the key belongs to a request with another body.
        """
        if origin.scope_sha256 is None:
            return None
        async with self.sessions() as session:
            return await self._replay(session, origin, body_sha256)

    async def write(self, changes: Sequence[Change], origin: Origin, *, body_sha256: str) -> Kept:
        """Store documents together, or none of them; the first is what the request has made.

        Raises:
            KeyReused: the idempotency key belongs to a request with another body.
        """
        async with self.writing() as session:
            known = await self._replay(session, origin, body_sha256)
            if known is not None:
                return known
            rows = await self.add_in(session, changes, origin)
            if origin.scope_sha256 is not None:
                moment = self.clock()
                forgotten = IdempotencyRecord.created_at < moment - KEY_LIFE
                mine = IdempotencyRecord.scope_sha256 == origin.scope_sha256  # its document was deleted since
                await session.execute(delete(IdempotencyRecord).where(forgotten | mine))
                session.add(
                    IdempotencyRecord(
                        scope_sha256=origin.scope_sha256,
                        body_sha256=body_sha256,
                        created_at=moment,
                        kind=changes[0].kind,
                        document_id=rows[0].id,
                    )
                )
        return Kept(rows[0].id, rows[0].summary, rows[0].document)

    async def delete(self, kind: Kind, identity: UUID, origin: Origin) -> None:
        """Delete one document; the trail keeps that it was there, its hash and who deleted it.

        Raises:
            NotStored: the tenant has none under this id.
        """
        async with self.writing() as session:
            row = await session.get(RECORDS[kind], identity)
            if row is None or row.tenant != origin.tenant:
                raise NotStored(f"no {kind} {str(identity)!r}; GET /v1/{kind}s lists what there is")
            await session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.document_id == identity))
            await session.delete(row)
            await append(session, [self._event(kind, identity, row.document, origin, action=DELETED)])

    async def older_than(self, kind: Kind, before: datetime, *, tenant: str | None) -> list[tuple[UUID, str]]:
        """Ids of documents, and whose they are; of all tenants without one."""
        model = RECORDS[kind]
        wanted = [model.created_at < before, *([] if tenant is None else [model.tenant == tenant])]
        async with self.sessions() as session:
            rows = await session.execute(select(model.id, model.tenant).where(*wanted).order_by(model.created_at))
            return [(identity, owner) for identity, owner in rows]

    async def add_in(self, session: AsyncSession, changes: Sequence[Change], origin: Origin) -> list[DocumentBase]:
        """Add documents and their entries in the trail, in a session of `writing`."""
        rows, events = [], []
        for change in changes:
            known = await session.get(RECORDS[change.kind], change.entry.id) if change.once else None
            rows.append(known or _added(session, change, origin.tenant))
            if known is None:
                entry = change.entry
                events.append(self._event(change.kind, entry.id, entry.document, origin, action="create"))
        await append(session, events)
        return rows

    def _event(self, kind: Kind, identity: UUID, document: str, origin: Origin, *, action: str) -> Event:
        return Event(
            at=instant(self.clock()),
            tenant=origin.tenant,
            actor=origin.actor,
            action=action,
            kind=kind,
            document_id=identity,
            document_sha256=hash_of(document),
            request_id=origin.request_id,
        )

    async def _replay(self, session: AsyncSession, origin: Origin, body_sha256: str) -> Kept | None:
        if origin.scope_sha256 is None:
            return None
        seen = await session.get(IdempotencyRecord, origin.scope_sha256)
        if seen is None or seen.created_at < self.clock() - KEY_LIFE:
            return None
        if seen.body_sha256 != body_sha256:
            raise KeyReused(
                f"Idempotency-Key {origin.idempotency_key!r} was sent with another body within "
                f"{KEY_LIFE.total_seconds() / 3600:.0f} h; take a new key for a new request"
            )
        row = await session.get(RECORDS[cast("Kind", seen.kind)], seen.document_id)
        return None if row is None else Kept(row.id, row.summary, row.document, replayed=True)


def _added(session: AsyncSession, change: Change, tenant: str) -> DocumentBase:
    row = RECORDS[change.kind](**vars(change.entry), **change.columns, tenant=tenant)
    session.add(row)
    return row
