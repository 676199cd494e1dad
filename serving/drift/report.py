"""What a comparison of two stretches of traffic found, and the alert that is written when something left its band.

Enter at `DriftReport`.
"""

from typing import Literal

from advisor.contracts.base import Contract, Count, Number, SchemaVersion


class DriftRow(Contract):
    """One figure, before and now, with the limit that it is held to."""

    name: str
    unit: str
    current: Number | None
    """None: not known, see `reason`."""
    baseline: Number | None = None
    """The same figure of the baseline; None against an Assessment."""
    distance: Number | None = None
    """Between the two distributions, where distributions are compared."""
    low: Number | None = None
    high: Number | None = None
    """The limit: of `distance` where there is one, else of `current`."""
    inside: bool | None = None
    """None: cannot be told, see `reason`."""
    n_baseline: Count | None = None
    n_current: Count = 0
    method: str = ""
    """How the limit comes about, with its source."""
    reason: str = ""


class Proposal(Contract):
    """What to do about it."""

    action: Literal["none", "retrain", "check_operation"]
    reasons: tuple[str, ...] = ()
    conversations: Count = 0
    """Rows that `serving export` would make of the feedback so far."""
    preferences: Count = 0
    steps: tuple[str, ...] = ()


class DriftReport(Contract):
    """All figures of a comparison."""

    schema_version: SchemaVersion = 1
    created_at: str
    """UTC, ISO 8601."""
    model: str
    versions: tuple[str, ...]
    """Of the model, in the present stretch."""
    option_id: str | None
    """Option of the Assessment that it is held against; None: held against earlier traffic."""
    baseline: str
    """What it is compared with, in words."""
    begins_at: str
    ends_at: str
    requests: Count
    rows: tuple[DriftRow, ...]
    proposal: Proposal

    @property
    def outside(self) -> tuple[DriftRow, ...]:
        """What left its band."""
        return tuple(row for row in self.rows if row.inside is False)


class DriftAlert(Contract):
    """One line of the file of alerts."""

    schema_version: SchemaVersion = 1
    created_at: str
    model: str
    versions: tuple[str, ...]
    option_id: str | None
    baseline: str
    begins_at: str
    ends_at: str
    outside: tuple[DriftRow, ...]
    proposal: Proposal


def alert_of(report: DriftReport) -> DriftAlert:
    """The part of a report that calls for somebody."""
    return DriftAlert(
        created_at=report.created_at,
        model=report.model,
        versions=report.versions,
        option_id=report.option_id,
        baseline=report.baseline,
        begins_at=report.begins_at,
        ends_at=report.ends_at,
        outside=report.outside,
        proposal=report.proposal,
    )
