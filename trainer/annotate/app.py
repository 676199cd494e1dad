"""The local page for annotators: one HTML file and four calls.

Enter at `create_app`. Only requests that name this machine are answered (another site's page could otherwise reach it
under a name of its own), and what changes something must come as JSON, which no other site may send.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException
from pydantic import Field

from advisor.contracts.base import Contract, NonNegative, Text
from advisor.contracts.errors import BadInput
from trainer.annotate.sitting import Sitting

PAGE = Path(__file__).with_name("page.html")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


class Said(Contract):
    """What the page sends: a choice or a text, for one task."""

    task_id: Text
    choice: Text | None = None
    demonstration: str | None = Field(default=None, max_length=100_000)
    duration_s: NonNegative | None = None


def create_app(sitting: Sitting, *, hosts: Sequence[str] = LOCAL_HOSTS) -> Litestar:
    """The page of one annotator; `hosts` are the names under which it may be asked for."""

    def only_our_names(request: Request[Any, Any, Any]) -> Response[dict[str, str]] | None:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname
        if name in hosts:
            return None
        return Response({"error": f"asked for under the name {name!r}; legal: {', '.join(hosts)}"}, status_code=421)

    @get("/", media_type=MediaType.HTML, sync_to_thread=True)
    def page() -> Response[str]:
        """The page itself; it loads nothing from anywhere else."""
        return Response(
            PAGE.read_text(encoding="utf-8"),
            media_type=MediaType.HTML,
            headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        )

    @get("/api/task", sync_to_thread=True)
    def task() -> dict[str, Any]:
        """What to show now."""
        return sitting.screen().as_dict()

    @post("/api/word", status_code=200, sync_to_thread=True)
    def word(data: Said, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """A choice or a text; answers with what to show next."""
        _only_json(request)
        if (data.choice is None) is (data.demonstration is None):
            raise BadInput("give a choice or a demonstration, one of them")
        if data.choice is not None:
            sitting.choose(data.task_id, data.choice, duration_s=data.duration_s)
        else:
            sitting.write(data.task_id, data.demonstration or "", duration_s=data.duration_s)
        return sitting.screen().as_dict()

    @post("/api/undo", status_code=200, sync_to_thread=True)
    def undo(data: dict[str, Any], request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Take the last word back."""
        _only_json(request)
        sitting.undo()
        return sitting.screen().as_dict()

    return Litestar(
        route_handlers=[page, task, word, undo],
        before_request=only_our_names,
        exception_handlers={BadInput: _refused, HTTPException: _http},
        openapi_config=None,
        request_max_body_size=1_000_000,
    )


def _only_json(request: Request[Any, Any, Any]) -> None:
    if request.content_type[0] != "application/json":
        raise BadInput("send application/json")


def _refused(_: Request[Any, Any, Any], error: BadInput) -> Response[dict[str, str]]:
    return Response({"error": str(error)}, status_code=400)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, str]]:
    return Response({"error": error.detail}, status_code=error.status_code)
