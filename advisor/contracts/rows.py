"""What every row of the catalogue carries: source, date, doubt.

Enter at `Row`; a source itself is a `SourceRow`.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from advisor.contracts.base import Contract, Identifier, Text


def _date_text(value: Any) -> Any:
    """YAML reads 2026-11-23 as a date and 2026 as a number; both are texts here."""
    is_year = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if isinstance(value, date) or is_year else value


IsoDate = Annotated[str, BeforeValidator(_date_text), Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
"""A day, a month or a year."""


class SourceRow(Contract):
    """A publication or page that rows cite by `id`."""

    id: Identifier
    name: Text
    url: str | None = None
    licence: Text
    read: IsoDate
    """Day on which it was read."""


class Row(Contract):
    """What every row of the catalogue carries."""

    source: Identifier
    """Id of a `SourceRow`."""
    as_of: IsoDate
    """Date for which the source states the values."""
    unverified: bool = False
    """True when no opened source confirms the values."""
    note: str = ""
