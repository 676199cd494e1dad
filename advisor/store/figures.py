"""How much work waits in a store, for those who watch it. Enter at `job_figures`."""

from dataclasses import dataclass

from sqlalchemy import func, select

from advisor.store.database import Database
from advisor.store.jobs import OPEN_STATES
from advisor.store.origin import now
from advisor.store.tables import JobRecord

STATES = (*OPEN_STATES, "done", "failed", "cancelled")


@dataclass(frozen=True)
class JobFigures:
    """The jobs of all tenants."""

    jobs: dict[str, int]
    """By state."""
    cases: dict[str, int]
    """Cases of the jobs of a state."""
    oldest_queued_s: float | None
    """Age of the oldest job that nobody has taken up yet; None: none waits."""


async def job_figures(database: Database) -> JobFigures:
    """Count.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    counted = select(JobRecord.state, func.count(), func.sum(JobRecord.num_cases)).group_by(JobRecord.state)
    first = select(func.min(JobRecord.created_at)).where(JobRecord.state == "queued", JobRecord.started_at.is_(None))
    async with database.sessions() as session:
        rows = (await session.execute(counted)).all()
        oldest = await session.scalar(first)
    jobs, cases = dict.fromkeys(STATES, 0), dict.fromkeys(STATES, 0)
    for state, count, num_cases in rows:
        jobs[state], cases[state] = count, int(num_cases)
    return JobFigures(jobs, cases, None if oldest is None else max((now() - oldest).total_seconds(), 0.0))
