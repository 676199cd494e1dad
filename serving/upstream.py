"""Models that another server runs (vLLM, or any OpenAI-compatible API): requests are passed on, counted and recorded.

Enter at `opened` and `forward`. Addresses come from the command line alone, redirects are not followed, and the
client's key never reaches the upstream, nor the upstream's key the client.
"""

import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
from litestar import Response
from litestar.response import Stream

from serving.access import Caller
from serving.address import UpstreamAddress
from serving.errors import ApiError
from serving.exchange import Service
from serving.quota import Reservation
from serving.records import UsageRecord
from serving.sse import HEADERS

CHARACTERS_PER_TOKEN = 3.0
"""Cautious guess for what is set aside before the upstream has counted."""
LENGTHS = {"chat/completions": "max_completion_tokens", "completions": "max_tokens", "responses": "max_output_tokens"}
PROBE_S = 2.0
TIMEOUT = httpx.Timeout(600.0, connect=10.0)
Status = Literal["completed", "cancelled", "failed"]


@dataclass(frozen=True)
class Upstream:
    """One model behind another server."""

    model: str
    """Name under which the upstream knows it."""
    base_url: str
    """Ends in /v1."""
    client: httpx.AsyncClient

    async def answers(self) -> bool:
        """Whether the upstream is there; any answer counts."""
        try:
            await self.client.get(f"{self.base_url}/models", timeout=PROBE_S)
        except httpx.HTTPError:
            return False
        return True


def opened(address: UpstreamAddress) -> Upstream:
    """The upstream with a client of its own."""
    headers = {"Authorization": f"Bearer {address.key}"} if address.key else {}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT, limits=limits, trust_env=False)
    return Upstream(address.model, address.base_url, client)


@dataclass
class _Meter:
    """One request on its way: what it used, and what is written down at its end."""

    service: Service
    caller: Caller
    reservation: Reservation
    endpoint: str
    model: str
    started_s: float
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


async def forward(service: Service, upstream: Upstream, body: dict[str, Any], caller: Caller, endpoint: str) -> Any:
    """Pass a request on and its answer back.

    Raises:
        ApiError: the upstream does not answer, or the tenant has used up what it may.
    """
    sent, asked_usage = _prepared(service, upstream, body, caller, endpoint)
    meter = _Meter(
        service=service,
        caller=caller,
        reservation=_reserve(service, caller, sent, endpoint),
        endpoint=endpoint,
        model=str(body["model"]),
        started_s=time.monotonic(),
    )
    request = upstream.client.build_request("POST", f"{upstream.base_url}/{endpoint}", json=sent)
    try:
        answer = await upstream.client.send(request, stream=True)
    except httpx.HTTPError as error:
        meter.end("failed")
        message = f"The upstream of this model does not answer: {type(error).__name__}"
        raise ApiError(503, message, code="upstream_unavailable") from error
    if answer.status_code != 200 or not answer.headers.get("content-type", "").startswith("text/event-stream"):
        return await _whole(answer, meter)
    return Stream(_relay(answer, meter, hide_usage=not asked_usage), media_type="text/event-stream", headers=HEADERS)


def _prepared(
    service: Service, upstream: Upstream, body: dict[str, Any], caller: Caller, endpoint: str
) -> tuple[dict[str, Any], bool]:
    """The body as it is sent, and whether the client asked for usage itself."""
    sent = {**body, "model": upstream.model}
    asked = endpoint == "responses" or bool((body.get("stream_options") or {}).get("include_usage"))
    if body.get("stream") and not asked:
        sent["stream_options"] = {**(body.get("stream_options") or {}), "include_usage": True}
    if endpoint in LENGTHS and _stated(sent) is None:
        cap = service.budgets.most_unstated(caller.tenant, prompt_tokens=_guess(sent), sequences=_n(sent))
        if cap is not None:
            sent[LENGTHS[endpoint]] = cap
    return sent, asked


def _reserve(service: Service, caller: Caller, sent: dict[str, Any], endpoint: str) -> Reservation:
    most = _n(sent) * (_stated(sent) or 0) if endpoint in LENGTHS else 0
    return service.budgets.reserve(caller.tenant, prompt_tokens=_guess(sent), most_tokens=most)


async def _whole(answer: httpx.Response, meter: _Meter) -> Response[bytes]:
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


async def _relay(answer: httpx.Response, meter: _Meter, *, hide_usage: bool) -> AsyncIterator[bytes]:
    """The events as they come; a chunk of usage that the client did not ask for is kept back."""
    status: Status = "cancelled"
    try:
        async for event in _events(answer):
            shown = _counted(event, meter, hide_usage=hide_usage)
            if shown is not None:
                yield shown
        status = "completed"
    except httpx.HTTPError as error:
        status = "failed"
        body = ApiError(502, f"The upstream broke off: {type(error).__name__}", code="upstream_failed").body
        yield f"data: {json.dumps(body)}\n\n".encode()
    finally:
        await answer.aclose()
        meter.end(status)


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


def _counted(event: bytes, meter: _Meter, *, hide_usage: bool) -> bytes | None:
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


def _stated(body: Mapping[str, Any]) -> int | None:
    lengths = [body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")]
    return next((length for length in lengths if isinstance(length, int) and length > 0), None)


def _n(body: Mapping[str, Any]) -> int:
    n = body.get("n")
    return n if isinstance(n, int) and n > 0 else 1


def _guess(body: Mapping[str, Any]) -> int:
    words = body.get("messages") or body.get("prompt") or body.get("input") or ""
    return int(len(json.dumps(words, ensure_ascii=False)) / CHARACTERS_PER_TOKEN)
