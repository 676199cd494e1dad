"""Who may do what: API keys, roles, tenants. Enter at `Access`.

As long as the store has no key, and none is required, everybody is the tenant `local` and may do everything.
"""

import time
from typing import Any, Literal

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from advisor.store import LOCAL
from advisor.store.keys import Holder, KeyRing, Role
from advisor.store.origin import hash_of

Need = Literal["read", "decide", "measure", "audit", "erase"]
MAY: dict[Role, frozenset[Need]] = {
    "manager": frozenset({"read", "decide"}),
    "procurement": frozenset({"read", "decide"}),
    "engineer": frozenset({"read", "decide", "measure"}),
    "auditor": frozenset({"read", "audit"}),
    "admin": frozenset({"read", "decide", "measure", "audit", "erase"}),
}
"""`decide`: cases, assessments, jobs; `measure`: measurements, calibrations; `audit`: the trail; `erase`: deleting."""
NEEDS = "needs"
"""Under this name a route says in `opt` what it needs; without it `read`."""
REMEMBERED_S = 2.0
"""How long a server goes on by what the store said of a key: so long a revoked key may still work."""
MAX_REMEMBERED = 1000
EVERYBODY = Holder(LOCAL, LOCAL, "admin")


class Access:
    """The door of the service."""

    def __init__(self, ring: KeyRing, *, require_keys: bool) -> None:
        self._ring = ring
        self._require_keys = require_keys
        self._open_until = 0.0
        self._remembered: dict[str, tuple[float, Holder]] = {}

    async def admit(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Before a route under `/v1/` answers: find out who asks, and whether they may.

        Raises:
            NotAuthorizedException: there is no valid key.
            PermissionDeniedException: the role of the key does not suffice.
        """
        if not connection.scope["path"].startswith("/v1/"):
            return
        holder = await self._holder(_key(connection))
        if holder is None:
            raise NotAuthorizedException(
                "no valid API key: send one as `Authorization: Bearer KEY`; `advisor keys add` makes one",
                headers={"WWW-Authenticate": 'Bearer realm="advisor"'},
            )
        need: Need = handler.opt.get(NEEDS, "read")
        if need not in MAY[holder.role]:
            able = ", ".join(role for role, needs in MAY.items() if need in needs)
            raise PermissionDeniedException(f"the key {holder.name!r} is of the role {holder.role}; this needs: {able}")
        connection.scope["state"]["holder"] = holder

    async def _holder(self, key: str | None) -> Holder | None:
        moment = time.monotonic()
        if await self._is_open(moment):
            return EVERYBODY
        if key is None:
            return None
        digest = hash_of(key)
        until, known = self._remembered.get(digest, (0.0, EVERYBODY))
        if moment < until:
            return known
        found = await self._ring.holder(key)
        self._remembered.pop(digest, None)
        if found is not None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[digest] = (moment + REMEMBERED_S, found)
        return found

    async def _is_open(self, moment: float) -> bool:
        if not self._require_keys and moment >= self._open_until:
            if await self._ring.is_empty():
                self._open_until = moment + REMEMBERED_S
            else:
                self._require_keys = True  # rows of keys stay, so it can never be open again
        return not self._require_keys


def _key(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The key of the request; a header that is none is a wrong key, not no key."""
    given = connection.headers.get("authorization")
    if given is not None:
        scheme, _, key = given.partition(" ")
        return key.strip() if scheme.lower() == "bearer" else given
    return connection.headers.get("x-api-key")
