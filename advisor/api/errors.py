"""Every error as RFC 9457 problem details, in one table. Enter at `answer_with_problem`."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from pydantic import BaseModel, ConfigDict, ValidationError

from advisor.api.requests import REQUEST_ID_HEADER, request_id
from advisor.contracts.errors import BadInput, Failed, nearest
from advisor.contracts.mistakes import field_errors
from advisor.estimate.answers import RefusedRequest
from advisor.store import Conflict, KeyReused, NotStored, StoreUnavailable

PROBLEM_JSON = "application/problem+json"
log = logging.getLogger("advisor.api")


class FieldProblem(BaseModel):
    """One mistake in the request."""

    model_config = ConfigDict(extra="forbid")

    field: str
    """Path of the field, parts joined by dots."""
    value: str
    """What was received; empty when it is missing."""
    message: str
    """What is wrong, with the legal values or the nearest name."""


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    """This occurrence: the path, and the request id as fragment."""
    request_id: str
    """Also in the header X-Request-ID and in the service's log."""
    errors: list[FieldProblem] = []


def problem_responses(*statuses: int) -> dict[int, ResponseSpec]:
    """The documented errors of a route: the given ones, and 500 and 503."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            media_type=PROBLEM_JSON,
            generate_examples=False,
            description=HTTPStatus(status).phrase,
        )
        for status in (*statuses, 500, 503)
    }


def answer_with_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The one exception handler: status and text for what the caller can change, the log for the rest."""
    headers: dict[str, str] = {}
    errors: list[FieldProblem] = []
    match error:
        case NotStored():
            status, detail = HTTPStatus.NOT_FOUND, str(error)
        case Conflict():
            status, detail = HTTPStatus.CONFLICT, str(error)
        case KeyReused():
            status, detail = HTTPStatus.UNPROCESSABLE_ENTITY, str(error)
        case RefusedRequest():
            status, detail = HTTPStatus.BAD_REQUEST, str(error)
            errors = [FieldProblem(**row) for row in error.mistakes]
        case BadInput():
            status, detail = HTTPStatus.BAD_REQUEST, str(error)
        case StoreUnavailable():
            status, detail = HTTPStatus.SERVICE_UNAVAILABLE, "the store does not answer; try again"
        case Failed():
            status, detail = HTTPStatus.INTERNAL_SERVER_ERROR, str(error)
        case RecursionError() if "deserializing" in str(error):
            status, detail = HTTPStatus.BAD_REQUEST, "the body is nested too deeply"
        case NotFoundException():
            status, detail = HTTPStatus.NOT_FOUND, _no_such_route(request)
        case ValidationException():
            status, errors = HTTPStatus.BAD_REQUEST, list(_mistakes(request, error))
            detail = "; ".join(f"{item.field}: {item.message}" for item in errors) or str(error.detail)
        case HTTPException():
            status, detail = HTTPStatus(error.status_code), error.detail or HTTPStatus(error.status_code).phrase
            headers = dict(error.headers or {})
        case _:
            status, detail = HTTPStatus.INTERNAL_SERVER_ERROR, "an unexpected error; the service's log has the details"
    identity = request_id(request.scope)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request %s: %s %s failed", identity, request.method, request.url.path, exc_info=error)
    problem = Problem(
        title=status.phrase,
        status=status,
        detail=detail,
        instance=f"{request.url.path}#{identity}",
        request_id=identity,
        errors=errors,
    )
    return Response(
        problem, status_code=status, media_type=PROBLEM_JSON, headers=headers | {REQUEST_ID_HEADER: identity}
    )


def _mistakes(request: Request[Any, Any, Any], error: ValidationException) -> Iterator[FieldProblem]:
    """The mistakes of a body in the words that all programs use, of parameters in litestar's."""
    found = _pydantic_error(error)
    body = request.route_handler.parsed_fn_signature.parameters.get("data")
    if found is not None and body is not None:
        yield from (FieldProblem(**row) for row in field_errors(found, body.annotation))
        return
    for item in error.extra if isinstance(error.extra, list) else []:
        name = str(item.get("key", "(request)"))
        if name == "data":
            yield FieldProblem(field="(document)", value="", message="a JSON document is required as body")
            continue
        if item.get("source") == "header" or name == "idempotency_key":
            name = name.replace("_", "-").title()
        value = str(request.query_params.get(name, "")) if item.get("source") == "query" else ""
        yield FieldProblem(field=name, value=value, message=str(item["message"]))


def _no_such_route(request: Request[Any, Any, Any]) -> str:
    near = nearest(request.url.path, (route.path for route in request.app.routes if "{" not in route.path))
    advice = f"did you mean {near}?" if near else "see /schema/openapi.json"
    return f"nothing at {request.url.path}; {advice}"


def _pydantic_error(error: BaseException | None) -> ValidationError | None:
    while error is not None and not isinstance(error, ValidationError):
        error = error.__cause__
    return error
