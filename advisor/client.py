"""The typed client of the advisor's HTTP service, for dashboards, the other programs and your own scripts.

Enter at `AdvisorClient`. Errors arrive as the tree of `advisor.contracts.errors`, with the service's own words.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self, TypeVar, overload
from uuid import UUID

import httpx
from pydantic import BaseModel, RootModel, SerializeAsAny, ValidationError

from advisor.contracts.assessment import Assessment
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput, Failed
from advisor.contracts.estimates import (
    EstimateError,
    EstimateRequest,
    ServingEstimate,
    ServingRequest,
    TrainingEstimate,
    TrainingRequest,
)
from advisor.contracts.handover import Handoff, HandoffRequest
from advisor.contracts.jobs import Job, JobPage, JobResultPage, PortfolioRequest
from advisor.contracts.measurements import Report as AnyReport
from advisor.contracts.mistakes import describe
from advisor.contracts.questions import ServingAnswers, TrainingAnswers
from advisor.contracts.service import (
    AcceleratorsTable,
    AssessmentPage,
    AssessmentRequest,
    AssessmentSummary,
    AuditPage,
    CalibrationPage,
    CalibrationRequest,
    CalibrationSummary,
    CasePage,
    CaseSummary,
    GridsTable,
    MeasurementPage,
    MeasurementSummary,
    ModelsTable,
    PricesTable,
    Report,
    RevocationRequest,
)

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_S = 120.0
CONNECT_TIMEOUT_S = 5.0
KEY_VARIABLE = "ADVISOR_API_KEY"
"""The environment variable that the key is read from where none is given."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Table = Literal["models", "accelerators", "prices", "grids"]
AnyTable = ModelsTable | AcceleratorsTable | PricesTable | GridsTable
TABLES: dict[Table, type[AnyTable]] = {
    "models": ModelsTable,
    "accelerators": AcceleratorsTable,
    "prices": PricesTable,
    "grids": GridsTable,
}
M = TypeVar("M", bound=BaseModel)


class Asked(RootModel[SerializeAsAny[EstimateRequest] | tuple[SerializeAsAny[EstimateRequest], ...]]):
    """One request or several, on their way out."""


class NotFound(BadInput):
    """The service has no such document."""


class AdvisorClient:
    """A connection to `advisor serve`; close it, or use it in a `with` statement.

    A service that asks for keys gets `api_key`, by default the one in the environment variable ADVISOR_API_KEY.

    Every method raises `BadInput` when the service refuses the request (`NotFound` for an unknown id) and `Failed`
    when it cannot be reached or fails.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        timeout_s: float = TIMEOUT_S,
        api_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise BadInput(f"address of the advisor {base_url!r}: must begin with http:// or https://")
        self.base_url = base_url.rstrip("/")
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S)
        try:
            self._http = httpx.Client(
                base_url=self.base_url, timeout=timeout, transport=transport, headers=_credentials(api_key)
            )
        except httpx.InvalidURL as error:
            raise BadInput(f"address of the advisor {base_url!r}: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def health(self) -> dict[str, str]:
        """Versions of program and catalogue; raises `Failed` when service or database are down."""
        answer = self._send("GET", "/readyz").json()
        return {str(key): str(value) for key, value in answer.items()}

    def assess(
        self,
        case: Case,
        *,
        seed: int = 0,
        draws: int = 10_000,
        measurements: Sequence[AnyReport] = (),
        calibration: Calibration | None = None,
    ) -> Assessment:
        """Assess a case; the service stores the answer."""
        try:
            request = AssessmentRequest(
                case=case, seed=seed, draws=draws, measurements=tuple(measurements), calibration=calibration
            )
        except ValidationError as error:
            raise BadInput(describe(error, AssessmentRequest, "request")) from error
        return self._read(Assessment, "POST", "/v1/assessments", request)

    def assessments(self, *, limit: int = 50, offset: int = 0) -> tuple[AssessmentSummary, ...]:
        """Stored assessments, newest first."""
        return self._read(AssessmentPage, "GET", "/v1/assessments", params=_page(limit, offset)).items

    def assessment(self, assessment_id: str) -> Assessment:
        """One stored assessment."""
        return self._read(Assessment, "GET", f"/v1/assessments/{_segment(assessment_id)}")

    def hand_off(self, assessment_id: str, request: HandoffRequest | None = None) -> Handoff:
        """The plan directory of an option, as texts; without a request the recommended one."""
        path = f"/v1/assessments/{_segment(assessment_id)}/handoff"
        return self._read(Handoff, "POST", path, request or HandoffRequest())

    def add_case(self, case: Case) -> CaseSummary:
        """Store a case."""
        return self._read(CaseSummary, "POST", "/v1/cases", case)

    def cases(self, *, limit: int = 50, offset: int = 0) -> tuple[CaseSummary, ...]:
        """Stored cases, newest first."""
        return self._read(CasePage, "GET", "/v1/cases", params=_page(limit, offset)).items

    def case(self, case_id: str) -> Case:
        """One stored case."""
        return self._read(Case, "GET", f"/v1/cases/{_segment(case_id)}")

    def report_markdown(self, assessment_id: str, *, language: Literal["en", "de"] = "en") -> str:
        """A stored assessment as Markdown."""
        return self._file(f"{_segment(assessment_id)}.md", "text/markdown", language).decode()

    def report_pdf(self, assessment_id: str, *, language: Literal["en", "de"] = "en") -> bytes:
        """A stored assessment as PDF."""
        return self._file(f"{_segment(assessment_id)}.pdf", "application/pdf", language)

    def workbook(self, assessment_id: str, *, language: Literal["en", "de"] = "en") -> bytes:
        """A stored assessment as an Excel workbook with live formulas."""
        return self._file(f"{_segment(assessment_id)}.xlsx", XLSX, language)

    def focus_csv(self, assessment_id: str, *, language: Literal["en", "de"] = "en") -> str:
        """The planned cost lines of a stored assessment as a FOCUS 1.2 table."""
        return self._file(f"{_segment(assessment_id)}/focus.csv", "text/csv", language).decode()

    def add_measurement(self, report: AnyReport) -> MeasurementSummary:
        """Store a report."""
        return self._read(MeasurementSummary, "POST", "/v1/measurements", report)

    def measurements(self, *, limit: int = 50, offset: int = 0) -> tuple[MeasurementSummary, ...]:
        """Stored reports, newest first."""
        return self._read(MeasurementPage, "GET", "/v1/measurements", params=_page(limit, offset)).items

    def measurement(self, measurement_id: str) -> AnyReport:
        """One stored report."""
        return self._read(Report, "GET", f"/v1/measurements/{_segment(measurement_id)}").root

    def add_calibration(
        self, calibration: Calibration | None = None, *, measurements: Sequence[str] = ()
    ) -> CalibrationSummary:
        """Make a calibration from stored measurements (their ids), extend one with them, or keep one."""
        try:
            request = CalibrationRequest(
                calibration=calibration, measurements=tuple(UUID(item) for item in measurements)
            )
        except ValueError as error:
            raise BadInput(f"measurements: {error}; give the ids of stored measurements") from error
        return self._read(CalibrationSummary, "POST", "/v1/calibrations", request)

    def calibrations(self, *, limit: int = 50, offset: int = 0) -> tuple[CalibrationSummary, ...]:
        """Stored calibrations, newest first."""
        return self._read(CalibrationPage, "GET", "/v1/calibrations", params=_page(limit, offset)).items

    def calibration(self, calibration_id: str) -> Calibration:
        """One stored calibration."""
        return self._read(Calibration, "GET", f"/v1/calibrations/{_segment(calibration_id)}")

    def revoke(self, calibration_id: str, report_id: str, *, undo: bool = False) -> CalibrationSummary:
        """The next version of a stored calibration, without a report; with `undo` the report counts again."""
        request = RevocationRequest(report_id=report_id, undo=undo)
        return self._read(CalibrationSummary, "POST", f"/v1/calibrations/{_segment(calibration_id)}/revoke", request)

    def add_portfolio(self, request: PortfolioRequest) -> Job:
        """Put many cases into the queue."""
        return self._read(Job, "POST", "/v1/jobs", request)

    def jobs(self, *, limit: int = 50, offset: int = 0) -> tuple[Job, ...]:
        """Jobs, newest first."""
        return self._read(JobPage, "GET", "/v1/jobs", params=_page(limit, offset)).items

    def job(self, job_id: str) -> Job:
        """How far a job is."""
        return self._read(Job, "GET", f"/v1/jobs/{_segment(job_id)}")

    def job_results(self, job_id: str, *, limit: int = 100, offset: int = 0) -> JobResultPage:
        """What came out for each case so far, in the order of the request."""
        path = f"/v1/jobs/{_segment(job_id)}/results"
        return self._read(JobResultPage, "GET", path, params=_page(limit, offset))

    def cancel_job(self, job_id: str) -> Job:
        """End a job; what it has made stays."""
        return self._read(Job, "POST", f"/v1/jobs/{_segment(job_id)}/cancel")

    def delete(
        self, kind: Literal["case", "assessment", "measurement", "calibration", "job"], document_id: str
    ) -> None:
        """Delete one document; the audit trail keeps its hash, and that it was deleted."""
        self._send("DELETE", f"/v1/{kind}s/{_segment(document_id)}")

    def audit(self, *, limit: int = 50, offset: int = 0) -> AuditPage:
        """Who has written what, newest first."""
        return self._read(AuditPage, "GET", "/v1/audit", params=_page(limit, offset))

    @overload
    def estimate_training(self, asked: TrainingRequest, *, draws: int = ..., seed: int = ...) -> TrainingEstimate: ...
    @overload
    def estimate_training(
        self, asked: Sequence[TrainingRequest], *, draws: int = ..., seed: int = ...
    ) -> tuple[TrainingEstimate | EstimateError, ...]: ...
    def estimate_training(
        self, asked: TrainingRequest | Sequence[TrainingRequest], *, draws: int = 1000, seed: int = 0
    ) -> TrainingEstimate | tuple[TrainingEstimate | EstimateError, ...]:
        """Hours, speed, memory, energy and money of a training run; for several, an answer each in order."""
        return self._estimate(TrainingAnswers, "training", asked, draws=draws, seed=seed).root

    @overload
    def estimate_memory(self, asked: TrainingRequest, *, draws: int = ..., seed: int = ...) -> TrainingEstimate: ...
    @overload
    def estimate_memory(
        self, asked: Sequence[TrainingRequest], *, draws: int = ..., seed: int = ...
    ) -> tuple[TrainingEstimate | EstimateError, ...]: ...
    def estimate_memory(
        self, asked: TrainingRequest | Sequence[TrainingRequest], *, draws: int = 1000, seed: int = 0
    ) -> TrainingEstimate | tuple[TrainingEstimate | EstimateError, ...]:
        """Peak memory of one device in training; for several requests, an answer each in order."""
        return self._estimate(TrainingAnswers, "memory", asked, draws=draws, seed=seed).root

    @overload
    def estimate_serving(self, asked: ServingRequest, *, draws: int = ..., seed: int = ...) -> ServingEstimate: ...
    @overload
    def estimate_serving(
        self, asked: Sequence[ServingRequest], *, draws: int = ..., seed: int = ...
    ) -> tuple[ServingEstimate | EstimateError, ...]: ...
    def estimate_serving(
        self, asked: ServingRequest | Sequence[ServingRequest], *, draws: int = 1000, seed: int = 0
    ) -> ServingEstimate | tuple[ServingEstimate | EstimateError, ...]:
        """Latency, speed, power and energy of a served model; for several requests, an answer each in order."""
        return self._estimate(ServingAnswers, "serving", asked, draws=draws, seed=seed).root

    @overload
    def catalog(self, table: Literal["models"]) -> ModelsTable: ...
    @overload
    def catalog(self, table: Literal["accelerators"]) -> AcceleratorsTable: ...
    @overload
    def catalog(self, table: Literal["prices"]) -> PricesTable: ...
    @overload
    def catalog(self, table: Literal["grids"]) -> GridsTable: ...
    def catalog(self, table: Table) -> AnyTable:
        """One table of the catalogue."""
        return self._read(TABLES[table], "GET", f"/v1/catalog/{table}")

    def _estimate(
        self, model: type[M], topic: str, asked: EstimateRequest | Sequence[EstimateRequest], *, draws: int, seed: int
    ) -> M:
        body = Asked(asked if isinstance(asked, EstimateRequest) else tuple(asked))
        return self._read(model, "POST", f"/v1/estimates/{topic}", body, {"draws": draws, "seed": seed})

    def _read(
        self,
        model: type[M],
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: dict[str, int] | None = None,
    ) -> M:
        answer = self._send(method, path, body, params)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise Failed(
                f"{self.base_url}{path} answered something that is no {model.__name__}: "
                f"{describe(error, model, 'answer')}; are service and client of the same version?"
            ) from error

    def _file(self, name: str, media_type: str, language: str) -> bytes:
        return self._send("GET", f"/v1/assessments/{name}", params={"language": language}, accept=media_type).content

    def _send(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        params: Mapping[str, int | str] | None = None,
        *,
        accept: str = "application/json",
    ) -> httpx.Response:
        content = None if body is None else body.model_dump_json().encode()
        headers = {"Accept": accept} | ({} if content is None else {"Content-Type": "application/json"})
        try:
            answer = self._http.request(method, path, content=content, headers=headers, params=params)
        except httpx.TimeoutException as error:
            raise Failed(f"the advisor at {self.base_url} did not answer in time ({method} {path})") from error
        except httpx.TransportError as error:
            raise Failed(
                f"the advisor at {self.base_url} does not answer ({error}); start it with `advisor serve`"
            ) from error
        if answer.is_success:
            return answer
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> BadInput | Failed:
    """The service's problem document as an error with the same words."""
    try:
        problem: Any = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    text = str(problem.get("detail") or f"HTTP {answer.status_code} without a reason")
    rows = [row for row in problem.get("errors") or [] if isinstance(row, dict)]
    if rows:
        text = "\n".join(
            f"{row.get('field')}: {row.get('message')}" + (f" (got {row['value']})" if row.get("value") else "")
            for row in rows
        )
    if answer.status_code == httpx.codes.NOT_FOUND:
        return NotFound(text)
    if answer.is_client_error:
        return BadInput(text)
    identity = problem.get("request_id")
    return Failed(text + (f" (request {identity})" if identity else ""))


def _credentials(api_key: str | None) -> dict[str, str]:
    key = api_key or os.environ.get(KEY_VARIABLE)
    if not key:
        return {}
    if not key.isascii() or not key.isprintable():
        raise BadInput(f"API key of the advisor: has characters that no key has; check {KEY_VARIABLE}")
    return {"Authorization": f"Bearer {key}"}


def _page(limit: int, offset: int) -> dict[str, int]:
    return {"limit": limit, "offset": offset}


def _segment(identity: str) -> str:
    """An id as one segment of a path."""
    from urllib.parse import quote

    return quote(identity, safe="") or "-"
