"""Every answer to GET under `/v1/` carries an ETag; a caller that has the answer already gets 304 and no body.

Enter at `Conditional`. The tag follows from the bytes, so it holds for documents, lists, tables and files alike, on
every server of one database.
"""

import hashlib
import re

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

DIGITS = 32
TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
KEPT_ON_304 = frozenset({b"content-location", b"etag", b"location", b"vary"})
"""Headers of the answer that a 304 carries too (RFC 9110, section 15.4.5); those of `finish` come later."""


class Conditional(ASGIMiddleware):
    """ETag and If-None-Match."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Hold the head of an answer back until its body is known."""
        if scope.get("method") != "GET" or not scope["path"].startswith("/v1/"):
            await next_app(scope, receive, send)
            return
        held: list[HTTPResponseStartEvent] = []

        async def tagged(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                held.append(message)
                return
            if held and message["type"] == "http.response.body":
                head = held.pop()
                if not message.get("more_body"):
                    head, message = _answered(scope, head, message["body"])
                await send(head)
            await send(message)

        await next_app(scope, receive, tagged)


def etag_of(content: bytes) -> str:
    """The strong tag of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:DIGITS]}"'


def matches(if_none_match: str, tag: str) -> bool:
    """True where a list of tags, weak or strong, or `*`, holds the tag (RFC 9110, section 13.1.2)."""
    return if_none_match.strip() == "*" or tag in TAG.findall(if_none_match)


def _answered(scope: Scope, head: HTTPResponseStartEvent, body: bytes) -> tuple[HTTPResponseStartEvent, Message]:
    tag = etag_of(body)
    headers = [*head["headers"], (b"etag", tag.encode())]
    asked = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match")
    unchanged = bool(asked) and matches(asked, tag)
    if unchanged:
        headers = [pair for pair in headers if pair[0].lower() in KEPT_ON_304]
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": 304 if unchanged else head["status"],
        "headers": headers,
    }
    return start, {"type": "http.response.body", "body": b"" if unchanged else body, "more_body": False}
