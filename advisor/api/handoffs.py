"""`/v1/assessments/{id}/handoff`: the plan directory of an option, as JSON or as a zip archive."""

import io
import zipfile
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

import anyio
from litestar import Controller, Response, post
from litestar.params import FromPath, JSONBody, QueryParameter

from advisor.api.backend import Shared
from advisor.api.errors import problem_responses
from advisor.api.requests import Tenant
from advisor.contracts.assessment import Assessment
from advisor.contracts.catalog import Catalog
from advisor.contracts.handover import HandedFile, Handoff, HandoffRequest
from advisor.handoff import HandedOver, handed_over

Form = Annotated[Literal["json", "zip"], QueryParameter(description="zip: the same files as one archive.")]
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive can say: the same files give the same bytes."""
FILE_MODE, SCRIPT_MODE = 0o100644, 0o100755


class HandoffController(Controller):
    """From the answer to the work."""

    path = "/v1/assessments"
    tags = ("assessments",)

    @post(
        "/{assessment_id:uuid}/handoff",
        operation_id="handOff",
        summary="Hand an option over",
        status_code=200,
        responses=problem_responses(400, 404, 413),
    )
    async def hand_off(
        self,
        assessment_id: FromPath[UUID],
        data: JSONBody[HandoffRequest],
        backend: Shared,
        tenant: Tenant,
        form: Form = "json",
    ) -> Response[Handoff]:
        """The directory of an option: plan, launch and serving files, or what it takes to buy; nothing is stored."""
        document = await backend.store.document("assessment", assessment_id, tenant=tenant)
        call = partial(_made, document, data, backend.catalog)
        found = await anyio.to_thread.run_sync(call, limiter=backend.threads)
        if form == "zip":
            return _archive(found, assessment_id)
        return Response(
            Handoff(
                assessment_id=str(assessment_id),
                option_id=found.option.id,
                trains=found.trains,
                files=tuple(HandedFile(path=path, content=text) for path, text in found.files.items()),
                notes=found.notes,
            ),
            status_code=200,
        )


def _made(document: str, asked: HandoffRequest, catalog: Catalog) -> HandedOver:
    return handed_over(
        Assessment.model_validate_json(document),
        option_id=asked.option_id,
        catalog=catalog,
        corpus=asked.corpus,
        base_model=asked.base_model,
        language=asked.language,
        launchers=asked.launch,
    )


def _archive(found: HandedOver, assessment_id: UUID) -> Response[Any]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in found.files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (SCRIPT_MODE if path.endswith(".sh") else FILE_MODE) << 16
            archive.writestr(entry, text)
    name = f'attachment; filename="plan-{assessment_id}.zip"'
    return Response(stream.getvalue(), media_type="application/zip", headers={"Content-Disposition": name})
