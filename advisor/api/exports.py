"""A stored assessment in other forms: `/v1/assessments/{id}.md`, `.pdf`, `.xlsx` and `/focus.csv`.

The router knows no endings inside a part of a path, so `AssessmentController` reads them with `address_of`;
`with_exports` shows each as an address of its own in the OpenAPI document. Enter at `exported`.
"""

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import anyio
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import QueryParameter

from advisor.api.backend import Backend
from advisor.contracts.assessment import Assessment
from advisor.exports.forms import FORMS, FormName, render
from advisor.phrases import Language

InLanguage = Annotated[Language, QueryParameter(description="Language of what people read: en or de.")]
PLAIN = "/v1/assessments/{assessment_id}"
ENDINGS: dict[str, FormName] = {".md": "markdown", ".pdf": "pdf", ".xlsx": "xlsx"}
TITLES = {".md": "Markdown", ".pdf": "PDF", ".xlsx": "Excel"}


class NotAcceptable(HTTPException):
    """The caller accepts no form that the address has."""

    status_code = HTTPStatus.NOT_ACCEPTABLE


@dataclass(frozen=True)
class Address:
    """An assessment, and the form in which it is asked for; None: as it is stored."""

    identity: UUID
    form: FormName | None


def address_of(text: str) -> Address:
    """The last part of a path: an id, or an id with an ending.

    Raises:
        NotFoundException: it is no id, or has another ending.
    """
    for ending, form in ENDINGS.items():
        if text.endswith(ending):
            return Address(_identity(text.removesuffix(ending)), form)
    return Address(_identity(text), None)


def plain_address(text: str) -> UUID:
    """The last part of a path that may have no ending.

    Raises:
        NotFoundException: it is no id.
    """
    return _identity(text)


async def exported(
    request: Request[Any, Any, Any],
    backend: Backend,
    tenant: str,
    identity: UUID,
    form: FormName,
    language: Language,
) -> Response[Any]:
    """The file, made off the event loop.

    Raises:
        NotStored: there is no such assessment.
        NotAcceptable: the caller accepts other media types alone.
    """
    media_type = FORMS[form].media_type
    kind = media_type.partition(";")[0]
    if request.accept.best_match([kind]) is None:
        raise NotAcceptable(f"{request.url.path} is {kind}; the request accepts {request.headers.get('accept')}")
    result = Assessment.model_validate_json(await backend.store.document("assessment", identity, tenant=tenant))
    content = await anyio.to_thread.run_sync(partial(render, result, form, language), limiter=backend.threads)
    name = f"assessment-{identity}{FORMS[form].suffix}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def with_exports(paths: dict[str, Any]) -> dict[str, Any]:
    """The paths of the OpenAPI document with an address for each ending."""
    plain = paths[PLAIN]["get"]
    identity, language = (
        next(item for item in plain["parameters"] if item["name"] == name) for name in ("assessment_id", "language")
    )
    identity = {**identity, "schema": {"type": "string", "format": "uuid"}}
    shown = {**paths, PLAIN: {**paths[PLAIN], "get": {**plain, "parameters": [identity]}}}
    for ending, form in ENDINGS.items():
        responses = {"200": _file(form), **{code: row for code, row in plain["responses"].items() if code >= "400"}}
        shown[PLAIN + ending] = {
            "get": {
                **plain,
                "operationId": f"getAssessment{TITLES[ending]}",
                "summary": f"Get assessment as {TITLES[ending]}",
                "description": f"The assessment as {TITLES[ending]}; the same assessment gives the same bytes.",
                "parameters": [identity, language],
                "responses": dict(sorted(responses.items())),
            }
        }
    focus = shown[f"{PLAIN}/focus.csv"]["get"]
    shown[f"{PLAIN}/focus.csv"] = {"get": {**focus, "responses": {**focus["responses"], "200": _file("focus")}}}
    return shown


def _file(form: FormName) -> dict[str, Any]:
    kind = FORMS[form].media_type.partition(";")[0]
    schema = {"type": "string"} if FORMS[form].is_text else {"type": "string", "format": "binary"}
    return {
        "description": "The file",
        "headers": {"Content-Disposition": {"description": "Name of the file", "schema": {"type": "string"}}},
        "content": {kind: {"schema": schema}},
    }


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundException from None
