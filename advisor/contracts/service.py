"""What the HTTP service takes and gives beside the documents themselves: request, summaries, pages, tables.

Enter at `AssessmentRequest`. Stored documents come back whole; lists carry summaries.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, RootModel

from advisor.contracts.assessment import OptionKind
from advisor.contracts.base import Contract, Count, NonNegative, Positive, PositiveCount, Text, _whole
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case, Task
from advisor.contracts.catalog import AcceleratorRow, ApiModelRow, BaseModelRow
from advisor.contracts.facts import ElectricityRow, GridRow
from advisor.contracts.measurements import AnyReport, ReportKind
from advisor.contracts.rows import IsoDate, SourceRow

MAX_DRAWS = 100_000
MAX_MEASUREMENTS = 200
MAX_SEED = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""


class Report(RootModel[AnyReport]):
    """A measurement: of a run, a comparison on one test set, a machine or a served model; `report` tells which."""


class AssessmentRequest(Contract):
    """Assess a case now; the same request gives the same figures."""

    case: Case
    seed: Annotated[int, Field(ge=0, le=MAX_SEED), BeforeValidator(_whole)] = 0
    draws: Annotated[int, Field(gt=0, le=MAX_DRAWS), BeforeValidator(_whole)] = 10_000
    """Simulated futures."""
    measurements: tuple[AnyReport, ...] = ()
    """Reports inline; each replaces or narrows the input it belongs to."""
    calibration: Calibration | None = None
    """What earlier reports have measured, inline; it is stored, and the assessment names it."""


class CalibrationRequest(Contract):
    """Make a calibration from stored measurements, extend one, or keep one."""

    calibration: Calibration | None = None
    """The version to extend, or to keep as it is; None: the first one."""
    measurements: Annotated[tuple[UUID, ...], Field(max_length=MAX_MEASUREMENTS)] = ()
    """Ids of stored measurements (the `id` of their summaries)."""


class RevocationRequest(Contract):
    """Which report of a calibration shall no longer count."""

    report_id: Text
    """As in `reports` of the calibration."""
    undo: bool = False
    """True: it counts again."""


class Stored(Contract):
    """What every stored document has."""

    id: str
    """UUID in the path of the document: version 7; of a calibration version 5, from its own id."""
    created_at: str
    """UTC, ISO 8601."""


class CaseSummary(Stored):
    """A stored case in a list."""

    name: str
    task: Task


class AssessmentSummary(Stored):
    """A stored assessment in a list."""

    case_name: str
    option_id: str
    """The recommended option."""
    kind: OptionKind
    confidence: Literal["clear", "likely", "open"]
    headline: str
    measured: bool
    """True when measurements went into it."""


class MeasurementSummary(Stored):
    """A stored report in a list."""

    report: ReportKind
    report_id: str
    name: str
    """Model of the run, test set of the comparison, processor or accelerator of the machine, or served model."""


class CalibrationSummary(Stored):
    """A stored calibration in a list."""

    calibration_id: str
    """Its own id, a hash of its content, which assessments name."""
    version: PositiveCount
    reports: tuple[str, ...]
    """Ids of the reports that count."""
    change: str
    """What this version changed, in words."""


class CasePage(Contract):
    """Cases, newest first."""

    items: tuple[CaseSummary, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class AssessmentPage(Contract):
    """Assessments, newest first."""

    items: tuple[AssessmentSummary, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class MeasurementPage(Contract):
    """Measurements, newest first."""

    items: tuple[MeasurementSummary, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class CalibrationPage(Contract):
    """Calibrations, newest first."""

    items: tuple[CalibrationSummary, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class AuditEntry(Contract):
    """One write, in the chain of all writes."""

    sequence: PositiveCount
    """1 for the first entry of the store, over all tenants."""
    at: str
    """UTC, ISO 8601."""
    tenant: str
    actor: str
    """Name of the API key; `local` where no keys are asked for, `migration` for what stood before the trail."""
    action: str
    kind: str
    document_id: UUID
    document_sha256: str
    """SHA-256 of the document's bytes as they are given out."""
    request_id: str
    previous_sha256: str
    """Hash of the entry before; 64 zeros for the first."""
    sha256: str
    """SHA-256 of the other fields: a JSON array without spaces of sequence, at, tenant, actor, action, kind,
    document_id, document_sha256, request_id and previous_sha256, other than ASCII escaped."""


class AuditPage(Contract):
    """Entries of the audit trail, newest first."""

    items: tuple[AuditEntry, ...]
    total_items: Count
    next: str | None
    """Path of the next page; None on the last."""


class ApiPrice(Contract):
    """Token prices of one API model at the tier of a typical request."""

    id: str
    input_usd_per_mtok: Positive
    cached_usd_per_mtok: NonNegative
    """Equals the input price where the provider sells no cache discount."""
    output_usd_per_mtok: Positive
    batch_multiplier: Positive | None
    """None: no batch price."""
    tuning_usd_per_mtok: NonNegative | None
    """None: the provider sells no tuning of this model."""
    source: str
    as_of: IsoDate


class CatalogTable(Contract):
    """What every table of the catalogue carries."""

    catalog_version: str
    sources: tuple[SourceRow, ...]
    """The sources that the rows cite."""


class ModelsTable(CatalogTable):
    """Models to run, and models behind an API."""

    base_models: tuple[BaseModelRow, ...]
    api_models: tuple[ApiModelRow, ...]


class AcceleratorsTable(CatalogTable):
    """Accelerators with memory, speed, power and price."""

    accelerators: tuple[AcceleratorRow, ...]


class PricesTable(CatalogTable):
    """Token prices of the API models, and electricity."""

    api_prices: tuple[ApiPrice, ...]
    electricity: tuple[ElectricityRow, ...]


class GridsTable(CatalogTable):
    """Greenhouse gas of electricity by zone."""

    grids: tuple[GridRow, ...]
