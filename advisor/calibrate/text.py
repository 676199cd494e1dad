"""A calibration as tables on the terminal: prior, data, posterior; forecast against actual.

Enter at `calibration_text`.
"""

import io

from rich.console import Console
from rich.table import Table

from advisor.contracts.base import Interval
from advisor.contracts.calibration import Calibration, CalibrationEntry, Observation
from advisor.contracts.runs import ForecastRow

WIDTH = 170
INSIDE = {True: "inside", False: "outside", None: "cannot be said"}


def calibration_text(calibration: Calibration) -> str:
    """The whole calibration for people."""
    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, force_terminal=False)
    revoked = sum(row.revoked for row in calibration.reports)
    gone = f", {revoked} of them revoked" if revoked else ""
    console.print(
        f"calibration {calibration.id}, version {calibration.version} of {calibration.created_at}: "
        f"{len(calibration.reports)} reports{gone}; {calibration.change}\n",
        soft_wrap=True,
    )
    console.print(_entries(calibration))
    if calibration.forecasts:
        console.print()
        console.print(_forecasts(calibration))
        for run in calibration.forecasts:
            for note in run.notes:
                console.print(f"{run.report_id}: {note}", soft_wrap=True)
    set_aside = [
        (entry.key, item) for entry in calibration.entries for item in entry.observations if item.state != "counted"
    ]
    if set_aside:
        console.print("\nnot counted:")
        for key, item in set_aside:
            console.print(f"  {key}: {item.detail}: {item.state}, {item.state_reason}", soft_wrap=True)
    if calibration.unused:
        console.print("\nnot used:")
        for row in calibration.unused:
            console.print(f"  {row.report_id}: {row.figure}: {row.reason}", soft_wrap=True)
    return stream.getvalue()


def figure(value: float, unit: str) -> str:
    """A number at the digits that a measurement carries."""
    if unit == "FLOP/s":
        return f"{value:.3g}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def span(value: Interval | None, unit: str) -> str:
    """P50 with P5 and P95."""
    if value is None:
        return "none"
    return f"{figure(value.p50, unit)} ({figure(value.p5, unit)} to {figure(value.p95, unit)})"


def _entries(calibration: Calibration) -> Table:
    table = Table(box=None, pad_edge=False, title="prior, data and posterior: P50 (P5 to P95)", title_justify="left")
    for name in ("quantity", "unit", "prior", "data", "posterior", "used for"):
        table.add_column(name, overflow="fold")
    for entry in calibration.entries:
        prior = span(entry.prior.value, entry.unit) if entry.prior is not None else "none"
        posterior = span(entry.posterior, entry.unit)
        table.add_row(entry.key, entry.unit, prior, _data(entry), posterior, entry.used_for)
    return table


def _data(entry: CalibrationEntry) -> str:
    return ", ".join(_datum(item, entry.unit) for item in entry.observations)


def _datum(item: Observation, unit: str) -> str:
    value = figure(item.value, unit)
    if item.n is not None:
        value += f" of n={item.n}"
    return value if item.state == "counted" else f"[{item.state}: {value}]".replace("[", "\\[")


def _forecasts(calibration: Calibration) -> Table:
    gone = {row.report_id for row in calibration.reports if row.revoked}
    table = Table(box=None, pad_edge=False, title="forecast against actual of each run", title_justify="left")
    for name in ("run", "figure", "unit", "P5", "P50", "P95", "actual", "actual / P50", "band"):
        table.add_column(name, overflow="fold")
    for run in calibration.forecasts:
        name = f"{run.report_id} (revoked)" if run.report_id in gone else run.report_id
        for place, row in enumerate(run.rows):
            table.add_row(name if place == 0 else "", *_row(row))
    return table


def _row(row: ForecastRow) -> tuple[str, ...]:
    quantiles = (row.forecast_p5, row.forecast_p50, row.forecast_p95, row.actual)
    cells = ["not known" if value is None else figure(value, row.unit) for value in quantiles]
    ratio = "" if row.actual is None or not row.forecast_p50 else f"{row.actual / row.forecast_p50:.2f}"
    return (row.name, row.unit, *cells, ratio, INSIDE[row.inside])
