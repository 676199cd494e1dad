"""The tables of the store. Enter at `RECORDS`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from advanced_alchemy.base import DefaultBase, UUIDv7Base
from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import String, Text
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


RECORDS: dict[Kind, type[DocumentBase]] = {
    "case": CaseRecord,
    "assessment": AssessmentRecord,
    "measurement": MeasurementRecord,
    "calibration": CalibrationRecord,
}
