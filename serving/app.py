"""The HTTP application: thin handlers over `Service`.

Enter at `create_app`.
"""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from pydantic import BaseModel

from serving.access import Access, Caller, Role
from serving.address import UpstreamAddress
from serving.chat import chat_answer, chat_chunks, chat_job
from serving.completions import completion_answer, completion_chunks, completion_job
from serving.energy_share import WINDOW_S, EnergyLedger
from serving.engine import Engine
from serving.errors import ApiError, as_api_error, unknown_model
from serving.exchange import Service
from serving.measured import read_usage
from serving.metrics import Metrics
from serving.model_dir import ServedModel
from serving.openai_schema import (
    ChatRequest,
    CompletionRequest,
    ResponsesRequest,
    check_request,
    read_object,
    validate,
)
from serving.quota import Budgets, Prices
from serving.records import Feedback, FeedbackRecord, Journal
from serving.responses import response_answer, response_events, response_job
from serving.sse import event_stream, unless_gone
from serving.upstream import forward, opened
from trainer.energy import Meter

MOST_BODY_BYTES = 4_000_000
RETRY_AFTER_S = 1
Answer = Response[Any]
HttpRequest = Request[Any, Any, State]

logger = logging.getLogger(__name__)


def create_app(
    models: Sequence[tuple[ServedModel, Engine]],
    meter: Meter,
    records: Path,
    *,
    window_s: float = WINDOW_S,
    access: Access | None = None,
    prices: Prices | None = None,
    upstreams: Mapping[str, UpstreamAddress] | None = None,
) -> Litestar:
    """The application over loaded engines.

    Args:
        models: what is served.
        meter: closed with the application.
        records: directory of `usage.jsonl` and `feedback.jsonl`.
        window_s: length of the energy windows.
        access: keys that are asked for; None: none are.
        prices: what tokens cost inside the house; None: not known.
        upstreams: models that other servers run, by the names that clients ask for.
    """
    usage, feedback = Journal(records / "usage.jsonl"), Journal(records / "feedback.jsonl")
    engines = {model.name: engine for model, engine in models}
    door = access if access is not None else Access(None)
    budgets = Budgets(door, prices if prices is not None else Prices(), read_usage(usage.path))

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
        ledger = EnergyLedger(meter, usage.append, window_s=window_s)
        behind = {name: opened(address) for name, address in (upstreams or {}).items()}
        app.state.service = Service(
            models={model.name: model for model, _ in models} | {name: ServedModel(name, None) for name in behind},
            engines=engines,
            metrics=Metrics(engines),
            ledger=ledger,
            feedback=feedback,
            started_at=int(time.time()),
            access=door,
            budgets=budgets,
            write=usage.append,
            upstreams=behind,
        )
        ledger.start()
        yield
        await ledger.stop()
        for upstream in behind.values():
            await upstream.client.aclose()
        for engine in engines.values():
            engine.close()

    return Litestar(
        route_handlers=[
            list_models,
            show_model,
            chat_completions,
            completions,
            responses,
            embeddings,
            give_feedback,
            health,
            metrics,
        ],
        lifespan=[lifespan],
        exception_handlers={Exception: answer_error, HTTPException: answer_error},
        request_max_body_size=MOST_BODY_BYTES,
        openapi_config=None,
    )


@get("/v1/models")
async def list_models(request: HttpRequest, state: State) -> dict[str, Any]:
    """The models of this server, with their cards."""
    caller_of(request)
    service: Service = state.service
    return {"object": "list", "data": [_model(service, name) for name in service.models]}


@get("/v1/models/{name:path}")
async def show_model(request: HttpRequest, state: State, name: FromPath[str]) -> dict[str, Any]:
    """One model."""
    caller_of(request)
    service: Service = state.service
    wanted = name.removeprefix("/")
    if wanted not in service.models:
        raise unknown_model(wanted, service.models)
    return _model(service, wanted)


@post("/v1/chat/completions", status_code=200)
async def chat_completions(request: HttpRequest, state: State) -> Answer:
    """Answer a conversation."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "chat/completions")
    asked = check_request(body, ChatRequest)
    exchange = service.open(await asyncio.to_thread(chat_job, asked, service.engine(asked.model)), caller)
    if asked.stream:
        return event_stream(chat_chunks(exchange, asked))
    return _json(await unless_gone(request, chat_answer(exchange, asked)))


@post("/v1/completions", status_code=200)
async def completions(request: HttpRequest, state: State) -> Answer:
    """Continue a text."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "completions")
    asked = check_request(body, CompletionRequest)
    exchange = service.open(await asyncio.to_thread(completion_job, asked, service.engine(asked.model)), caller)
    if asked.stream:
        return event_stream(completion_chunks(exchange, include_usage=asked.stream_options.include_usage))
    return _json(await unless_gone(request, completion_answer(exchange)))


@post("/v1/responses", status_code=200)
async def responses(request: HttpRequest, state: State) -> Answer:
    """Answer in the form of the Responses API."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    if (upstream := service.upstreams.get(str(body.get("model")))) is not None:
        return await forward(service, upstream, body, caller, "responses")
    asked = check_request(body, ResponsesRequest)
    exchange = service.open(await asyncio.to_thread(response_job, asked, service.engine(asked.model)), caller)
    if asked.stream:
        return event_stream(response_events(exchange, asked), named=True)
    return _json(await unless_gone(request, response_answer(exchange, asked)))


@post("/v1/embeddings", status_code=200)
async def embeddings(request: HttpRequest, state: State) -> Answer:
    """Vectors of texts, from an upstream that makes them."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    name = str(body.get("model"))
    if (upstream := service.upstreams.get(name)) is not None:
        return await forward(service, upstream, body, caller, "embeddings")
    service.engine(name)
    raise ApiError(400, f"The model {name!r} makes no embeddings", code="unsupported_model", param="model")


@post("/v1/feedback", status_code=201)
async def give_feedback(request: HttpRequest, state: State) -> dict[str, Any]:
    """Keep a user's judgement of an answer."""
    service: Service = state.service
    caller_of(request)
    given = validate(read_object(await request.body()), Feedback)
    now = datetime.now(UTC).isoformat()
    record = FeedbackRecord(id=f"fb_{uuid.uuid4().hex}", created_at=now, feedback=given)
    service.feedback.append(record)
    return {"id": record.id, "object": "feedback", "created_at": record.created_at}


@get("/health")
async def health(state: State) -> Answer:
    """200 while every engine works, else 503 naming those that do not."""
    service: Service = state.service
    ended = [name for name, engine in service.engines.items() if not engine.alive()]
    ended += [name for name, upstream in service.upstreams.items() if not await upstream.answers()]
    body = {"status": "failed" if ended else "ok", "models": list(service.models), "ended": ended}
    return Response(body, status_code=503 if ended else 200)


@get("/metrics")
async def metrics(request: HttpRequest, state: State) -> Answer:
    """Figures for Prometheus."""
    caller_of(request, needs="monitor")
    service: Service = state.service
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def caller_of(request: HttpRequest, *, needs: Role = "user") -> Caller:
    """Who asks; refused without a key where keys are asked for."""
    service: Service = request.app.state.service
    return service.access.caller(request.headers.get("authorization"), needs=needs)


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Answer:
    """Turn an exception into a response in OpenAI's shape."""
    if isinstance(error, HTTPException):
        said = ApiError(error.status_code, str(error.detail), code=f"http_{error.status_code}")
    else:
        said = as_api_error(error)
    if said.code == "internal_error":
        logger.error("%s %s", request.method, request.url.path, exc_info=error)
    service: Service | None = request.app.state.get("service")
    if service is not None:
        service.metrics.errors.labels(said.code).inc()
    headers = {}
    if said.status in (429, 503):
        headers["Retry-After"] = str(max(1, math.ceil(said.retry_after_s or RETRY_AFTER_S)))
    if said.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(said.body, status_code=said.status, headers=headers)


def _json(answer: BaseModel) -> Answer:
    body = answer.model_dump_json(exclude_unset=True, warnings=False)
    return Response(body.encode(), media_type="application/json")


def _model(service: Service, name: str) -> dict[str, Any]:
    model = service.models[name]
    shown: dict[str, Any] = {}
    if name in service.engines:
        shown["context_tokens"] = service.engines[name].context_tokens
    if model.card is not None:
        shown["model_card"] = model.card.model_dump(mode="json")
    return {"id": name, "object": "model", "created": service.started_at, "owned_by": "richtwert", **shown}
