"""A request's id and what is said of it in the log: in from the client, out in the answer, on every line between.

Enter at `Traced` (around the application), `request_id` and `remark`; `configure_logs` sets the form of the log. Lines
hold names, counts and times, never a prompt, an answer, a key, or the text of an exception, which may quote them.
"""

import json
import logging
import re
import sys
import time
import traceback
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from litestar import Litestar
from litestar.types import Message, Receive, Scope, Send

HEADER = "x-request-id"
GOOD_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
"""Ids of clients that are taken over; anything else could forge lines or headers."""
LogFormat = Literal["text", "json"]

_facts: ContextVar[dict[str, Any] | None] = ContextVar("serving_request_facts", default=None)
logger = logging.getLogger("serving.requests")


class Traced(Litestar):
    """The application with an id on every request and a line at its end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        facts: dict[str, Any] = {"request_id": _id_of(scope), "status": None}
        token = _facts.set(facts)
        began_s = time.monotonic()

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"] = [*message.get("headers", []), (HEADER.encode(), facts["request_id"].encode())]
            await send(message)

        try:
            await super().__call__(scope, receive, labelled)
        finally:
            seconds = round(time.monotonic() - began_s, 6)
            facts |= {"method": scope["method"], "path": scope["path"], "duration_s": seconds}
            logger.info("request", extra={"facts": dict(facts)})
            _facts.reset(token)


def request_id() -> str:
    """Id of the request that is being answered; a fresh one outside of any."""
    facts = _facts.get()
    return facts["request_id"] if facts is not None else uuid.uuid4().hex


def remark(**facts: str | float | None) -> None:
    """Say something of the present request in its line of the log: names, counts and times only."""
    known = _facts.get()
    if known is not None:
        known |= facts


def configure_logs(form: LogFormat) -> None:
    """Log to standard error; as JSON with a line for every request, as text only what is out of the ordinary."""
    handler = StandardError()
    handler.setFormatter(JsonLines() if form == "json" else Lines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("serving").setLevel(logging.INFO if form == "json" else logging.WARNING)


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment, not to what it was when the log was set up."""

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        """Nothing to keep."""


class Lines(logging.Formatter):
    """Text lines whose exceptions are told by type and place."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """The frames and the type; the message of an exception may quote a prompt."""
        return "".join(traceback.format_tb(ei[2])) + ei[0].__name__


class JsonLines(Lines):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with the facts of its request."""
        now = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": now, "level": record.levelname.lower(), "logger": record.name}
        line["message"] = record.getMessage()
        facts = getattr(record, "facts", None)
        if facts is None and (known := _facts.get()) is not None:
            facts = {"request_id": known["request_id"]}
        line |= facts or {}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _id_of(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name.lower() == HEADER.encode()), b"")
    text = given.decode("latin-1")
    return text if GOOD_ID.fullmatch(text) else f"req_{uuid.uuid4().hex}"
