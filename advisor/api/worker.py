"""Does the jobs of the queue, one after another: inside `advisor serve`, or alone as `advisor worker`.

Enter at `Worker.run`. Several workers, on several machines, may share one database.
"""

import logging
from dataclasses import dataclass
from uuid import uuid5

import anyio

from advisor.api.backend import Backend, Ticket, assessment_change
from advisor.contracts.errors import RichtwertError
from advisor.contracts.jobs import JobResult, PortfolioRequest
from advisor.contracts.service import AssessmentRequest
from advisor.store import Change, StoreUnavailable
from advisor.store.jobs import Claim, JobQueue, LeaseLost

POLL_S = 1.0
KEEPS_PER_LEASE = 3
"""Two signs of life may be lost without losing the job."""
log = logging.getLogger("advisor.worker")


@dataclass(frozen=True)
class _Outcome:
    result: JobResult
    changes: tuple[Change, ...]


class Worker:
    """One taker of jobs."""

    def __init__(self, backend: Backend, queue: JobQueue, *, poll_s: float = POLL_S) -> None:
        self.backend = backend
        self.queue = queue
        self.poll_s = poll_s

    async def run(self, stop: anyio.Event) -> None:
        """Work until told to stop; a case that is being assessed then is still finished."""
        while not stop.is_set():
            try:
                worked = await self.work_once(stop)
            except StoreUnavailable as error:  # the job returns to the queue when its time has run out
                log.warning("the store does not answer: %s", error)
                worked = False
            except Exception:  # the worker outlives it: after some attempts the queue gives the job up
                log.exception("a job was left in the middle")
                worked = False
            if not worked:
                with anyio.move_on_after(self.poll_s):
                    await stop.wait()

    async def work_once(self, stop: anyio.Event) -> bool:
        """Take one job and do it; False where there is none."""
        claim = await self.queue.claim()
        if claim is None:
            return False
        log.info("job %s taken up at case %d", claim.id, len(claim.done))
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._keep, claim, group.cancel_scope)
                await self._do(claim, stop)
                group.cancel_scope.cancel()
        except* LeaseLost:
            log.info("job %s left alone: it was cancelled, or another worker has it", claim.id)
        except* StoreUnavailable as several:
            raise several.exceptions[0] from None
        return True

    async def _keep(self, claim: Claim, scope: anyio.CancelScope) -> None:
        """Say now and then that somebody is at work; stop the work where the job is gone."""
        while True:
            await anyio.sleep(self.queue.lease_s / KEEPS_PER_LEASE)
            try:
                await self.queue.keep(claim)
            except LeaseLost:
                scope.cancel()
            except StoreUnavailable as error:  # the next result shows whether the job is still ours
                log.warning("the store does not answer: %s", error)

    async def _do(self, claim: Claim, stop: anyio.Event) -> None:
        request = PortfolioRequest.model_validate_json(claim.request)
        for position in range(len(request.cases)):
            if position in claim.done:
                continue
            if stop.is_set():
                await self.queue.release(claim)
                return
            made = await self._outcome(claim, request, position)
            text = made.result.model_dump_json()
            await self.queue.add_result(claim, position, text, made.changes, succeeded=made.result.error is None)
        await self.queue.finish(claim)
        log.info("job %s done", claim.id)

    async def _outcome(self, claim: Claim, request: PortfolioRequest, position: int) -> _Outcome:
        case = request.cases[position]
        try:
            asked = AssessmentRequest(
                case=case,
                seed=request.seed,
                draws=request.draws,
                measurements=request.measurements,
                calibration=request.calibration,
            )
            found = await self.backend.assess(asked, tenant=claim.origin.tenant)
        except StoreUnavailable:
            raise
        except RichtwertError as error:
            return _Outcome(_refused(position, case.name, str(error)), ())
        except Exception:  # one case may not hold up the others; the log has what the caller cannot mend
            log.exception("job %s, case %d failed", claim.id, position)
            return _Outcome(_refused(position, case.name, "an unexpected error; the service's log has the details"), ())
        # An id that follows from the place: whoever does the case, it can be stored once.
        ticket = Ticket(id=uuid5(claim.id, str(position)))
        result = found.result.model_copy(update={"id": str(ticket.id)})
        advice = result.recommendation
        told = JobResult(
            position=position,
            case_name=case.name,
            assessment_id=ticket.id,
            option_id=advice.option_id,
            option_kind=advice.kind,
            headline=advice.headline,
            error=None,
        )
        return _Outcome(told, (assessment_change(result, ticket), *found.beside))


def _refused(position: int, case_name: str, reason: str) -> JobResult:
    return JobResult(
        position=position,
        case_name=case_name,
        assessment_id=None,
        option_id=None,
        option_kind=None,
        headline=None,
        error=reason,
    )
