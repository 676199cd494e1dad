"""What all routes share: the store, the catalogue, and the calculation in a thread.

Enter at `Backend`. State lives in the store alone, so several servers can share one database.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID, uuid5

import anyio
from litestar import MediaType, Response
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from pydantic import BaseModel, ValidationError
from uuid_utils.compat import uuid7

from advisor.api.conditional import etag_of
from advisor.contracts.assessment import Assessment
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.measurements import Report as AnyReport
from advisor.contracts.mistakes import describe
from advisor.contracts.service import AssessmentRequest, AssessmentSummary, CalibrationSummary, Report
from advisor.estimate.answers import Topic, answer_in_place, answer_of, answer_text
from advisor.store import LOCAL, Change, Entry, Kept, Kind, Origin, Store, now
from advisor.store.origin import hash_of

MAX_LIMIT = 100
CALIBRATIONS = UUID("7a0c6f3e-5a4b-4c0e-9b6f-2f6f1d0c8e11")
"""Name space of the calibrations' ids."""
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="Most items of a page.")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="Items to skip, counted from the newest.")]


class Assess(Protocol):
    """The calculation, as `advisor.assess.assess`."""

    def __call__(
        self,
        case: Case,
        *,
        catalog: Catalog,
        seed: int,
        draws: int,
        measurements: Sequence[AnyReport],
        files: Sequence[str],
        calibration: Calibration | None,
    ) -> Assessment:
        """Assess a case."""
        ...


@dataclass(frozen=True)
class Assessed:
    """An answer, and what is to be stored beside it."""

    result: Assessment
    beside: tuple[Change, ...]


@dataclass(frozen=True)
class Backend:
    """Everything a route needs."""

    store: Store
    catalog: Catalog
    calculation: Assess
    threads: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(os.cpu_count() or 1))
    """Calculations at a time; more would only wait for each other."""

    async def assess(self, request: AssessmentRequest, *, tenant: str) -> Assessed:
        """Calculate off the event loop.

        Raises:
            BadInput: the case names something that the catalogue does not hold, or a file.
        """
        inside = _inline(request.case)
        calibration = request.calibration or inside.calibration
        reports = [*inside.reports, *request.measurements]
        call = partial(
            self.calculation,
            request.case,
            catalog=self.catalog,
            seed=request.seed,
            draws=request.draws,
            measurements=reports,
            files=[f"{report.report} report {report.id}" for report in reports],
            calibration=calibration,
        )
        result = await anyio.to_thread.run_sync(call, limiter=self.threads)
        return Assessed(result, () if calibration is None else (calibration_change(calibration, tenant),))

    async def once(self, origin: Origin, body: BaseModel, make: Callable[[], Awaitable[Sequence[Change]]]) -> Kept:
        """Store what `make` makes of the body; where the same key and body came before: what they made then.

        Raises:
            KeyReused: the key came before with another body.
        """
        digest = hash_of(body.model_dump_json())
        before = await self.store.made_before(origin, digest)
        return before or await self.store.write(await make(), origin, body_sha256=digest)

    async def estimate(self, topic: Topic, requests: Any, *, draws: int, seed: int) -> str:
        """One request's estimate, or for a list one answer each in order, as JSON; off the event loop.

        Raises:
            BadInput: a single request that cannot be estimated.
        """
        call = partial(_answers, topic, requests, self.catalog, draws=draws, seed=seed)
        return await anyio.to_thread.run_sync(call, limiter=self.threads)


Shared = NamedDependency[Backend]
"""The backend, as routes receive it."""


@dataclass(frozen=True)
class Ticket:
    """Id and time of a document that is about to be stored."""

    id: UUID = field(default_factory=uuid7)
    at: datetime = field(default_factory=now)

    @property
    def created_at(self) -> str:
        """ISO 8601, UTC."""
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def entry(self, summary: BaseModel, document: BaseModel) -> Entry:
        """The row to store."""
        return Entry(self.id, self.at, summary.model_dump_json(), document.model_dump_json())


def whole(document: str) -> Response[Any]:
    """A stored document as its own bytes."""
    return Response(document, media_type=MediaType.JSON)


def created(path: str, kept: Kept, content: str, *, status_code: int = 201) -> Response[Any]:
    """The answer for a document that was made by this request, or by an earlier one with the same key."""
    headers = {"Location": f"{path}/{kept.id}", "ETag": etag_of(kept.document.encode())}
    if kept.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(content, media_type=MediaType.JSON, status_code=status_code, headers=headers)


def assessment_change(result: Assessment, ticket: Ticket) -> Change:
    """An assessment on its way into the store."""
    advice = result.recommendation
    summary = AssessmentSummary(
        id=result.id,
        created_at=ticket.created_at,
        case_name=result.case.name,
        option_id=advice.option_id,
        kind=advice.kind,
        confidence=advice.confidence,
        headline=advice.headline,
        measured=result.update is not None,
    )
    return Change("assessment", ticket.entry(summary, result))


def calibration_change(made: Calibration, tenant: str) -> Change:
    """A calibration on its way into the store: once for each tenant, under an id that follows from its own."""
    space = CALIBRATIONS if tenant == LOCAL else uuid5(CALIBRATIONS, tenant)
    ticket = Ticket(id=uuid5(space, made.id))
    summary = CalibrationSummary(
        id=str(ticket.id),
        created_at=ticket.created_at,
        calibration_id=made.id,
        version=made.version,
        reports=tuple(row.report_id for row in made.reports if not row.revoked),
        change=made.change,
    )
    return Change("calibration", ticket.entry(summary, made), once=True)


def next_page(kind: Kind, *, limit: int, offset: int, total: int) -> str | None:
    """Path of the page behind this one; None when there is none."""
    return page_behind(f"/v1/{kind}s", limit=limit, offset=offset, total=total)


def page_behind(path: str, *, limit: int, offset: int, total: int) -> str | None:
    """As `next_page`, for any list."""
    return (
        f"{path}{'&' if '?' in path else '?'}limit={limit}&offset={offset + limit}" if offset + limit < total else None
    )


def _answers(topic: Topic, requests: Any, catalog: Catalog, *, draws: int, seed: int) -> str:
    answer = answer_of(topic, catalog, draws=draws, seed=seed)
    if not isinstance(requests, list):
        return answer_text(answer(requests))
    texts = (answer_text(answer_in_place(request, number, answer)) for number, request in enumerate(requests, 1))
    return f"[{','.join(texts)}]"


@dataclass(frozen=True)
class _Inside:
    """What stands inside a case."""

    reports: list[AnyReport]
    calibration: Calibration | None


def _inline(case: Case) -> _Inside:
    """Reports and calibration that stand inside the case; a path means nothing to a service."""
    found: list[AnyReport] = []
    learnt: list[Calibration] = []
    for index, entry in enumerate(case.measurements):
        where = f"case.measurements.{index}"
        if isinstance(entry, str):
            raise BadInput(f"{where}: {entry!r} is a path, which the service cannot read; send the report inline")
        model = Calibration if entry.get("report") == "calibration" else Report
        try:
            given = model.model_validate(entry)
        except ValidationError as error:
            raise BadInput(describe(error, model, where)) from error
        if isinstance(given, Calibration):
            learnt.append(given)
        else:
            found.append(given.root)
    if len(learnt) > 1:
        raise BadInput(f"case.measurements: one calibration at most, got {len(learnt)}")
    return _Inside(found, learnt[0] if learnt else None)
