"""`/v1/audit`: who has written what, by which request, in one chain of hashes."""

from litestar import Controller, get

from advisor.api.access import NEEDS
from advisor.api.backend import Limit, Offset, Shared, page_behind
from advisor.api.errors import problem_responses
from advisor.api.requests import Tenant
from advisor.contracts.service import AuditEntry, AuditPage
from advisor.store.audit import trail


class AuditController(Controller):
    """The audit trail, read-only."""

    path = "/v1/audit"
    tags = ("audit",)

    @get(
        "/",
        operation_id="listAudit",
        opt={NEEDS: "audit"},
        summary="List the audit trail",
        responses=problem_responses(400),
    )
    async def list_audit(self, backend: Shared, tenant: Tenant, limit: Limit = 50, offset: Offset = 0) -> AuditPage:
        """Writes, newest first; `advisor audit verify` checks the chain."""
        found = await trail(backend.store, tenant=tenant, limit=limit, offset=offset)
        return AuditPage(
            items=tuple(
                AuditEntry(
                    sequence=each.sequence,
                    **vars(each.event),
                    previous_sha256=each.previous_sha256,
                    sha256=each.sha256,
                )
                for each in found.links
            ),
            total_items=found.total,
            next=page_behind(self.path, limit=limit, offset=offset, total=found.total),
        )
