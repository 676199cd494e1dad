"""The routes of an administrator: versions of a model, loaded beside the old one, promoted or rolled back.

Enter at `add_version`. Names of models may hold slashes, so the paths are taken apart here.
"""

import asyncio
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from pydantic import Field

from advisor.contracts.base import Contract, PositiveCount, Text
from serving.canary import CanaryRule
from serving.errors import ApiError
from serving.model_root import confined
from serving.openai_schema import read_object, validate
from serving.routes.common import Answer, HttpRequest, caller_of
from serving.service import Service
from serving.versions import Line, Version


class NewVersion(Contract):
    """Body of `POST /v1/admin/models/{name}/versions`."""

    path: Text
    """Model directory, below `--model-root`."""
    share: float = Field(ge=0, le=1)
    """Of the requests that go to it, 0..1."""
    min_requests: PositiveCount = CanaryRule().min_requests
    error_factor: float = Field(default=CanaryRule().error_factor, ge=1)
    latency_factor: float = Field(default=CanaryRule().latency_factor, ge=1)

    @property
    def rule(self) -> CanaryRule:
        """When it is taken back by itself."""
        return CanaryRule(
            min_requests=self.min_requests, error_factor=self.error_factor, latency_factor=self.latency_factor
        )


@get("/v1/admin/models/{rest:path}")
async def list_versions(request: HttpRequest, state: State, rest: FromPath[str]) -> dict[str, Any]:
    """The versions of a model: `/v1/admin/models/{name}/versions`."""
    service: Service = state.service
    caller_of(request, needs="admin")
    name, action = _taken_apart(rest)
    if action:
        raise _no_such_path(rest)
    return _listed(service.line(name))


@post("/v1/admin/models/{rest:path}", status_code=200)
async def change_versions(request: HttpRequest, state: State, rest: FromPath[str]) -> Answer:
    """Load one (`.../versions`), or end its trial (`.../versions/{id}/promote`, `.../versions/{id}/rollback`)."""
    service: Service = state.service
    caller_of(request, needs="admin")
    name, action = _taken_apart(rest)
    line = service.line(name)
    match action:
        case []:
            body = validate(read_object(await request.body()), NewVersion)
            await add_version(service, line, body)
            return Response(_listed(line), status_code=201)
        case [version_id, "promote"]:
            line.promote(version_id)
        case [version_id, "rollback"]:
            line.roll_back(version_id, "by call")
        case _:
            raise _no_such_path(rest)
    return Response(_listed(line))


async def add_version(service: Service, line: Line, wanted: NewVersion) -> None:
    """Load a directory and give it its share.

    Raises:
        ApiError: 403 where this server loads nothing or the path leads astray, 409 while another one is on trial or the
            model shares its weights, 400 where the directory cannot be loaded.
    """
    if service.loader is None:
        raise ApiError(403, "This server loads no models; start it with --model-root DIR", code="loading_not_allowed")
    if line.current.model.parent is not None or line.name in service.parents:
        message = f"{line.name!r} shares its weights with adapters; restart the server with the new directories"
        raise ApiError(409, message, code="weights_are_shared")
    line.check_free()
    root, weights, load = service.loader.root, service.loader.weights, service.loader.load
    model = await asyncio.to_thread(confined, root, wanted.path, line.name, weights=weights)
    if model.encoder:
        raise ApiError(400, f"{wanted.path}: an encoder generates no text", code="invalid_model", param="path")
    line.loading = True
    try:
        engine = await asyncio.to_thread(load, model)
    finally:
        line.loading = False
    line.try_out(Version(line.next_id(model), model, engine), share_fraction=wanted.share, rule=wanted.rule)


def _taken_apart(rest: str) -> tuple[str, list[str]]:
    """Name of the model, and what stands behind `versions`."""
    name, found, action = rest.strip("/").rpartition("/versions")
    if not found or (action and not action.startswith("/")):
        raise _no_such_path(rest)
    return name, [part for part in action.split("/") if part]


def _no_such_path(rest: str) -> ApiError:
    return ApiError(404, f"No such path: /v1/admin/models{rest}", code="http_404")


def _listed(line: Line) -> dict[str, Any]:
    return {"object": "list", "model": line.name, "data": [_shown(version, line) for version in line.versions]}


def _shown(version: Version, line: Line) -> dict[str, Any]:
    shares = {"serving": 1 - line.share_fraction, "canary": line.share_fraction}
    return {
        "id": version.id,
        "state": version.state,
        "note": version.note,
        "share": shares.get(version.state, 0.0),
        "in_flight": version.in_flight,
        "requests": version.outcomes.count,
        "error_fraction": version.outcomes.error_fraction,
        "duration_s_p95": version.outcomes.p95_s,
    }


HANDLERS: list[Any] = [list_versions, change_versions]
