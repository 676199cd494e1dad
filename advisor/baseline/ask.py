"""Put one item to one endpoint through the `openai` client, streaming, and time what comes back.

Enter at `open_client` and `ask`. The client retries 408, 409, 429, 5xx and lost connections with back-off and
obeys Retry-After; hooks below it see each attempt, so that waiting is not taken for slowness.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import openai

from advisor.baseline.replies import Reply
from advisor.baseline.targets import TargetSpec
from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput, Failed

HOPELESS = (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError)
"""What no other item would change: a wrong key, a model or an address that is not there."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one request."""

    max_output_tokens: int
    timeout_s: float
    """Longest silence of the endpoint, and with the retries the bound of a whole item."""
    retries: int


@dataclass
class _Attempts:
    """What the hooks see of one item's attempts."""

    count: int = 0
    rate_limited: int = 0
    started_s: float = 0.0


@dataclass
class _Stream:
    """What has been read of one answer."""

    parts: list[str] = field(default_factory=list)
    refusal: bool = False
    finish_reason: str | None = None
    first_s: float | None = None
    last_s: float | None = None
    usage: openai.types.CompletionUsage | None = None


_ATTEMPTS: ContextVar[_Attempts] = ContextVar("attempts")


def open_client(spec: TargetSpec, limits: Limits, environment: Mapping[str, str]) -> openai.AsyncOpenAI:
    """A client for one target; close it when done."""
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [_on_request], "response": [_on_response]}
    # The account of the environment belongs to one provider and is no business of the others.
    no_account: dict[str, Any] = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
    return openai.AsyncOpenAI(
        api_key=spec.api_key(environment),
        base_url=spec.base_url,
        max_retries=limits.retries,
        timeout=limits.timeout_s,
        default_headers=no_account,
        http_client=openai.DefaultAsyncHttpxClient(event_hooks=hooks),
    )


async def model_of(spec: TargetSpec, client: openai.AsyncOpenAI) -> str:
    """The model to ask for: the given one, else the only one that the endpoint lists.

    Raises:
        BadInput: the endpoint lists none, or several to choose from.
        Failed: the endpoint does not answer.
    """
    if spec.model is not None:
        return spec.model
    _ATTEMPTS.set(_Attempts())
    try:
        listed = [model.id async for model in client.models.list()]
    except openai.APIError as error:
        raise Failed(f"target {spec.name}: {spec.base_url} lists no models: {_said(error)}") from error
    if len(listed) != 1:
        some = ", ".join(sorted(listed)[:12]) or "none"
        raise BadInput(f"target {spec.name}: name the model with model=...; {spec.base_url} lists: {some}")
    return listed[0]


async def ask(spec: TargetSpec, model: str, item: SuiteItem, *, client: openai.AsyncOpenAI, limits: Limits) -> Reply:
    """Ask and time; what goes wrong with this item becomes a reply with an error.

    Raises:
        Failed: the endpoint refuses key, model or address, so that every further item would fail alike.
    """
    attempts, stream = _Attempts(), _Stream()
    _ATTEMPTS.set(attempts)
    error: str | None = None
    charged = True
    try:
        async with asyncio.timeout(limits.timeout_s * (limits.retries + 1)):
            await _read(stream, spec, model, item, client, limits)
        if stream.finish_reason is None:
            error = "the stream ended without a finish reason"
    except HOPELESS as hopeless:
        raise Failed(f"target {spec.name}: {spec.base_url}, model {model}: {_said(hopeless)}") from hopeless
    except openai.APIStatusError as refused:
        error, charged = _said(refused), False
    except openai.APIError as broken:
        error = _said(broken)
    except TimeoutError:
        error = f"no complete answer within {limits.timeout_s * (limits.retries + 1):g} s"
    except ValueError as garbled:
        error = f"the stream is not valid: {garbled}"
    return _reply(spec, item, attempts, stream, error, charged=charged)


async def _read(
    stream: _Stream, spec: TargetSpec, model: str, item: SuiteItem, client: openai.AsyncOpenAI, limits: Limits
) -> None:
    options: dict[str, Any] = {spec.token_limit: limits.max_output_tokens}
    if spec.temperature is not None:
        options["temperature"] = spec.temperature
    messages: Any = list(item.messages)
    chunks = await client.chat.completions.create(
        model=model, messages=messages, stream=True, stream_options={"include_usage": True}, **options
    )
    async with chunks:
        async for chunk in chunks:
            now_s = time.perf_counter()
            if chunk.usage is not None:
                stream.usage = chunk.usage
            for choice in chunk.choices[:1]:
                refusal = getattr(choice.delta, "refusal", None)
                text = choice.delta.content or refusal
                if text:
                    stream.first_s = stream.first_s or now_s
                    stream.last_s = now_s
                    stream.parts.append(text)
                stream.refusal = stream.refusal or bool(refusal) or choice.finish_reason == "content_filter"
                stream.finish_reason = choice.finish_reason or stream.finish_reason


def _reply(
    spec: TargetSpec, item: SuiteItem, attempts: _Attempts, stream: _Stream, error: str | None, *, charged: bool
) -> Reply:
    usage, ended_s = stream.usage, time.perf_counter()
    common = {
        "item_id": item.id,
        "target": spec.name,
        "attempts": attempts.count,
        "rate_limited": attempts.rate_limited,
        "input_tokens": usage.prompt_tokens if usage else None,
        "output_tokens": usage.completion_tokens if usage else None,
        "cached_input_tokens": _cached(usage),
        "energy_j": _energy_j(usage),
    }
    if error is not None:
        return Reply(**common, text=None, error=error, charge_uncertain=charged and usage is None)
    return Reply(
        **common,
        text="".join(stream.parts),
        refused=stream.refusal,
        truncated=stream.finish_reason == "length",
        ttft_ms=_ms(attempts.started_s, stream.first_s),
        tpot_ms=_tpot_ms(stream),
        total_ms=_ms(attempts.started_s, stream.last_s or ended_s),
        charge_uncertain=usage is None,
    )


def _ms(start_s: float, end_s: float | None) -> float | None:
    return None if end_s is None else 1000 * (end_s - start_s)


def _tpot_ms(stream: _Stream) -> float | None:
    """Time per output token after the first; a single token, or a single piece, has none."""
    tokens = stream.usage.completion_tokens if stream.usage else None
    if tokens is None or tokens < 2 or len(stream.parts) < 2 or stream.first_s is None or stream.last_s is None:
        return None
    return 1000 * (stream.last_s - stream.first_s) / (tokens - 1)


def _cached(usage: openai.types.CompletionUsage | None) -> int:
    details = usage.prompt_tokens_details if usage else None
    return (details.cached_tokens or 0) if details else 0


def _energy_j(usage: openai.types.CompletionUsage | None) -> float | None:
    value = (usage.model_extra or {}).get("energy_j") if usage else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def _said(error: openai.APIError) -> str:
    """What the endpoint said, on one short line; request headers, and with them the key, are not in it."""
    status = f"{error.status_code}: " if isinstance(error, openai.APIStatusError) else ""
    cause = f" ({error.__cause__})" if isinstance(error, openai.APIConnectionError) and error.__cause__ else ""
    return f"{status}{' '.join(error.message.split())[:300]}{cause}"


async def _on_request(_request: object) -> None:
    attempts = _ATTEMPTS.get()
    attempts.count += 1
    attempts.started_s = time.perf_counter()


async def _on_response(response: Any) -> None:
    if response.status_code == 429:
        _ATTEMPTS.get().rate_limited += 1
