"""Rows of a Catalog by name; the latest row not after the asked date counts.

Enter at the function named for the row. An unknown name raises `UnknownName` with the nearest match.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
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
    LegalRow,
    Parameter,
    Row,
    SalaryRow,
    SourceRow,
    TaskRow,
)
from advisor.contracts.errors import BadInput, UnknownName

R = TypeVar("R", bound=Row)
SEE_LIST = "see `advisor catalog list`"


def accelerator(catalog: Catalog, name: str, *, on: date | None = None) -> AcceleratorRow:
    """An accelerator by id, name or alias, letter case ignored."""
    return _named("accelerator", name, catalog.accelerators, lambda row: (row.id, row.name, *row.aliases), on)


def base_model(catalog: Catalog, name: str, *, on: date | None = None) -> BaseModelRow:
    """An open model by id, name or alias, letter case ignored."""
    return _named("base model", name, catalog.base_models, lambda row: (row.id, row.name, *row.aliases), on)


def api_model(catalog: Catalog, name: str, *, on: date | None = None) -> ApiModelRow:
    """A provider's model by id (`provider/model`)."""
    return _named("API model", name, catalog.api_models, lambda row: (row.id,), on)


def api_models_on_sale(catalog: Catalog, *, until: date) -> tuple[ApiModelRow, ...]:
    """The providers' models that nobody has announced to switch off by `until`."""
    return tuple(row for row in catalog.api_models if row.retires is None or row.retires > _as_of(row.retires, until))


def architecture(catalog: Catalog, name: str, *, on: date | None = None) -> ArchitectureRow:
    """A size of the from-scratch ladder by id."""
    return _named("architecture", name, catalog.architectures, lambda row: (row.id,), on)


def parameter(catalog: Catalog, name: str, *, on: date | None = None) -> Parameter:
    """A named quantity."""
    return _named("parameter", name, catalog.parameters, lambda row: (row.name,), on)


def task(catalog: Catalog, name: str, *, on: date | None = None) -> TaskRow:
    """The typical figures of a task."""
    return _named("task", name, catalog.tasks, lambda row: (row.task,), on)


def legal(catalog: Catalog, name: str, *, on: date | None = None) -> LegalRow:
    """A legal threshold by id."""
    return _named("legal threshold", name, catalog.legal, lambda row: (row.id,), on)


def exchange(catalog: Catalog, currency: str, *, on: date | None = None) -> ExchangeRow:
    """Exchange rate of a currency against the euro."""
    return _named("currency", currency, catalog.exchange, lambda row: (row.currency,), on)


def grid(catalog: Catalog, zone: str, *, on: date | None = None) -> GridRow:
    """Greenhouse gas of the electricity of a zone, or of its country."""
    return _zone("grid zone", zone, catalog.grids, lambda row: row.zone, on)


def electricity(catalog: Catalog, zone: str, *, on: date | None = None) -> ElectricityRow:
    """Electricity price of a zone, or of its country."""
    return _zone("electricity zone", zone, catalog.electricity, lambda row: row.zone, on)


def salary(catalog: Catalog, country: str, role: str, *, on: date | None = None) -> SalaryRow:
    """Salary of a role in a country."""
    rows = [row for row in catalog.salaries if row.role == role]
    if not rows:
        raise UnknownName("role", role, {row.role for row in catalog.salaries})
    return _zone("country of salaries", country, rows, lambda row: row.country, on)


def source(catalog: Catalog, name: str) -> SourceRow:
    """The publication that a row cites."""
    for row in catalog.sources:
        if row.id == name:
            return row
    raise UnknownName("source", name, [row.id for row in catalog.sources])


def _named(what: str, name: str, rows: Sequence[R], names: Callable[[R], Iterable[str]], on: date | None) -> R:
    wanted = name.lower()
    found = [row for row in rows if wanted in {known.lower() for known in names(row)}]
    if not found:
        raise UnknownName(what, name, _relatives(name, [known for row in rows for known in names(row)]), SEE_LIST)
    return _latest(what, name, found, on)


def _relatives(name: str, known: list[str]) -> list[str]:
    """Names that begin with the same word (`H100-96GB-500W`: the H100s), so that the hint stays in the family."""
    first = _first_word(name)
    return [other for other in known if _first_word(other) == first] or known


def _first_word(name: str) -> str:
    return re.split(r"[^a-z0-9]", name.lower(), maxsplit=1)[0]


def _zone(what: str, zone: str, rows: Sequence[R], key: Callable[[R], str], on: date | None) -> R:
    for wanted in (zone, zone.split("-")[0]):
        found = [row for row in rows if key(row) == wanted]
        if found:
            return _latest(what, zone, found, on)
    raise UnknownName(what, zone, [key(row) for row in rows], "give the value in the case")


def _latest(what: str, name: str, rows: Sequence[R], on: date | None) -> R:
    valid = [row for row in rows if on is None or row.as_of <= _as_of(row.as_of, on)]
    if not valid:
        first = min(row.as_of for row in rows)
        raise BadInput(f"{what} {name!r}: no row as early as {on}; the first is of {first}")
    return max(valid, key=lambda row: row.as_of)


def _as_of(stated: str, day: date) -> str:
    """`day` with the precision of `stated`: a row of 2026 or 2026-11 holds on every day of that year or month."""
    return day.isoformat()[: len(stated)]
