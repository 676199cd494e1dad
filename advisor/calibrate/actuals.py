"""Forecast against actual of a run: hours, energy, money, quality. Enter at `forecast_of_run`."""

from collections.abc import Sequence

from advisor.contracts.calibration import RunForecast
from advisor.contracts.runs import ForecastRow, RunReport


def forecast_of_run(report: RunReport) -> RunForecast | None:
    """The run's own rows, money at the forecast's rate where the report has no bill; None without any forecast."""
    rows = [row for row in report.forecast if row.forecast_p50 is not None and row.name != "training_flop"]
    if not rows:
        return None
    notes = []
    cost = next((place for place, row in enumerate(rows) if row.name == "cost" and row.actual is None), None)
    if cost is not None:
        priced = _priced(rows[cost], report.forecast)
        if priced is not None:
            rows[cost] = priced
            notes.append("cost: actual hours at the forecast's cost per hour; the bill is not in the report")
    return RunForecast(
        report_id=report.id,
        name=report.plan.name,
        created_at=report.created_at,
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _priced(cost: ForecastRow, rows: Sequence[ForecastRow]) -> ForecastRow | None:
    hours = next((row for row in rows if row.name == "train_hours"), None)
    if hours is None or hours.actual is None or not hours.forecast_p50 or cost.forecast_p50 is None:
        return None
    actual = hours.actual * cost.forecast_p50 / hours.forecast_p50
    low, high = cost.forecast_p5, cost.forecast_p95
    inside = None if low is None or high is None else low <= actual <= high
    return cost.model_copy(update={"actual": actual, "inside": inside})
