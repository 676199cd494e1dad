"""A row of the catalogue as an input of the calculation, with its citation.

Enter at `from_parameter`, for a named quantity, and `from_row`, for a range of another table.
"""

from advisor.contracts.base import Amount, AmountRange, Share, ShareRange
from advisor.contracts.catalog import Catalog, Parameter
from advisor.contracts.rows import Row
from advisor.core.sampling import Input


def from_parameter(row: Parameter, catalog: Catalog, name: str | None = None) -> Input:
    """An input with the spread of a catalogue parameter."""
    return Input(
        name=name or row.name,
        low=row.low,
        central=row.central,
        high=row.high,
        unit=row.unit,
        origin=row.origin,
        source=citation(row, catalog),
        as_of=row.as_of,
        is_fraction=row.unit == "fraction",
    )


def from_row(name: str, value: Amount | Share, unit: str, row: Row, catalog: Catalog, detail: str = "") -> Input:
    """An input with a figure of any row: catalogue, or assumed where the row is only our belief."""
    low, central, high = three_points(value)
    origin = "assumed" if row.source == "own-assumption" else "catalogue"
    source = citation(row, catalog) + detail
    return Input(name, low, central, high, unit, origin, source, row.as_of, unit == "fraction")


def three_points(value: Amount | Share) -> tuple[float, float, float]:
    """Low, central and high of a number that may be given as a range."""
    if isinstance(value, AmountRange | ShareRange):
        return value.low, value.central, value.high
    return value, value, value


def citation(row: Row, catalog: Catalog, source: str | None = None) -> str:
    """Name of the row's source, or of another one that it names, with the row's note and doubt."""
    name = next(entry.name for entry in catalog.sources if entry.id == (source or row.source))
    text = f"{name}: {row.note}" if row.note else name
    return f"{text} (unverified)" if row.unverified else text
