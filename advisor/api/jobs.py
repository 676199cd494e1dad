"""`/v1/jobs`: work that takes longer than an answer may; watch it, end it, read what came out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from advisor.api.access import NEEDS
from advisor.api.backend import Limit, Offset, Shared, Ticket, created, page_behind
from advisor.api.errors import problem_responses
from advisor.api.requests import Caller, Tenant, Writer
from advisor.contracts.jobs import Job, JobPage, JobResult, JobResultPage, JobState, PortfolioRequest
from advisor.store import Change
from advisor.store.jobs import JobQueue, JobRow

Queue = NamedDependency[JobQueue]
"""The queue, as routes receive it under the name `queue`."""
State = Annotated[JobState | None, QueryParameter(name="state", description="Only jobs in this state.")]


class JobController(Controller):
    """Jobs of any kind."""

    path = "/v1/jobs"
    tags = ("jobs",)

    @post(
        "/",
        operation_id="createJob",
        opt={NEEDS: "decide"},
        summary="Create job",
        status_code=202,
        responses=problem_responses(400, 413, 422),
    )
    async def create_job(self, data: JSONBody[PortfolioRequest], backend: Shared, origin: Writer) -> Response[Job]:
        """Put many cases into the queue; the answer names the job to watch."""

        async def make() -> list[Change]:
            ticket = Ticket()
            summary = Job(
                id=str(ticket.id),
                created_at=ticket.created_at,
                kind=data.kind,
                state="queued",
                num_cases=len(data.cases),
                num_done=0,
                num_refused=0,
                started_at=None,
                finished_at=None,
                reason=None,
            )
            columns = {
                "actor": origin.actor,
                "request_id": origin.request_id,
                "state": summary.state,
                "num_cases": summary.num_cases,
                "num_attempts": 0,
            }
            return [Change("job", ticket.entry(summary, data), columns=columns)]

        kept = await backend.once(origin, data, make)
        return created(self.path, kept, kept.summary, status_code=202)

    @get("/", operation_id="listJobs", summary="List jobs", responses=problem_responses(400))
    async def list_jobs(
        self, queue: Queue, tenant: Tenant, limit: Limit = 50, offset: Offset = 0, in_state: State = None
    ) -> JobPage:
        """Jobs, newest first."""
        found = await queue.jobs(state=in_state, limit=limit, offset=offset, tenant=tenant)
        path = self.path if in_state is None else f"{self.path}?state={in_state}"
        return JobPage(
            items=tuple(_told(row) for row in found.rows),
            total_items=found.total,
            next=page_behind(path, limit=limit, offset=offset, total=found.total),
        )

    @get("/{job_id:uuid}", operation_id="getJob", summary="Get job", responses=problem_responses(400, 404))
    async def get_job(self, job_id: FromPath[UUID], queue: Queue, tenant: Tenant) -> Job:
        """How far a job is."""
        return _told(await queue.job(job_id, tenant=tenant))

    @get(
        "/{job_id:uuid}/results",
        operation_id="listJobResults",
        summary="List results of a job",
        responses=problem_responses(400, 404),
    )
    async def list_results(
        self, job_id: FromPath[UUID], queue: Queue, tenant: Tenant, limit: Limit = 50, offset: Offset = 0
    ) -> JobResultPage:
        """What came out for each case so far, in the order of the request."""
        found = await queue.results(job_id, limit=limit, offset=offset, tenant=tenant)
        return JobResultPage(
            items=tuple(JobResult.model_validate_json(text) for text in found.rows),
            total_items=found.total,
            next=page_behind(f"{self.path}/{job_id}/results", limit=limit, offset=offset, total=found.total),
        )

    @post(
        "/{job_id:uuid}/cancel",
        operation_id="cancelJob",
        opt={NEEDS: "decide"},
        summary="Cancel job",
        status_code=200,
        responses=problem_responses(400, 404, 409, 413),
    )
    async def cancel_job(self, job_id: FromPath[UUID], queue: Queue, caller: Caller) -> Job:
        """End a job; assessments that it has made stay. To cancel once more changes nothing."""
        await queue.cancel(job_id, caller)
        return _told(await queue.job(job_id, tenant=caller.tenant))

    @delete(
        "/{job_id:uuid}",
        operation_id="deleteJob",
        opt={NEEDS: "erase"},
        summary="Delete job",
        responses=problem_responses(400, 404),
    )
    async def delete_job(self, job_id: FromPath[UUID], backend: Shared, caller: Caller) -> None:
        """Delete a job with its results, running or not; assessments that it has made stay.

        The audit trail keeps its hash, and that it was deleted.
        """
        await backend.store.delete("job", job_id, caller)


def _told(row: JobRow) -> Job:
    record = row.record
    before = Job.model_validate_json(record.summary)
    return before.model_copy(
        update={
            "state": record.state,
            "num_done": row.num_done,
            "num_refused": row.num_refused,
            "started_at": _instant(record.started_at),
            "finished_at": _instant(record.finished_at),
            "reason": record.reason,
        }
    )


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
