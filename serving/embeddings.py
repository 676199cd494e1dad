"""POST /v1/embeddings by an encoder of this process. Enter at `embeddings_answer`."""

import asyncio
import base64
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from serving.access import Caller
from serving.engine import EngineFailed, OutOfTime
from serving.errors import ApiError, prompt_too_long
from serving.openai_parts import Strict
from serving.records import UsageRecord
from serving.service import Service
from serving.trace import remark, request_id

if TYPE_CHECKING:
    from serving.engines.encoder import Encoder

MOST_INPUTS = 2048
"""OpenAI's limit."""


class EmbeddingsRequest(Strict):
    """POST /v1/embeddings."""

    model: str
    input: str | Annotated[list[str] | list[int] | list[list[int]], Field(min_length=1, max_length=MOST_INPUTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None
    """Only the model's own number: a shorter vector is another one, unless a model was trained for it."""


async def embeddings_answer(
    service: Service, encoder: "Encoder", asked: EmbeddingsRequest, caller: Caller
) -> dict[str, Any]:
    """The vectors of all inputs, in order.

    Raises:
        ApiError: an input is empty or too long, or the tenant has used up what it may.
        EngineBusy: too many requests wait.
        EngineFailed: the model failed, or it took too long.
    """
    if asked.dimensions not in (None, encoder.dimensions):
        message = f"This model makes vectors of {encoder.dimensions} dimensions; leave dimensions out"
        raise ApiError(400, message, code="unsupported_parameter", param="dimensions")
    inputs = await asyncio.to_thread(_inputs, asked, encoder)
    tokens = sum(map(len, inputs))
    remark(tenant=caller.tenant, model=asked.model, prompt_tokens=tokens)
    encoder.enter()
    reservation = None
    began_s = time.monotonic()
    status: Literal["completed", "cancelled", "failed"] = "cancelled"
    try:
        reservation = service.budgets.reserve(caller.tenant, prompt_tokens=tokens, most_tokens=0)
        async with asyncio.timeout(service.timeout_s):
            rows = await asyncio.get_running_loop().run_in_executor(encoder.pool, encoder.embed, inputs)
        status = "completed"
    except TimeoutError as error:
        status = "failed"
        raise OutOfTime(f"the vectors took more than {service.timeout_s:g} s") from error
    except RuntimeError as error:
        status = "failed"
        raise EngineFailed(f"{type(error).__name__}: {error}") from error
    finally:
        encoder.leave()
        if reservation is not None:
            record = _record(service, asked, caller, tokens, time.monotonic() - began_s, status)
            service.budgets.settle(reservation, record)
            service.ledger.count(record.id, tokens)
            service.ledger.finish(record)
    shown = [_shown(row, asked.encoding_format) for row in rows]
    data = [{"object": "embedding", "index": place, "embedding": row} for place, row in enumerate(shown)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": asked.model, "data": data, "usage": usage}


def _inputs(asked: EmbeddingsRequest, encoder: "Encoder") -> list[tuple[int, ...]]:
    """Token ids of all inputs."""
    given: list[Any] = [asked.input] if isinstance(asked.input, str) else list(asked.input)
    if isinstance(given[0], int):
        given = [given]
    inputs = [encoder.token_ids(item) if isinstance(item, str) else tuple(item) for item in given]
    for item, ids in zip(given, inputs, strict=True):
        if not item or not ids:
            raise ApiError(400, "An input is empty", code="invalid_value", param="input")
        if any(not 0 <= number < encoder.vocab_size for number in ids):
            message = f"A token id is not in the vocabulary of {encoder.vocab_size} tokens"
            raise ApiError(400, message, code="invalid_value", param="input")
        if encoder.context_tokens is not None and len(ids) > encoder.context_tokens:
            raise prompt_too_long(len(ids), encoder.context_tokens, "input")
    return inputs


def _record(
    service: Service,
    asked: EmbeddingsRequest,
    caller: Caller,
    tokens: int,
    duration_s: float,
    status: Literal["completed", "cancelled", "failed"],
) -> UsageRecord:
    service.metrics.requests.labels(asked.model, "embeddings", status).inc()
    service.metrics.prompt_tokens.labels(asked.model).inc(tokens)
    prices = service.budgets.prices
    cost = prices.cost(tokens, 0)
    return UsageRecord(
        id=f"embd-{uuid.uuid4().hex}",
        created_at=datetime.fromtimestamp(time.time() - duration_s, UTC).isoformat(),
        endpoint="embeddings",
        model=asked.model,
        status=status,
        prompt_tokens=tokens,
        completion_tokens=0,
        duration_s=duration_s,
        ttft_s=None,
        tenant=caller.tenant,
        key=caller.key,
        cost=cost,
        currency=prices.currency if cost is not None else None,
        request_id=request_id(),
    )


def _shown(row: Any, form: Literal["float", "base64"]) -> list[float] | str:
    """As numbers, or as the bytes of little-endian 32-bit floats, which the openai package asks for."""
    return base64.b64encode(row.astype("<f4").tobytes()).decode() if form == "base64" else row.tolist()
