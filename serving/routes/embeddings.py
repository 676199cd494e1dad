"""The route that makes vectors of texts. Enter at `embeddings`."""

from typing import Any

from litestar import Response, post
from litestar.datastructures import State

from serving.embeddings import EmbeddingsRequest, embeddings_answer
from serving.errors import ApiError
from serving.openai_schema import check_request, read_object
from serving.routes.common import Answer, HttpRequest, caller_of
from serving.service import Service
from serving.sse import unless_gone
from serving.upstream import forward


@post("/v1/embeddings", status_code=200)
async def embeddings(request: HttpRequest, state: State) -> Answer:
    """Vectors of texts, from an encoder of this process or from an upstream."""
    service: Service = state.service
    caller = caller_of(request)
    body = read_object(await request.body())
    name = str(body.get("model"))
    if (upstream := service.upstreams.get(name)) is not None:
        return await forward(service, upstream, body, caller, "embeddings")
    if (encoder := service.encoders.get(name)) is not None:
        asked = check_request(body, EmbeddingsRequest)
        return Response(await unless_gone(request, embeddings_answer(service, encoder, asked, caller)))
    service.line(name)
    raise ApiError(400, f"The model {name!r} makes no embeddings", code="unsupported_model", param="model")


HANDLERS: list[Any] = [embeddings]
