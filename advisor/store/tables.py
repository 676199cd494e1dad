"""The tables of the store. Enter at `RECORDS`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from advanced_alchemy.base import DefaultBase, UUIDv7Base
from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

Kind = Literal["case", "assessment", "measurement", "calibration", "job"]
SHA256_DIGITS = 64


class DocumentBase(UUIDv7Base):
    """Columns of every stored document."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    summary: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    tenant: Mapped[str] = mapped_column(String(200), server_default="local", index=True)


class CaseRecord(DocumentBase):
    """A stored case."""

    __tablename__ = "cases"


class AssessmentRecord(DocumentBase):
    """A stored assessment."""

    __tablename__ = "assessments"


class MeasurementRecord(DocumentBase):
    """A stored report of any kind."""

    __tablename__ = "measurements"


class CalibrationRecord(DocumentBase):
    """A stored version of a calibration."""

    __tablename__ = "calibrations"


class JobRecord(DocumentBase):
    """A job: its document is what was asked, its summary the answer to the request; the rest is how far it is."""

    __tablename__ = "jobs"

    actor: Mapped[str] = mapped_column(String(200))
    request_id: Mapped[str] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16), index=True)
    num_cases: Mapped[int] = mapped_column(Integer)
    num_attempts: Mapped[int] = mapped_column(Integer)
    """Times a worker has taken it up since its last result."""
    lease: Mapped[str | None] = mapped_column(String(36))
    """Of the worker that has it; without it nobody can add a result."""
    lease_until: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)


class JobResultRecord(DefaultBase):
    """The result of one case of a job."""

    __tablename__ = "job_results"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    succeeded: Mapped[bool] = mapped_column(Boolean)
    document: Mapped[str] = mapped_column(Text)


class IdempotencyRecord(DefaultBase):
    """What a request with an idempotency key has made."""

    __tablename__ = "idempotency_keys"

    scope_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS), primary_key=True)
    """Of tenant, caller, route and key; the key itself is not stored."""
    body_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS))
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[UUID] = mapped_column(GUID(length=16))


class KeyRecord(UUIDv7Base):
    """An API key, by its hash."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    tenant: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTimeUTC(timezone=True))


class AuditRecord(DefaultBase):
    """One entry of the audit trail; see `advisor.store.chain`."""

    __tablename__ = "audit_trail"
    __table_args__ = (Index("ix_audit_trail_tenant_sequence", "tenant", "sequence"),)

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(32))
    tenant: Mapped[str] = mapped_column(String(200))
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[UUID] = mapped_column(GUID(length=16), index=True)
    document_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS))
    request_id: Mapped[str] = mapped_column(String(128))
    previous_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS), unique=True)
    """Unique: two entries cannot follow the same one."""
    sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS))


RECORDS: dict[Kind, type[DocumentBase]] = {
    "case": CaseRecord,
    "assessment": AssessmentRecord,
    "measurement": MeasurementRecord,
    "calibration": CalibrationRecord,
    "job": JobRecord,
}
