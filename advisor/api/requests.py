"""One id per request, in and out, and one line of log for each; who writes, and which parameters a route knows.

Enter at `request_id`, `finish`, `origin_of` and `refuse_unknown_parameters`.
"""

import logging
import re
from dataclasses import replace
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import Message, Scope
from uuid_utils.compat import uuid7

from advisor.api.access import EVERYBODY
from advisor.contracts.errors import UnknownName
from advisor.store import Origin
from advisor.store.keys import Holder

REQUEST_ID_HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""Ids of callers that are safe in a header, a log line and a URI; any other is replaced."""
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Your name for this request, new for each: sent again with the same body within 24 hours it makes "
        "nothing new and answers as before; with another body it is refused with 422.",
    ),
]
SECURE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # Answers may be kept by the caller alone, and only with a question whether they still hold.
    (b"cache-control", b"private, no-cache"),
)
QUIET = ("/healthz", "/readyz", "/metrics")
log = logging.getLogger("advisor.access")


def request_id(scope: Scope) -> str:
    """The caller's id where it sent a usable one, else a new one; the same for the whole request."""
    state: dict[str, Any] = scope["state"]
    if "request_id" not in state:
        state["request_id"] = _given(scope) or str(uuid7())
    return str(state["request_id"])


async def finish(message: Message, scope: Scope) -> None:
    """Before the answer leaves: add the id and what browsers need; log the request, but neither bodies nor keys."""
    if message["type"] != "http.response.start":
        return
    identity = request_id(scope)
    name = REQUEST_ID_HEADER.lower().encode()
    headers = [pair for pair in message.get("headers", []) if pair[0].lower() != name]
    message["headers"] = [*headers, (name, identity.encode()), *SECURE_HEADERS]
    if scope["path"] not in QUIET:
        log.info("%s %s %s %s", identity, scope.get("method"), scope["path"], message["status"])


def caller_of(request: Request[Any, Any, Any]) -> Origin:
    """Who sends this request."""
    holder: Holder = request.scope["state"].get("holder", EVERYBODY)
    return Origin(
        request_id=request_id(request.scope),
        tenant=holder.tenant,
        actor=holder.name,
        route=f"{request.method} {request.url.path}",
    )


def origin_of(request: Request[Any, Any, Any], idempotency_key: IdempotencyKey = None) -> Origin:
    """Who writes by this request, and under which key."""
    return replace(caller_of(request), idempotency_key=idempotency_key)


def tenant_of(request: Request[Any, Any, Any]) -> str:
    """Whose documents this request may see."""
    return caller_of(request).tenant


Tenant = NamedDependency[str]
"""The tenant of the caller, as routes receive it under the name `tenant`."""
Caller = NamedDependency[Origin]
"""Who sends the request, as routes receive it under the name `caller`."""
Writer = NamedDependency[Origin]
"""The origin of a write, as routes receive it under the name `origin`."""


def refuse_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Before the route answers: a misspelt filter would otherwise answer everything.

    Raises:
        UnknownName: a query parameter that the route does not know.
    """
    given = set(request.query_params.keys())
    if not given or not request.url.path.startswith("/v1/"):
        return
    fields = request.route_handler.parsed_fn_signature.parameters.items()
    found = ((name, field.kwarg_definition) for name, field in fields)
    known = [told.name or name for name, told in found if isinstance(told, QueryParameter)]
    for name in sorted(given - set(known)):
        raise UnknownName("query parameter", name, known, hint=f"{request.url.path} knows {', '.join(known) or 'none'}")


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER.lower().encode():
            text = value.decode("latin-1")
            return text if GIVEN.fullmatch(text) else None
    return None
