"""`/v1/calibrations`: what stored reports have measured, joined with what was assumed; versions, reports revoked."""

from functools import partial
from uuid import UUID

import anyio
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, JSONBody

from advisor.api.access import NEEDS
from advisor.api.backend import Backend, Limit, Offset, Shared, Ticket, calibration_change, created, next_page, whole
from advisor.api.errors import problem_responses
from advisor.api.requests import Caller, Tenant, Writer
from advisor.calibrate.build import calibrated, restored, revoked
from advisor.contracts.calibration import Calibration
from advisor.contracts.errors import BadInput
from advisor.contracts.service import (
    CalibrationPage,
    CalibrationRequest,
    CalibrationSummary,
    Report,
    RevocationRequest,
)
from advisor.store import Change, NotStored


class CalibrationController(Controller):
    """Calibrations, which never change once they are made: what is added or revoked makes the next version."""

    path = "/v1/calibrations"
    tags = ("calibrations",)

    @post(
        "/",
        operation_id="createCalibration",
        opt={NEEDS: "measure"},
        summary="Create calibration",
        responses=problem_responses(400, 413, 422),
    )
    async def create_calibration(
        self, data: JSONBody[CalibrationRequest], backend: Shared, origin: Writer
    ) -> Response[CalibrationSummary]:
        """Make a calibration from stored measurements, extend one with them, or keep one that was made elsewhere."""
        if data.calibration is None and not data.measurements:
            raise BadInput("measurements: name at least one stored measurement, or give a calibration")

        async def make() -> list[Change]:
            reports = [(await _measurement(backend, identity, origin.tenant)).root for identity in data.measurements]
            before, at = data.calibration, Ticket().created_at
            call = partial(calibrated, reports, backend.catalog, created_at=at, before=before)
            return [calibration_change(await anyio.to_thread.run_sync(call, limiter=backend.threads), origin.tenant)]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.summary)

    @get("/", operation_id="listCalibrations", summary="List calibrations", responses=problem_responses(400))
    async def list_calibrations(
        self, backend: Shared, tenant: Tenant, limit: Limit = 50, offset: Offset = 0
    ) -> CalibrationPage:
        """Calibrations, newest first."""
        found = await backend.store.listing("calibration", limit=limit, offset=offset, tenant=tenant)
        return CalibrationPage(
            items=tuple(CalibrationSummary.model_validate_json(summary) for summary in found.summaries),
            total_items=found.total,
            next=next_page("calibration", limit=limit, offset=offset, total=found.total),
        )

    @get(
        "/{calibration_id:uuid}",
        operation_id="getCalibration",
        summary="Get calibration",
        responses=problem_responses(400, 404),
    )
    async def get_calibration(
        self, calibration_id: FromPath[UUID], backend: Shared, tenant: Tenant
    ) -> Response[Calibration]:
        """One calibration."""
        return whole(await backend.store.document("calibration", calibration_id, tenant=tenant))

    @post(
        "/{calibration_id:uuid}/revoke",
        operation_id="revokeReport",
        opt={NEEDS: "measure"},
        summary="Revoke a report",
        responses=problem_responses(400, 404, 413, 422),
    )
    async def revoke_report(
        self, calibration_id: FromPath[UUID], data: JSONBody[RevocationRequest], backend: Shared, origin: Writer
    ) -> Response[CalibrationSummary]:
        """The next version, in which a report does not count, or counts again with `undo`; the old one stays."""
        text = await backend.store.document("calibration", calibration_id, tenant=origin.tenant)
        before = Calibration.model_validate_json(text)
        change = restored if data.undo else revoked

        async def make() -> list[Change]:
            call = partial(change, before, data.report_id, backend.catalog, created_at=Ticket().created_at)
            return [calibration_change(await anyio.to_thread.run_sync(call, limiter=backend.threads), origin.tenant)]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.summary)

    @delete(
        "/{calibration_id:uuid}",
        operation_id="deleteCalibration",
        opt={NEEDS: "erase"},
        summary="Delete calibration",
        responses=problem_responses(400, 404),
    )
    async def delete_calibration(self, calibration_id: FromPath[UUID], backend: Shared, caller: Caller) -> None:
        """Delete a calibration; the audit trail keeps its hash, and that it was deleted."""
        await backend.store.delete("calibration", calibration_id, caller)


async def _measurement(backend: Backend, identity: UUID, tenant: str) -> Report:
    try:
        text = await backend.store.document("measurement", identity, tenant=tenant)
    except NotStored as error:
        raise BadInput(f"measurements: {error}") from error
    return Report.model_validate_json(text)
