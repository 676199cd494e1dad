"""Models that another server runs (vLLM, or any OpenAI-compatible API): requests are passed on, counted and recorded.

Enter at `opened` and `forward`. Addresses come from the command line alone, redirects are not followed, and the
client's key never reaches the upstream, nor the upstream's key the client.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from litestar.response import Stream

from serving.access import Caller
from serving.address import UpstreamAddress
from serving.errors import ApiError
from serving.quota import Reservation
from serving.relay import RelayMeter, out_of_time, relay, whole
from serving.service import Service
from serving.sse import HEADERS
from serving.trace import HEADER, remark, request_id

CHARACTERS_PER_TOKEN = 3.0
"""Cautious guess for what is set aside before the upstream has counted."""
LENGTHS = {"chat/completions": "max_completion_tokens", "completions": "max_tokens", "responses": "max_output_tokens"}
PROBE_S = 2.0
TIMEOUT = httpx.Timeout(600.0, connect=10.0)


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


async def forward(service: Service, upstream: Upstream, body: dict[str, Any], caller: Caller, endpoint: str) -> Any:
    """Pass a request on and its answer back.

    Raises:
        ApiError: the upstream does not answer, or the tenant has used up what it may.
    """
    sent, asked_usage = _prepared(service, upstream, body, caller, endpoint)
    meter = RelayMeter(
        service=service,
        caller=caller,
        reservation=_reserve(service, caller, sent, endpoint),
        endpoint=endpoint,
        model=str(body["model"]),
        started_s=time.monotonic(),
        request_id=request_id(),
    )
    remark(tenant=caller.tenant, model=meter.model)
    request = upstream.client.build_request(
        "POST", f"{upstream.base_url}/{endpoint}", json=sent, headers={HEADER: meter.request_id}
    )
    deadline_s = None if service.timeout_s is None else asyncio.get_running_loop().time() + service.timeout_s
    try:
        async with asyncio.timeout_at(deadline_s):
            answer = await upstream.client.send(request, stream=True)
            if answer.status_code != 200 or not answer.headers.get("content-type", "").startswith("text/event-stream"):
                return await whole(answer, meter)
    except TimeoutError as error:
        meter.end("failed")
        raise out_of_time(service) from error
    except httpx.HTTPError as error:
        meter.end("failed")
        message = f"The upstream of this model does not answer: {type(error).__name__}"
        raise ApiError(503, message, code="upstream_unavailable") from error
    relayed = relay(answer, meter, deadline_s, hide_usage=not asked_usage)
    return Stream(relayed, media_type="text/event-stream", headers=HEADERS)


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


def _stated(body: Mapping[str, Any]) -> int | None:
    lengths = [body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")]
    return next((length for length in lengths if isinstance(length, int) and length > 0), None)


def _n(body: Mapping[str, Any]) -> int:
    n = body.get("n")
    return n if isinstance(n, int) and n > 0 else 1


def _guess(body: Mapping[str, Any]) -> int:
    words = body.get("messages") or body.get("prompt") or body.get("input") or ""
    return int(len(json.dumps(words, ensure_ascii=False)) / CHARACTERS_PER_TOKEN)
