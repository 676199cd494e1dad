"""The routes that tell: models, health, metrics; and feedback. Enter at `list_models`."""

import uuid
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from serving.errors import unknown_model
from serving.openai_schema import read_object, validate
from serving.records import Feedback, FeedbackRecord
from serving.routes.common import Answer, HttpRequest, caller_of
from serving.service import Service


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
    """200 while every engine works, else 503 naming those that do not; restarts are counted."""
    service: Service = state.service
    ended = [name for name, line in service.lines.items() if not line.current.engine.alive()]
    ended += [name for name, upstream in service.upstreams.items() if not await upstream.answers()]
    restarts = {name: sum(line.current.engine.restarts().values()) for name, line in service.lines.items()}
    body = {
        "status": "failed" if ended else "ok",
        "models": list(service.models),
        "ended": ended,
        "restarts": {name: count for name, count in restarts.items() if count},
    }
    return Response(body, status_code=503 if ended else 200)


@get("/metrics")
async def metrics(request: HttpRequest, state: State) -> Answer:
    """Figures for Prometheus."""
    caller_of(request, needs="monitor")
    service: Service = state.service
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _model(service: Service, name: str) -> dict[str, Any]:
    model = service.models[name]
    shown: dict[str, Any] = {}
    if name in service.lines:
        shown["context_tokens"] = service.lines[name].current.engine.context_tokens
    if (encoder := service.encoders.get(name)) is not None:
        shown |= {"context_tokens": encoder.context_tokens, "embedding_dimensions": encoder.dimensions}
    if model.parent is not None:
        shown["parent"] = model.parent
    if model.card is not None:
        shown["model_card"] = model.card.model_dump(mode="json")
    return {"id": name, "object": "model", "created": service.started_at, "owned_by": "richtwert", **shown}


HANDLERS: list[Any] = [list_models, show_model, give_feedback, health, metrics]
