"""The audit trail: who has written what, by which request. Enter at `append` (in a write) and `verify`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from advisor.store.chain import START, Event, Link, link, link_sha256
from advisor.store.database import Database
from advisor.store.origin import hash_of
from advisor.store.tables import RECORDS, AuditRecord

BATCH = 500
DELETED = "delete"


@dataclass(frozen=True)
class Break:
    """The first place where the trail does not hold."""

    sequence: int | None
    """Of the entry; None where a document stands outside the trail."""
    reason: str


@dataclass(frozen=True)
class Finding:
    """What a walk along the trail has found."""

    entries: int
    head_sha256: str
    """Hash of the last entry that holds."""
    first_break: Break | None


@dataclass(frozen=True)
class Trail:
    """Part of a tenant's entries, newest first."""

    links: Sequence[Link]
    total: int


async def append(session: AsyncSession, events: Iterable[Event]) -> None:
    """Add entries in a session that nobody else writes in (`Database.writing`)."""
    last = await session.scalar(select(AuditRecord).order_by(AuditRecord.sequence.desc()).limit(1))
    before = None if last is None else _link(last)
    for event in events:
        before = link(event, before)
        session.add(
            AuditRecord(
                sequence=before.sequence,
                previous_sha256=before.previous_sha256,
                sha256=before.sha256,
                **vars(event),
            )
        )


async def trail(database: Database, *, tenant: str, limit: int, offset: int) -> Trail:
    """Entries of one tenant, newest first, and how many there are in all."""
    mine = AuditRecord.tenant == tenant
    newest = select(AuditRecord).where(mine).order_by(AuditRecord.sequence.desc()).limit(limit).offset(offset)
    async with database.sessions() as session:
        total = await session.scalar(select(func.count()).select_from(AuditRecord).where(mine))
        return Trail([_link(row) for row in await session.scalars(newest)], total or 0)


async def verify(database: Database, *, head_sha256: str | None = None) -> Finding:
    """Walk the whole trail: every hash, every document that it names, every document that it should name.

    Args:
        database: its store.
        head_sha256: a hash that was noted before; where the trail does not hold it, its end was cut off or all of it
            was written anew.
    """
    before: Link | None = None
    noted = head_sha256 is None
    async with database.sessions() as session:
        while True:
            after = 0 if before is None else before.sequence
            rows = await session.scalars(
                select(AuditRecord).where(AuditRecord.sequence > after).order_by(AuditRecord.sequence).limit(BATCH)
            )
            links = [_link(row) for row in rows]
            if not links:
                break
            contents = await _contents(session, links)
            for each in links:
                reason = _mistake(each, before) or await _difference(session, each, contents)
                if reason is not None:
                    return _finding(before, Break(each.sequence, reason))
                before = each
                noted = noted or each.sha256 == head_sha256
            session.expunge_all()
        outside = await _outside(session)
    if not noted:
        reason = f"no entry has the noted hash {head_sha256}: the end was cut off, or the trail was written anew"
        return _finding(before, Break(None, reason))
    return _finding(before, None if outside is None else Break(None, outside))


def _mistake(given: Link, before: Link | None) -> str | None:
    """Why an entry does not follow the one before it; None where it does."""
    expected = 1 if before is None else before.sequence + 1
    if given.sequence != expected:
        return f"entry {expected} is missing"
    if given.previous_sha256 != (START if before is None else before.sha256):
        return "it does not name the hash of the entry before it"
    if given.sha256 != link_sha256(given.sequence, given.event, given.previous_sha256):
        return "its fields do not give its hash: it was changed"
    return None


async def _contents(session: AsyncSession, links: Sequence[Link]) -> dict[tuple[str, UUID], str]:
    """Hashes of the documents that these entries have stored, as they are now."""
    found: dict[tuple[str, UUID], str] = {}
    for kind, model in RECORDS.items():
        wanted = [each.event.document_id for each in links if each.event.kind == kind]
        if wanted:
            rows = await session.execute(select(model.id, model.document).where(model.id.in_(wanted)))
            found |= {(kind, identity): hash_of(document) for identity, document in rows}
    return found


async def _difference(session: AsyncSession, given: Link, contents: dict[tuple[str, UUID], str]) -> str | None:
    """How a document differs from what the entry says of it; None where it does not."""
    event = given.event
    if event.kind not in RECORDS or event.action == DELETED:
        return None
    name = f"{event.kind} {event.document_id}"
    now = contents.get((event.kind, event.document_id))
    if now == event.document_sha256:
        return None
    later = AuditRecord.sequence > given.sequence
    deleted = exists().where(AuditRecord.document_id == event.document_id, AuditRecord.action == DELETED, later)
    if await session.scalar(select(deleted)):
        return None
    if now is None:
        return f"{name} is not stored any more, and nobody deleted it"
    return f"{name} was changed after it was stored"


async def _outside(session: AsyncSession) -> str | None:
    for kind, model in RECORDS.items():
        named = exists().where(AuditRecord.kind == kind, AuditRecord.document_id == model.id)
        row = await session.scalar(select(model.id).where(~named).limit(1))
        if row is not None:
            return f"{kind} {row} stands outside the trail: no entry names it"
    return None


def _finding(last: Link | None, first_break: Break | None) -> Finding:
    if last is None:
        return Finding(0, START, first_break)
    return Finding(last.sequence, last.sha256, first_break)


def _link(row: AuditRecord) -> Link:
    event = Event(
        at=row.at,
        tenant=row.tenant,
        actor=row.actor,
        action=row.action,
        kind=row.kind,
        document_id=row.document_id,
        document_sha256=row.document_sha256,
        request_id=row.request_id,
    )
    return Link(row.sequence, event, row.previous_sha256, row.sha256)
