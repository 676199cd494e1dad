"""Where a write comes from: who, by which request, under which key. Enter at `Origin`."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

LOCAL = "local"
"""The tenant where nobody has to say who they are."""


@dataclass(frozen=True)
class Origin:
    """Who writes, and by which request."""

    request_id: str
    tenant: str = LOCAL
    actor: str = LOCAL
    """Name of the key, or of the program that writes."""
    route: str = ""
    """Method and path: the same idempotency key elsewhere is another key."""
    idempotency_key: str | None = None

    @property
    def scope_sha256(self) -> str | None:
        """What is stored of the key: it is one caller's, for one route; None without a key."""
        if self.idempotency_key is None:
            return None
        return hash_of("\n".join((self.tenant, self.actor, self.route, self.idempotency_key)))


def hash_of(text: str) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
