"""Rows of a Catalog by name; the latest row not after the asked date counts.

Enter at the function named for the row. An unknown name raises `UnknownName` with the nearest match.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from advisor.contracts.catalog import (
    AcceleratorRow,
    ApiModelRow,
    ArchitectureRow,
    BaseModelRow,
    Catalog,
    ElectricityRow,
    ExchangeRow,
    GridRow,
    Parameter,
    Row,
    SalaryRow,
    TaskRow,
)
from advisor.contracts.errors import UnknownName

R = TypeVar("R", bound=Row)


def accelerator(catalog: Catalog, name: str) -> AcceleratorRow:
    """An accelerator by id or alias, letter case ignored."""
    return _named("accelerator", name, catalog.accelerators, lambda row: (row.id, row.name, *row.aliases))


def base_model(catalog: Catalog, name: str) -> BaseModelRow:
    """An open model by id, name or alias, letter case ignored."""
    return _named("base model", name, catalog.base_models, lambda row: (row.id, row.name, *row.aliases))


def api_model(catalog: Catalog, name: str) -> ApiModelRow:
    """A provider's model by id (`provider/model`)."""
    return _named("API model", name, catalog.api_models, lambda row: (row.id,))


def architecture(catalog: Catalog, name: str) -> ArchitectureRow:
    """A size of the from-scratch ladder by id."""
    return _named("architecture", name, catalog.architectures, lambda row: (row.id,))


def parameter(catalog: Catalog, name: str) -> Parameter:
    """A named quantity."""
    return _named("parameter", name, catalog.parameters, lambda row: (row.name,))


def task(catalog: Catalog, name: str) -> TaskRow:
    """The typical figures of a task."""
    return _named("task", name, catalog.tasks, lambda row: (row.task,))


def grid(catalog: Catalog, zone: str) -> GridRow:
    """Greenhouse gas of the electricity of a zone, or of its country."""
    return _zone("grid zone", zone, catalog.grids, lambda row: row.zone)


def electricity(catalog: Catalog, zone: str) -> ElectricityRow:
    """Electricity price of a zone, or of its country."""
    return _zone("electricity zone", zone, catalog.electricity, lambda row: row.zone)


def salary(catalog: Catalog, country: str, role: str) -> SalaryRow:
    """Salary of a role in a country."""
    rows = [row for row in catalog.salaries if row.role == role]
    return _zone("country of salaries", country, rows, lambda row: row.country)


def exchange(catalog: Catalog, currency: str) -> ExchangeRow:
    """Exchange rate of a currency against the euro."""
    return _named("currency", currency, catalog.exchange, lambda row: (row.currency,))


def _named(what: str, name: str, rows: Sequence[R], names: Callable[[R], Iterable[str]]) -> R:
    found = [row for row in rows if name.lower() in {known.lower() for known in names(row)}]
    if not found:
        known = [str(next(iter(names(row)))) for row in rows]
        raise UnknownName(what, name, known, "see `advisor catalog list`")
    return max(found, key=lambda row: row.as_of)


def _zone(what: str, zone: str, rows: Sequence[R], key: Callable[[R], str]) -> R:
    for wanted in (zone, zone.split("-")[0]):
        found = [row for row in rows if key(row) == wanted]
        if found:
            return max(found, key=lambda row: row.as_of)
    raise UnknownName(what, zone, [key(row) for row in rows], "give the value in the case")
