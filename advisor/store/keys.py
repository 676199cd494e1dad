"""API keys in the store: made, listed, revoked, found by their hash. Enter at `KeyRing`.

Keys are random, so a plain SHA-256 of them can be stored; a key itself is shown once, when it is made. Rows stay
when a key is revoked, so its name in the audit trail stays one key's, and a store that has asked for keys once never
stops asking.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from sqlalchemy import select
from uuid_utils.compat import uuid7

from advisor.contracts.errors import BadInput, UnknownName
from advisor.store.audit import append
from advisor.store.chain import Event, instant
from advisor.store.documents import Store
from advisor.store.origin import hash_of
from advisor.store.tables import KeyRecord

PREFIX = "rwa_"
COMMAND_LINE = "command line"
Role = Literal["manager", "procurement", "engineer", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Holder:
    """Whom a valid key belongs to."""

    name: str
    tenant: str
    role: Role


class KeyRing:
    """All keys of one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def add(self, *, name: str, tenant: str, role: str, expires_at: datetime | None) -> str:
        """Make a key and return it; only its hash is kept.

        Raises:
            BadInput: the name is taken, the role is unknown, or the date is past.
        """
        if role not in ROLES:
            raise UnknownName("role", role, ROLES)
        if expires_at is not None and expires_at <= self.store.clock():
            raise BadInput(f"--expires {expires_at.isoformat()}: is past")
        for what, text in (("--name", name), ("--tenant", tenant)):
            if not 1 <= len(text) <= 100 or not text.isprintable():
                raise BadInput(f"{what} {text!r}: must be 1 to 100 printable characters")
        key = PREFIX + secrets.token_urlsafe(32)
        async with self.store.writing() as session:
            if await session.scalar(select(KeyRecord).where(KeyRecord.name == name)) is not None:
                raise BadInput(f"--name {name!r}: there is, or was, such a key; take another name")
            row = KeyRecord(
                id=uuid7(),
                name=name,
                tenant=tenant,
                role=role,
                sha256=hash_of(key),
                created_at=self.store.clock(),
                expires_at=expires_at,
            )
            session.add(row)
            await append(session, [self._event("add", row)])
        return key

    async def revoke(self, name: str) -> None:
        """Take a key back; once more changes nothing.

        Raises:
            UnknownName: there is no such key.
        """
        async with self.store.writing() as session:
            row = await session.scalar(select(KeyRecord).where(KeyRecord.name == name))
            if row is None:
                raise UnknownName("key", name, (await session.scalars(select(KeyRecord.name))).all())
            if row.revoked_at is None:
                row.revoked_at = self.store.clock()
                await append(session, [self._event("revoke", row)])

    async def keys(self) -> Sequence[KeyRecord]:
        """All keys, revoked and expired ones too, in the order of their making."""
        async with self.store.sessions() as session:
            return (await session.scalars(select(KeyRecord).order_by(KeyRecord.created_at))).all()

    async def is_empty(self) -> bool:
        """True where no key was ever made."""
        async with self.store.sessions() as session:
            return await session.scalar(select(KeyRecord.id).limit(1)) is None

    async def holder(self, key: str) -> Holder | None:
        """Whom a key belongs to; None where it is unknown, expired or revoked."""
        async with self.store.sessions() as session:
            row = await session.scalar(select(KeyRecord).where(KeyRecord.sha256 == hash_of(key)))
        if row is None or row.revoked_at is not None:
            return None
        if row.expires_at is not None and row.expires_at <= self.store.clock():
            return None
        return Holder(row.name, row.tenant, cast("Role", row.role))

    def _event(self, action: str, row: KeyRecord) -> Event:
        told = [row.name, row.tenant, row.role, row.sha256, row.expires_at and instant(row.expires_at)]
        return Event(
            at=instant(self.store.clock()),
            tenant=row.tenant,
            actor=COMMAND_LINE,
            action=action,
            kind="key",
            document_id=row.id,
            document_sha256=hash_of(json.dumps(told)),
            request_id=COMMAND_LINE,
        )
