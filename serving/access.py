"""Who may ask: API keys by their hash, roles, and what a tenant may use up.

Enter at `Access`. Without a key file everybody is the tenant `local` and nothing is limited. Keys are random, so a
plain SHA-256 of them can be stored; a key itself is shown once, when it is made.
"""

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from advisor.contracts.base import Contract, Positive, PositiveCount, SchemaVersion, Text
from advisor.contracts.errors import BadInput
from advisor.files import dump_yaml, read_contract, write_text
from serving.errors import ApiError

PREFIX = "rw-"
Role = Literal["user", "monitor", "admin"]
LOCAL = "local"


class Quota(Contract):
    """What a tenant may use up; None: no limit."""

    requests_per_minute: PositiveCount | None = None
    tokens_per_day: PositiveCount | None = None
    """Prompt and generated tokens, by UTC days."""
    cost_per_month: Positive | None = None
    """In the currency of the server's prices, by UTC months."""


class KeyRow(Contract):
    """One key."""

    name: Text
    """Of the key, for records and for taking it back."""
    tenant: Text
    role: Role = "user"
    """`user` asks models, `monitor` reads figures too, `admin` may do everything."""
    sha256: Text
    created_at: str
    expires_at: str | None = None
    """UTC, ISO 8601; None: never."""


class KeyFile(Contract):
    """The keys of one server and the quotas of its tenants."""

    schema_version: SchemaVersion = 1
    keys: tuple[KeyRow, ...] = ()
    quotas: dict[str, Quota] = Field(default_factory=dict)
    """By tenant; one that is missing has no limit."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [key.name for key in self.keys]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"keys: the name {twice!r} is given twice")
        return self


class Caller(Contract):
    """Whoever sent a request."""

    tenant: str = LOCAL
    key: str | None = None
    """Name of the key; None where no keys are asked for."""
    role: Role = "admin"


class Access:
    """The keys that a server accepts; the file is read again when it changes."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._file = KeyFile()
        if path is not None:
            self._reload()

    @property
    def is_open(self) -> bool:
        """True where no key is asked for."""
        return self._path is None

    def quota(self, tenant: str) -> Quota:
        """What a tenant may use up."""
        return self._file.quotas.get(tenant, Quota())

    def caller(self, authorization: str | None, *, needs: Role = "user") -> Caller:
        """Who sends this header.

        Raises:
            ApiError: 401 without a valid key, 403 where its role does not suffice.
        """
        if self._path is None:
            return Caller()
        self._reload()
        found = self._find(authorization or "")
        if found is None:
            raise ApiError(401, "Incorrect API key provided", code="invalid_api_key")
        if found.expires_at is not None and datetime.fromisoformat(found.expires_at) <= datetime.now(UTC):
            raise ApiError(401, f"The API key {found.name!r} has expired", code="invalid_api_key")
        roles: tuple[Role, ...] = ("user", "monitor", "admin")
        if roles.index(found.role) < roles.index(needs):
            raise ApiError(403, f"This needs a key of the role {needs}", code="insufficient_permissions")
        return Caller(tenant=found.tenant, key=found.name, role=found.role)

    def _find(self, authorization: str) -> KeyRow | None:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            return None
        digest = hash_of(key.strip())
        found = None
        for row in self._file.keys:  # all of them, so that the time tells nothing of which
            if hmac.compare_digest(row.sha256, digest):
                found = row
        return found

    def _reload(self) -> None:
        """Take changes over; a file that is broken while the server runs leaves the last good one in force."""
        if self._path is None:
            return
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp == self._stamp:
                return
            self._file = read_contract(self._path, KeyFile)
            self._stamp = stamp
        except (OSError, BadInput) as error:
            if self._stamp is None:
                raise error if isinstance(error, BadInput) else BadInput(f"--keys {self._path}: {error}") from error


def hash_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_keys(path: Path) -> KeyFile:
    """The file, or an empty one where there is none yet."""
    return read_contract(path, KeyFile) if path.exists() else KeyFile()


def add_key(path: Path, *, name: str, tenant: str, role: Role, quota: Quota | None, expires_at: str | None) -> str:
    """Make a key, store its hash and return the key.

    Raises:
        BadInput: the name is taken, or the date is none.
    """
    known = read_keys(path)
    if any(key.name == name for key in known.keys):
        raise BadInput(f"--name {name!r}: there is such a key; take it back first: serving keys revoke {name}")
    key = PREFIX + secrets.token_urlsafe(32)
    row = KeyRow(
        name=name,
        tenant=tenant,
        role=role,
        sha256=hash_of(key),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        expires_at=_instant(expires_at),
    )
    quotas = dict(known.quotas) | ({tenant: quota} if quota is not None else {})
    _write(path, KeyFile(keys=(*known.keys, row), quotas=quotas))
    return key


def revoke_key(path: Path, name: str) -> None:
    """Take a key back; running servers refuse it from then on.

    Raises:
        BadInput: no such key.
    """
    known = read_keys(path)
    kept = tuple(key for key in known.keys if key.name != name)
    if len(kept) == len(known.keys):
        raise BadInput(f"{name!r}: no such key in {path}; known: {', '.join(key.name for key in known.keys) or 'none'}")
    _write(path, KeyFile(keys=kept, quotas=known.quotas))


def _instant(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--expires {text!r}: expected a date such as 2027-01-31") from error
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).isoformat()


def _write(path: Path, file: KeyFile) -> None:
    write_text(path, dump_yaml(file))
    path.chmod(0o600)
