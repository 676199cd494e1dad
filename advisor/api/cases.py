"""`/v1/cases`: keep a case."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from advisor.api.access import NEEDS
from advisor.api.backend import Limit, Offset, Shared, Ticket, created, next_page, whole
from advisor.api.errors import problem_responses
from advisor.api.requests import Caller, Tenant, Writer
from advisor.contracts.case import Case
from advisor.contracts.service import CasePage, CaseSummary
from advisor.store import Change


class CaseController(Controller):
    """Cases as they were submitted."""

    path = "/v1/cases"
    tags = ("cases",)

    @post(
        "/",
        operation_id="createCase",
        opt={NEEDS: "decide"},
        summary="Create case",
        responses=problem_responses(400, 413, 422),
    )
    async def create_case(self, data: JSONBody[Case], backend: Shared, origin: Writer) -> Response[CaseSummary]:
        """Store a case."""

        async def make() -> list[Change]:
            ticket = Ticket()
            summary = CaseSummary(
                id=str(ticket.id), created_at=ticket.created_at, name=data.name, task=data.use_case.task
            )
            return [Change("case", ticket.entry(summary, data))]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.summary)

    @get("/", operation_id="listCases", summary="List cases", responses=problem_responses(400))
    async def list_cases(
        self,
        backend: Shared,
        tenant: Tenant,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> CasePage:
        """Cases, newest first."""
        found = await backend.store.listing("case", limit=limit, offset=offset, tenant=tenant)
        return CasePage(
            items=tuple(CaseSummary.model_validate_json(summary) for summary in found.summaries),
            total_items=found.total,
            next=next_page("case", limit=limit, offset=offset, total=found.total),
        )

    @get("/{case_id:uuid}", operation_id="getCase", summary="Get case", responses=problem_responses(400, 404))
    async def get_case(self, case_id: FromPath[UUID], backend: Shared, tenant: Tenant) -> Response[Case]:
        """One case."""
        return whole(await backend.store.document("case", case_id, tenant=tenant))

    @delete(
        "/{case_id:uuid}",
        operation_id="deleteCase",
        opt={NEEDS: "erase"},
        summary="Delete case",
        responses=problem_responses(400, 404),
    )
    async def delete_case(self, case_id: FromPath[UUID], backend: Shared, caller: Caller) -> None:
        """Delete a case; the audit trail keeps its hash, and that it was deleted."""
        await backend.store.delete("case", case_id, caller)
