"""The hash chain of the audit trail, as pure functions. Enter at `link`.

The hash of an entry covers all its fields and the hash of the entry before it: nothing in the middle can be changed,
taken out or put in without every later hash telling. The end can be cut off unseen by the chain alone, so note its
last hash elsewhere from time to time.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from advisor.store.origin import hash_of

START = "0" * 64
"""What stands before the first entry."""


@dataclass(frozen=True)
class Event:
    """What was written."""

    at: str
    """UTC, ISO 8601."""
    tenant: str
    actor: str
    action: str
    kind: str
    document_id: UUID
    document_sha256: str
    request_id: str


@dataclass(frozen=True)
class Link:
    """One entry of the trail."""

    sequence: int
    event: Event
    previous_sha256: str
    sha256: str


def link(event: Event, after: Link | None) -> Link:
    """The entry that follows `after`; without it the first."""
    sequence = 1 if after is None else after.sequence + 1
    previous = START if after is None else after.sha256
    return Link(sequence, event, previous, link_sha256(sequence, event, previous))


def link_sha256(sequence: int, event: Event, previous_sha256: str) -> str:
    """SHA-256 over the entry as a JSON array: sequence, the event's fields in order, the hash before.

    The texts are as they stand in the table and in `GET /v1/audit`, so anybody can compute it again.
    """
    fields = (event.at, event.tenant, event.actor, event.action, event.kind, str(event.document_id))
    row = [sequence, *fields, event.document_sha256, event.request_id, previous_sha256]
    return hash_of(json.dumps(row, ensure_ascii=True, separators=(",", ":")))


def instant(moment: datetime) -> str:
    """A moment as the trail writes it: text, which both databases give back unchanged."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
