"""A Calibration made, extended, and freed of a report.

Enter at `calibrated`, `revoked` and `restored`. Nothing here asks for the time: the caller says when it is.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from advisor.calibrate.actuals import forecast_of_run
from advisor.calibrate.answers import quality_of_comparison, quality_of_run
from advisor.calibrate.figures import USED_FOR, Figure, Found
from advisor.calibrate.machines import figures_of_machine
from advisor.calibrate.runs import figures_of_run
from advisor.calibrate.served import figures_of_serving
from advisor.calibrate.update import spread_of_interval, worked_out
from advisor.catalog import lookup
from advisor.contracts.base import Interval
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.calibration import (
    CalibratedReport,
    Calibration,
    CalibrationEntry,
    CalibrationPrior,
    Observation,
    RunForecast,
    UnusedFigure,
)
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, nearest
from advisor.contracts.measurements import MachineMeasurement, Report, ServingMeasurement, report_name
from advisor.contracts.runs import RunReport
from advisor.input_rows import citation

NO_PRIOR = {
    "quality_fraction": "the expected quality depends on the case; `advisor assess` states it",
}
NOBODY_KNOWS = "no source states it for this workload on this hardware"


def figures_of(report: Report, catalog: Catalog) -> Found:
    """What a report measured, and what of it has no use."""
    match report:
        case RunReport():
            found, quality = figures_of_run(report, catalog), quality_of_run(report)
            return Found([*found.figures, *quality.figures], [*found.unused, *quality.unused])
        case BaselineReport():
            return quality_of_comparison(report)
        case MachineMeasurement():
            return figures_of_machine(report, catalog)
        case ServingMeasurement():
            return figures_of_serving(report, catalog)


def calibrated(
    reports: Sequence[Report], catalog: Catalog, *, created_at: str, before: Calibration | None = None
) -> Calibration:
    """The first calibration, or the next version of one; the same one where the reports bring nothing new.

    A report that is already in it counts once; where its content has changed, the new content replaces the old.

    Raises:
        BadInput: a report claims what its hardware cannot do.
    """
    known = {row.report_id: row for row in before.reports} if before is not None else {}
    new: dict[str, Report] = {}
    for report in reports:
        row = known.get(report.id)
        if row is None or row.sha256 != sha256_of(report):
            new[report.id] = report
    if not new and before is not None:
        return before
    entries = _without({entry.key: entry for entry in before.entries} if before else {}, set(new))
    rows = {key: row for key, row in known.items() if key not in new}
    forecasts = {row.report_id: row for row in before.forecasts if row.report_id not in new} if before else {}
    unused = [row for row in before.unused if row.report_id not in new] if before else []
    for report in new.values():
        found = figures_of(report, catalog)
        unused += found.unused
        for figure in found.figures:
            entries[figure.key] = _joined(entries.get(figure.key), figure, report, catalog)
        was_revoked = known[report.id].revoked if report.id in known else False
        rows[report.id] = _row(report, is_revoked=was_revoked)
        compared = forecast_of_run(report) if isinstance(report, RunReport) else None
        if compared is not None:
            forecasts[report.id] = compared
    names = ", ".join(sorted(new))
    return _made(
        before,
        catalog,
        created_at=created_at,
        change=f"added or renewed: {names}",
        reports=list(rows.values()),
        entries=list(entries.values()),
        forecasts=list(forecasts.values()),
        unused=unused,
    )


def revoked(before: Calibration, report_id: str, catalog: Catalog, *, created_at: str) -> Calibration:
    """The next version, in which a report does not count; it stays on record.

    Raises:
        BadInput: the calibration has no such report, or it is revoked already.
    """
    return _switched(before, report_id, catalog, created_at=created_at, is_revoked=True)


def restored(before: Calibration, report_id: str, catalog: Catalog, *, created_at: str) -> Calibration:
    """The next version, in which a revoked report counts again.

    Raises:
        BadInput: the calibration has no such report, or it counts already.
    """
    return _switched(before, report_id, catalog, created_at=created_at, is_revoked=False)


def sha256_of(report: Report) -> str:
    """Of a report's content."""
    return hashlib.sha256(report.model_dump_json().encode()).hexdigest()


def prior_of(figure_input: str | None, catalog: Catalog) -> CalibrationPrior | None:
    """What the catalogue assumes of an input; None where it has no such row."""
    if figure_input is None or all(row.name != figure_input for row in catalog.parameters):
        return None
    row = lookup.parameter(catalog, figure_input)
    value = Interval(p5=row.low, p50=row.central, p95=row.high)
    return CalibrationPrior(value=value, source=citation(row, catalog), as_of=row.as_of)


def entry_of(figure: Figure, observations: Sequence[Observation], catalog: Catalog) -> CalibrationEntry:
    """An entry with its prior; states, weights and posterior are still to be worked out."""
    prior = prior_of(figure.input, catalog)
    return CalibrationEntry(
        quantity=figure.quantity,
        key=figure.key,
        input=figure.input,
        unit=figure.unit,
        hardware=figure.hardware,
        workload=figure.workload,
        prior=prior,
        prior_note="" if prior is not None else NO_PRIOR.get(figure.quantity, NOBODY_KNOWS),
        observations=tuple(observations),
        posterior=None,
        used_for=USED_FOR[figure.quantity],
    )


def observation_of(figure: Figure, report: Report) -> Observation:
    """A figure as it stands in the calibration."""
    return Observation(
        report_id=report.id,
        report=report.report,
        created_at=report.created_at,
        value=figure.value,
        spread_ln=figure.spread_ln,
        n=figure.n,
        group=figure.group,
        detail=figure.detail,
    )


def _joined(entry: CalibrationEntry | None, figure: Figure, report: Report, catalog: Catalog) -> CalibrationEntry:
    found = observation_of(figure, report)
    if entry is None:
        return entry_of(figure, [found], catalog)
    return entry.model_copy(update={"observations": (*entry.observations, found), "workload": figure.workload})


def _without(entries: dict[str, CalibrationEntry], report_ids: set[str]) -> dict[str, CalibrationEntry]:
    """Entries without the observations of some reports."""
    found = {}
    for key, entry in entries.items():
        left = tuple(item for item in entry.observations if item.report_id not in report_ids)
        if left:
            found[key] = entry.model_copy(update={"observations": left})
    return found


def _switched(
    before: Calibration, report_id: str, catalog: Catalog, *, created_at: str, is_revoked: bool
) -> Calibration:
    rows = {row.report_id: row for row in before.reports}
    if report_id not in rows:
        near = nearest(report_id, rows)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(rows))}"
        raise BadInput(f"report {report_id!r} is not in calibration {before.id}; {hint}")
    if rows[report_id].revoked == is_revoked:
        state = "is revoked already" if is_revoked else "is not revoked"
        raise BadInput(f"report {report_id!r} {state} in calibration {before.id}")
    rows[report_id] = rows[report_id].model_copy(update={"revoked": is_revoked})
    return _made(
        before,
        catalog,
        created_at=created_at,
        change=f"{'revoked' if is_revoked else 'restored'}: {report_id}",
        reports=list(rows.values()),
        entries=list(before.entries),
        forecasts=list(before.forecasts),
        unused=list(before.unused),
    )


def _made(
    before: Calibration | None,
    catalog: Catalog,
    *,
    created_at: str,
    change: str,
    reports: list[CalibratedReport],
    entries: list[CalibrationEntry],
    forecasts: list[RunForecast],
    unused: list[UnusedFigure],
) -> Calibration:
    """A version, in an order that does not depend on that of the reports, with its id."""
    gone = {row.report_id for row in reports if row.revoked}
    worked = [_worked(entry, gone, catalog) for entry in entries]
    content: dict[str, Any] = {
        "version": before.version + 1 if before is not None else 1,
        "previous_id": before.id if before is not None else None,
        "created_at": created_at,
        "catalog_version": catalog.version,
        "change": change,
        "reports": tuple(sorted(reports, key=lambda row: row.report_id)),
        "entries": tuple(sorted(worked, key=lambda entry: entry.key)),
        "forecasts": tuple(sorted(forecasts, key=lambda row: row.report_id)),
        "unused": tuple(sorted(unused, key=lambda row: (row.report_id, row.figure))),
    }
    unnamed = Calibration(id="c-0", **content)
    text = unnamed.model_dump_json(exclude={"id"})
    return unnamed.model_copy(update={"id": "c-" + hashlib.sha256(text.encode()).hexdigest()[:16]})


def _worked(entry: CalibrationEntry, gone: set[str], catalog: Catalog) -> CalibrationEntry:
    marked = tuple(
        item.model_copy(
            update={"state": "revoked", "state_reason": "the report was revoked", "weight_fraction": 0.0}
            if item.report_id in gone
            else {"state": "counted", "state_reason": ""}
        )
        for item in sorted(entry.observations, key=lambda item: (item.report_id, item.detail))
    )
    prior = prior_of(entry.input, catalog)
    spread = spread_of_interval(prior.value) if prior is not None else None
    return worked_out(entry.model_copy(update={"observations": marked, "prior": prior}), spread)


def _row(report: Report, *, is_revoked: bool) -> CalibratedReport:
    return CalibratedReport(
        report_id=report.id,
        report=report.report,
        created_at=report.created_at,
        name=report_name(report),
        sha256=sha256_of(report),
        revoked=is_revoked,
    )
