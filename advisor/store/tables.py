"""The tables of the store. Enter at `RECORDS`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from advanced_alchemy.base import DefaultBase, UUIDv7Base
from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

Kind = Literal["case", "assessment", "measurement", "calibration"]
SHA256_DIGITS = 64


class DocumentBase(UUIDv7Base):
    """Columns of every stored document."""

    __abstract__ = True

    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    summary: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)


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


class IdempotencyRecord(DefaultBase):
    """What a request with an idempotency key has made."""

    __tablename__ = "idempotency_keys"

    scope_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS), primary_key=True)
    """Of tenant, caller, route and key; the key itself is not stored."""
    body_sha256: Mapped[str] = mapped_column(String(SHA256_DIGITS))
    created_at: Mapped[datetime] = mapped_column(DateTimeUTC(timezone=True), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    document_id: Mapped[UUID] = mapped_column(GUID(length=16))


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
}
