"""One id per request, in and out, and one line of log for each. Enter at `request_id` and `finish`."""

import logging
import re
from typing import Any

from litestar.types import Message, Scope
from uuid_utils.compat import uuid7

REQUEST_ID_HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""Ids of callers that are safe in a header, a log line and a URI; any other is replaced."""
QUIET = ("/healthz", "/readyz", "/metrics")
log = logging.getLogger("advisor.access")


def request_id(scope: Scope) -> str:
    """The caller's id where it sent a usable one, else a new one; the same for the whole request."""
    state: dict[str, Any] = scope["state"]
    if "request_id" not in state:
        state["request_id"] = _given(scope) or str(uuid7())
    return str(state["request_id"])


async def finish(message: Message, scope: Scope) -> None:
    """Before the answer leaves: add the id, log the request; bodies and keys are never logged."""
    if message["type"] != "http.response.start":
        return
    identity = request_id(scope)
    name = REQUEST_ID_HEADER.lower().encode()
    headers = [pair for pair in message.get("headers", []) if pair[0].lower() != name]
    message["headers"] = [*headers, (name, identity.encode())]
    if scope["path"] not in QUIET:
        log.info("%s %s %s %s", identity, scope.get("method"), scope["path"], message["status"])


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == REQUEST_ID_HEADER.lower().encode():
            text = value.decode("latin-1")
            return text if GIVEN.fullmatch(text) else None
    return None
