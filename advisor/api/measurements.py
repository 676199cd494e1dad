"""`/v1/measurements`: reports of training runs, comparisons, machines and served models."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from advisor.api.access import NEEDS
from advisor.api.backend import Limit, Offset, Shared, Ticket, created, next_page, whole
from advisor.api.errors import problem_responses
from advisor.api.requests import Caller, Tenant, Writer
from advisor.contracts.measurements import report_name
from advisor.contracts.service import MeasurementPage, MeasurementSummary, Report
from advisor.store import Change


class MeasurementController(Controller):
    """What was measured."""

    path = "/v1/measurements"
    tags = ("measurements",)

    @post(
        "/",
        operation_id="createMeasurement",
        opt={NEEDS: "measure"},
        summary="Create measurement",
        responses=problem_responses(400, 413, 422),
    )
    async def create_measurement(
        self, data: JSONBody[Report], backend: Shared, origin: Writer
    ) -> Response[MeasurementSummary]:
        """Store a report: of a training run, a comparison, a machine or a served model."""

        async def make() -> list[Change]:
            ticket, report = Ticket(), data.root
            summary = MeasurementSummary(
                id=str(ticket.id),
                created_at=ticket.created_at,
                report=report.report,
                report_id=report.id,
                name=report_name(report),
            )
            return [Change("measurement", ticket.entry(summary, report))]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.summary)

    @get("/", operation_id="listMeasurements", summary="List measurements", responses=problem_responses(400))
    async def list_measurements(
        self,
        backend: Shared,
        tenant: Tenant,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> MeasurementPage:
        """Measurements, newest first."""
        found = await backend.store.listing("measurement", limit=limit, offset=offset, tenant=tenant)
        return MeasurementPage(
            items=tuple(MeasurementSummary.model_validate_json(summary) for summary in found.summaries),
            total_items=found.total,
            next=next_page("measurement", limit=limit, offset=offset, total=found.total),
        )

    @get(
        "/{measurement_id:uuid}",
        operation_id="getMeasurement",
        summary="Get measurement",
        responses=problem_responses(400, 404),
    )
    async def get_measurement(
        self, measurement_id: FromPath[UUID], backend: Shared, tenant: Tenant
    ) -> Response[Report]:
        """One report."""
        return whole(await backend.store.document("measurement", measurement_id, tenant=tenant))

    @delete(
        "/{measurement_id:uuid}",
        operation_id="deleteMeasurement",
        opt={NEEDS: "erase"},
        summary="Delete measurement",
        responses=problem_responses(400, 404),
    )
    async def delete_measurement(self, measurement_id: FromPath[UUID], backend: Shared, caller: Caller) -> None:
        """Delete a measurement; the audit trail keeps its hash, and that it was deleted."""
        await backend.store.delete("measurement", measurement_id, caller)
