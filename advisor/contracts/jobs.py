"""Long work that the service does in its own time: what is asked, how far it is, what came out.

Enter at `PortfolioRequest` (the question) and `Job` (the answer to watch).
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from advisor.contracts.assessment import OptionKind
from advisor.contracts.base import Contract, Count, PositiveCount, _whole
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.measurements import AnyReport
from advisor.contracts.service import MAX_DRAWS, MAX_SEED, Stored

MAX_CASES = 2000
JobState = Literal["queued", "running", "done", "failed", "cancelled"]


class PortfolioRequest(Contract):
    """Assess many cases; each gets an assessment of its own, as if it had been sent alone."""

    kind: Literal["portfolio"] = "portfolio"
    cases: Annotated[tuple[Case, ...], Field(min_length=1, max_length=MAX_CASES)]
    seed: Annotated[int, Field(ge=0, le=MAX_SEED), BeforeValidator(_whole)] = 0
    draws: Annotated[int, Field(gt=0, le=MAX_DRAWS), BeforeValidator(_whole)] = 10_000
    """Simulated futures of each case."""
    measurements: tuple[AnyReport, ...] = ()
    """Reports inline, for every case."""
    calibration: Calibration | None = None
    """What earlier reports have measured, for every case."""


class Job(Stored):
    """How far a job is."""

    kind: Literal["portfolio"]
    state: JobState
    num_cases: PositiveCount
    num_done: Count
    """Cases with an assessment."""
    num_refused: Count
    """Cases that could not be assessed; the results say why."""
    started_at: str | None
    """UTC, ISO 8601; None: no worker has taken it up yet."""
    finished_at: str | None
    """UTC, ISO 8601; None: it is not at its end."""
    reason: str | None
    """Why it failed; None otherwise."""


class JobResult(Contract):
    """What came out for one case of a portfolio."""

    position: Count
    """Of the case in the request, from 0."""
    case_name: str
    assessment_id: UUID | None
    """None: it could not be assessed."""
    option_id: str | None
    """The recommended option."""
    option_kind: OptionKind | None
    headline: str | None
    error: str | None
    """Why the case could not be assessed; None where it was."""


class JobPage(Contract):
    """Jobs, newest first."""

    items: tuple[Job, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class JobResultPage(Contract):
    """Results of a job in the order of the request, as far as it has come."""

    items: tuple[JobResult, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""
