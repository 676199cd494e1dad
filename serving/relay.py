"""What comes back from an upstream: passed on as it comes, its usage read, its end written down.

Enter at `RelayMeter` (one request), `whole` and `relay`.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from litestar import Response

from serving.access import Caller
from serving.errors import ApiError
from serving.quota import Reservation
from serving.records import UsageRecord
from serving.service import Service

Status = Literal["completed", "cancelled", "failed"]


@dataclass
class RelayMeter:
    """One request on its way: what it used, and what is written down at its end."""

    service: Service
    caller: Caller
    reservation: Reservation
    endpoint: str
    model: str
    started_s: float
    request_id: str
    first_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    pieces: int = 0

    def read(self, body: Mapping[str, Any]) -> None:
        """Take the usage of an answer, a chunk or an event."""
        usage = body.get("usage") or (body.get("response") or {}).get("usage")
        if usage:
            self.prompt_tokens = usage.get("prompt_tokens", usage.get("input_tokens"))
            self.completion_tokens = usage.get("completion_tokens", usage.get("output_tokens"))

    def end(self, status: Status) -> None:
        """Settle, count and record."""
        told = self.completion_tokens is not None and self.prompt_tokens is not None
        prompt = self.prompt_tokens if self.prompt_tokens is not None else self.reservation.prompt_tokens
        made = self.completion_tokens if self.completion_tokens is not None else self.pieces
        prices = self.service.budgets.prices
        cost = prices.cost(prompt, made)
        record = UsageRecord(
            id=f"up-{uuid.uuid4().hex}",
            created_at=datetime.fromtimestamp(time.time() - (time.monotonic() - self.started_s), UTC).isoformat(),
            endpoint=self.endpoint.replace("/", "."),
            model=self.model,
            status=status,
            prompt_tokens=prompt,
            completion_tokens=made,
            duration_s=time.monotonic() - self.started_s,
            ttft_s=None if self.first_s is None else self.first_s - self.started_s,
            energy_note="the upstream's accelerators are not measured here",
            tenant=self.caller.tenant,
            key=self.caller.key,
            cost=cost,
            currency=prices.currency if cost is not None else None,
            request_id=self.request_id,
            usage_note="" if told else "the upstream told no usage: prompt guessed from its length, pieces counted",
        )
        self.service.budgets.settle(self.reservation, record)
        self.service.write(record)
        metrics = self.service.metrics
        metrics.requests.labels(self.model, record.endpoint, status).inc()
        metrics.prompt_tokens.labels(self.model).inc(prompt)
        metrics.generation_tokens.labels(self.model).inc(made)
        if self.first_s is not None:
            metrics.ttft.labels(self.model).observe(self.first_s - self.started_s)


async def whole(answer: httpx.Response, meter: RelayMeter) -> Response[bytes]:
    """An answer that is no stream."""
    content = await answer.aread()
    await answer.aclose()
    good = answer.status_code == 200
    if good:
        try:
            meter.read(json.loads(content))
        except (ValueError, AttributeError):
            good = False
    meter.end("completed" if good else "failed")
    headers = {name: answer.headers[name] for name in ("retry-after",) if name in answer.headers}
    kind = answer.headers.get("content-type", "application/json")
    return Response(content, status_code=answer.status_code, media_type=kind, headers=headers)


async def relay(
    answer: httpx.Response, meter: RelayMeter, deadline_s: float | None, *, hide_usage: bool
) -> AsyncIterator[bytes]:
    """The events as they come; a chunk of usage that the client did not ask for is kept back."""
    status: Status = "cancelled"
    try:
        async for event in _before(deadline_s, _events(answer)):
            shown = _counted(event, meter, hide_usage=hide_usage)
            if shown is not None:
                yield shown
        status = "completed"
    except TimeoutError:
        status = "failed"
        yield f"data: {json.dumps(out_of_time(meter.service).body)}\n\n".encode()
    except httpx.HTTPError as error:
        status = "failed"
        body = ApiError(502, f"The upstream broke off: {type(error).__name__}", code="upstream_failed").body
        yield f"data: {json.dumps(body)}\n\n".encode()
    finally:
        await answer.aclose()
        meter.end(status)


async def _before(deadline_s: float | None, events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout_at(deadline_s):
                event = await anext(events)
        except StopAsyncIteration:
            return
        yield event


async def _events(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Whole events of the stream, their blank line included."""
    held = b""
    async for part in answer.aiter_bytes():
        held += part.replace(b"\r\n", b"\n")
        *whole, held = held.split(b"\n\n")
        for event in whole:
            yield event + b"\n\n"
    if held.strip():
        yield held + b"\n\n"


def _counted(event: bytes, meter: RelayMeter, *, hide_usage: bool) -> bytes | None:
    data = next((line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:")), b"")
    if not data.startswith(b"{"):
        return event
    try:
        body = json.loads(data)
    except ValueError:
        return event
    meter.read(body)
    if hide_usage and body.get("usage") and body.get("choices") == []:
        return None
    if meter.first_s is None:
        meter.first_s = time.monotonic()
    meter.pieces += 1
    return event


def out_of_time(service: Service) -> ApiError:
    """What a client is told when its time is over."""
    message = f"the answer took more than {service.timeout_s:g} s; ask for a shorter answer"
    return ApiError(504, message, code="request_timeout")
