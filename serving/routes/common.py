"""What the routes share: who asks, bodies, and errors in OpenAI's shape. Enter at `caller_of` and `answer_error`."""

import logging
import math
from typing import Any

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from pydantic import BaseModel

from serving.access import Caller, Role
from serving.errors import ApiError, as_api_error
from serving.service import Service
from serving.trace import remark

RETRY_AFTER_S = 1
Answer = Response[Any]
HttpRequest = Request[Any, Any, State]

logger = logging.getLogger(__name__)


def caller_of(request: HttpRequest, *, needs: Role = "user") -> Caller:
    """Who asks; refused without a key where keys are asked for."""
    service: Service = request.app.state.service
    return service.access.caller(request.headers.get("authorization"), needs=needs)


def as_json(answer: BaseModel) -> Answer:
    """A model of the `openai` package as it goes over the wire."""
    body = answer.model_dump_json(exclude_unset=True, warnings=False)
    return Response(body.encode(), media_type="application/json")


def user_of(body: dict[str, Any]) -> str | None:
    """The user that a request names, under the newer name or the older one."""
    named = body.get("safety_identifier") or body.get("user")
    return named if isinstance(named, str) else None


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Answer:
    """Turn an exception into a response in OpenAI's shape."""
    if isinstance(error, HTTPException):
        said = ApiError(error.status_code, str(error.detail), code=f"http_{error.status_code}")
    else:
        said = as_api_error(error)
    remark(error_code=said.code)
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
