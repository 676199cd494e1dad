"""A footprint for people: a table for each report, the sum, and the factors behind it.

Enter at `footprint_table`. Nothing is calculated here.
"""

import io

from advisor.contracts.base import Interval
from advisor.contracts.footprint import Footprint, FootprintReport, FootprintTotal

WIDTH = 150
BOUNDARIES = {
    "accelerators": "accelerators, as metered",
    "modules": "modules of accelerator, processor and memory, as metered",
    "processors": "processors and memory, as metered",
}
ROWS = (
    ("metered_kwh", "energy, metered", "kWh"),
    ("it_kwh", "energy, servers (IT)", "kWh"),
    ("facility_kwh", "energy, facility", "kWh"),
    ("electricity_eur", "electricity", "EUR"),
    ("operational_kgco2e_location", "CO2e, location-based", "kg"),
    ("operational_kgco2e_market", "CO2e, market-based", "kg"),
    ("embodied_kgco2e", "CO2e, making the hardware", "kg"),
    ("water_l", "water", "l"),
    ("sci_g_per_request", "CO2e per request (SCI)", "g"),
)


def footprint_table(found: FootprintReport) -> str:
    """All of it as text."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, force_terminal=False)
    for footprint in found.footprints:
        work = footprint.work
        hardware = f"{work.accelerator_count} x {work.accelerator_names[0]}" if work.accelerator_names else "no GPU"
        quality = f", meter: {work.quality}" if work.quality is not None else ""
        heading = f"{work.name} ({work.report} {work.id}): {work.activity}, {_time(work.duration_s)} on {hardware}"
        console.print(f"{heading}{quality}\n", soft_wrap=True, highlight=False, markup=False)
        console.print(_table(footprint, found))
        console.print()
    if found.total is not None:
        console.print("all reports together\n", highlight=False)
        console.print(_table(found.total, found))
        console.print()
    console.print("factors\n", highlight=False)
    console.print(_factors(found))
    lines = [f"warning: {warning}" for warning in found.warnings]
    return stream.getvalue() + "".join(f"{line}\n" for line in lines)


def _table(figures: Footprint | FootprintTotal, found: FootprintReport) -> object:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name, justify in (("", "left"), ("P5", "right"), ("median", "right"), ("P95", "right"), ("", "left")):
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for name, label, unit in ROWS:
        if not hasattr(figures, name):
            continue
        value: Interval | None = getattr(figures, name)
        if value is None:
            reason = figures.reasons.get(name, "") if isinstance(figures, Footprint) else "a part is not known"
            table.add_row(label, "", "not known", "", reason)
        else:
            digits = (digits3(value.p5), digits3(value.p50), digits3(value.p95))
            table.add_row(label, *digits, f"{unit}{_note(name, figures, found)}")
    return table


def _note(name: str, figures: Footprint | FootprintTotal, found: FootprintReport) -> str:
    if name == "metered_kwh" and isinstance(figures, Footprint):
        return f", {BOUNDARIES[figures.work.boundary]}"
    notes = {
        "it_kwh": ", with the rest of the servers",
        "facility_kwh": ", IT times PUE",
        "electricity_eur": ", of the facility's energy; no rent, hardware or staff",
        "operational_kgco2e_location": f", mean of the grid in {found.grid_zone}",
        "operational_kgco2e_market": ", residual mix or supply contract",
        "embodied_kgco2e": ", share by time in use",
        "water_l": ", on site and at the power stations",
    }
    return notes.get(name, "")


def _factors(found: FootprintReport) -> object:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("factor", "P5", "median", "P95", "unit", "origin", "source"):
        table.add_column(name, overflow="fold")
    for row in found.assumptions:
        value = row.value
        if isinstance(value, Interval):
            cells = (digits3(value.p5), digits3(value.p50), digits3(value.p95))
        else:
            cells = ("", digits3(value) if isinstance(value, float | int) else str(value), "")
        as_of = f", {row.as_of}" if row.as_of else ""
        table.add_row(row.name, *cells, row.unit, row.origin, f"{row.source}{as_of}")
    return table


def digits3(value: float) -> str:
    """Three significant digits: a sensor of five per cent gives no more."""
    return f"{value:,.3g}" if 1e-4 <= abs(value) < 1e3 or value == 0 else _large_or_small(value)


def _large_or_small(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.0f}" if abs(value) >= 1e3 else f"{value:.2e}"


def _time(seconds: float) -> str:
    return f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{seconds:.3g} s"
