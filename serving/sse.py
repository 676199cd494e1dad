"""Server-sent events and what happens when a client goes away. Enter at `event_stream` and `unless_gone`."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from litestar import Request
from litestar.response import Stream
from pydantic import BaseModel

from serving.engine import EngineFailed
from serving.errors import ApiError, as_api_error

T = TypeVar("T")
DONE = b"data: [DONE]\n\n"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


async def event_stream(
    request: Request[Any, Any, Any], chunks: AsyncGenerator[BaseModel], *, named: bool = False
) -> Stream:
    """Send chunks as they come, `[DONE]` at the end; an engine's failure becomes an error event.

    The first chunk is waited for here: what goes wrong before it is an error with its status, and the generator has
    begun, so that closing it ends the request whatever becomes of the connection.

    Args:
        request: whose client may go away.
        chunks: closed by the framework when the client disconnects, which cancels the generation.
        named: whether events carry their type as the event's name (Responses API).
    """
    first = await unless_gone(request, _next(chunks))
    return Stream(_lines(first, chunks, named), media_type="text/event-stream", headers=HEADERS)


async def _next(chunks: AsyncGenerator[BaseModel]) -> BaseModel:
    return await anext(chunks)


async def unless_gone(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """Do the work, or stop it as soon as the client has gone away.

    Raises:
        ApiError: 499; nobody reads it.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ApiError(499, "The client closed the connection", code="client_closed_request")
    finally:
        task.cancel()
        watch.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)


async def _gone(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _lines(first: BaseModel, chunks: AsyncGenerator[BaseModel], named: bool) -> AsyncIterator[bytes]:
    try:
        yield _line(first, named)
        async for chunk in chunks:
            yield _line(chunk, named)
        yield DONE
    except EngineFailed as error:
        yield f"data: {json.dumps(as_api_error(error).body)}\n\n".encode()
    finally:
        await chunks.aclose()


def _line(chunk: BaseModel, named: bool) -> bytes:
    name = f"event: {chunk.type}\n" if named else ""  # type: ignore[attr-defined]
    return f"{name}data: {chunk.model_dump_json(exclude_unset=True, warnings=False)}\n\n".encode()
