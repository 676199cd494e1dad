"""`/v1/assessments`: assess a case, read an assessment again."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from advisor.api.access import NEEDS
from advisor.api.backend import Limit, Offset, Shared, Ticket, assessment_change, created, next_page, whole
from advisor.api.errors import problem_responses
from advisor.api.exports import InLanguage, address_of, exported, plain_address
from advisor.api.requests import Caller, Tenant, Writer
from advisor.contracts.assessment import Assessment
from advisor.contracts.service import AssessmentPage, AssessmentRequest, AssessmentSummary
from advisor.store import Change


class AssessmentController(Controller):
    """Assessments, which never change once they are made."""

    path = "/v1/assessments"
    tags = ("assessments",)

    @post(
        "/",
        operation_id="createAssessment",
        opt={NEEDS: "decide"},
        summary="Create assessment",
        responses=problem_responses(400, 413, 422),
    )
    async def create_assessment(
        self, data: JSONBody[AssessmentRequest], backend: Shared, origin: Writer
    ) -> Response[Assessment]:
        """Assess a case: every option costed, gated, ranked and explained."""

        async def make() -> list[Change]:
            ticket = Ticket()
            found = await backend.assess(data, tenant=origin.tenant)
            result = found.result.model_copy(update={"id": str(ticket.id)})
            return [assessment_change(result, ticket), *found.beside]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.document)

    @get("/", operation_id="listAssessments", summary="List assessments", responses=problem_responses(400))
    async def list_assessments(
        self,
        backend: Shared,
        tenant: Tenant,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> AssessmentPage:
        """Assessments, newest first."""
        found = await backend.store.listing("assessment", limit=limit, offset=offset, tenant=tenant)
        return AssessmentPage(
            items=tuple(AssessmentSummary.model_validate_json(summary) for summary in found.summaries),
            total_items=found.total,
            next=next_page("assessment", limit=limit, offset=offset, total=found.total),
        )

    @get(
        "/{assessment_id:str}",
        operation_id="getAssessment",
        summary="Get assessment",
        responses=problem_responses(400, 404, 406),
    )
    async def get_assessment(
        self,
        request: Request[Any, Any, Any],
        assessment_id: FromPath[str],
        backend: Shared,
        tenant: Tenant,
        language: InLanguage = "en",
    ) -> Response[Assessment]:
        """One assessment, the same bytes as on the day it was made."""
        address = address_of(assessment_id)
        if address.form is not None:
            return await exported(request, backend, tenant, address.identity, address.form, language)
        return whole(await backend.store.document("assessment", address.identity, tenant=tenant))

    @get(
        "/{assessment_id:uuid}/focus.csv",
        operation_id="getAssessmentFocus",
        summary="Get planned cost lines as FOCUS 1.2",
        responses=problem_responses(400, 404, 406),
    )
    async def get_focus(
        self,
        request: Request[Any, Any, Any],
        assessment_id: FromPath[UUID],
        backend: Shared,
        tenant: Tenant,
        language: InLanguage = "en",
    ) -> Response[Any]:
        """The planned cost lines as a FOCUS 1.2 table, a row per option, line and month."""
        return await exported(request, backend, tenant, assessment_id, "focus", language)

    @delete(
        "/{assessment_id:str}",
        operation_id="deleteAssessment",
        opt={NEEDS: "erase"},
        summary="Delete assessment",
        responses=problem_responses(400, 404),
    )
    async def delete_assessment(self, assessment_id: FromPath[str], backend: Shared, caller: Caller) -> None:
        """Delete an assessment; the audit trail keeps its hash, and that it was deleted."""
        await backend.store.delete("assessment", plain_address(assessment_id), caller)
