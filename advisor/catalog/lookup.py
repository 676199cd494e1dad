"""Rows of a Catalog by name; the latest row not after the asked date counts.

Enter at the function named for the row. An unknown name raises `UnknownName` with the nearest match.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar, cast

from advisor.contracts.catalog import (
    AcceleratorRow,
    ApiModelRow,
    ArchitectureRow,
    BaseModelRow,
    Catalog,
    ExchangeRow,
    LegalRow,
    Parameter,
    TaskRow,
)
from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.facts import (
    AnnotationSpeedRow,
    AnnotationVolumeRow,
    AnnotationWageRow,
    ElectricityRow,
    EmbodiedRow,
    GridBasis,
    GridRow,
    OnCostRow,
    PueRow,
    SalaryRow,
    WaterRow,
)
from advisor.contracts.quotes import (
    PurchaseRow,
    RentalRow,
    SecondSourceRow,
    ShelfLifeRow,
    StorageRow,
    Term,
    TuningMethod,
    TuningPriceRow,
)
from advisor.contracts.rows import Row, SourceRow

R = TypeVar("R", bound=Row)
_INDEXES: dict[tuple[str, int], tuple[Sequence[Row], dict[str, list[Row]]]] = {}
"""Rows of a table by lower-case name; the table is held, so that its number stays its own."""
MOST_INDEXES = 256
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


def grid(catalog: Catalog, zone: str, *, on: date | None = None, basis: GridBasis = "life_cycle") -> GridRow:
    """Greenhouse gas of the electricity of a zone, or of its country; one basis only, so that like meets like.

    Of the rows with this basis the newest counts. Its location and its market factor may measure different years
    (`year`, `market_year`) and, by `market_basis`, different boundaries.
    """
    rows = [row for row in catalog.grids if row.basis == basis]
    return _zone(f"grid zone ({basis})", zone, rows, lambda row: row.zone, on)


def electricity(catalog: Catalog, zone: str, *, on: date | None = None, band: str | None = None) -> ElectricityRow:
    """Electricity price of a zone, or of its country: the standard row, or the one of a consumption band."""
    if band is None:
        rows = [row for row in catalog.electricity if row.is_standard]
        return _zone("electricity zone", zone, rows, lambda row: row.zone, on)
    rows = [row for row in catalog.electricity if row.band == band]
    if not rows:
        raise UnknownName("electricity band", band, {row.band for row in catalog.electricity}, SEE_LIST)
    return _zone(f"electricity zone in band {band!r}", zone, rows, lambda row: row.zone, on)


def salary(catalog: Catalog, country: str, role: str, *, on: date | None = None) -> SalaryRow:
    """Salary of a role in a country."""
    rows = [row for row in catalog.salaries if row.role == role]
    if not rows:
        raise UnknownName("role", role, {row.role for row in catalog.salaries})
    return _zone("country of salaries", country, rows, lambda row: row.country, on)


def on_cost(catalog: Catalog, country: str, *, on: date | None = None) -> OnCostRow:
    """What an employer in a country pays on top of gross wages."""
    return _zone("country of on-costs", country, catalog.on_costs, lambda row: row.country, on)


def embodied(catalog: Catalog, name: str, *, on: date | None = None) -> EmbodiedRow:
    """Greenhouse gas of making a part, board or server."""
    return _named("embodied footprint", name, catalog.embodied, lambda row: (row.name,), on)


def water(catalog: Catalog, name: str, *, on: date | None = None) -> WaterRow:
    """Litres of water per kWh (`site.mean`, `generation.DE`)."""
    return _named("water factor", name, catalog.water, lambda row: (row.name,), on)


def pue(catalog: Catalog, name: str, *, on: date | None = None) -> PueRow:
    """PUE of a class of facility or of an operator."""
    return _named("class of facility", name, catalog.pue, lambda row: (row.name,), on)


def annotation_wage(catalog: Catalog, country: str, tier: str, *, on: date | None = None) -> AnnotationWageRow:
    """Hourly pay for labelling in a country: floor, platform or expert."""
    rows = [row for row in catalog.annotation_wages if row.tier == tier]
    if not rows:
        raise UnknownName("tier of annotators", tier, {row.tier for row in catalog.annotation_wages})
    return _zone(f"country of annotation wages ({tier})", country, rows, lambda row: row.country, on)


def annotation_speed(catalog: Catalog, kind: str, *, on: date | None = None) -> AnnotationSpeedRow:
    """Working time per item of a kind of labelling."""
    return _named("kind of annotation", kind, catalog.annotation_speeds, lambda row: (row.kind,), on)


def annotation_volume(catalog: Catalog, name: str, *, on: date | None = None) -> AnnotationVolumeRow:
    """How much a public project labelled."""
    return _named("public annotation project", name, catalog.annotation_volumes, lambda row: (row.name,), on)


def rentals(catalog: Catalog, part: str, *, term: Term | None = None) -> tuple[RentalRow, ...]:
    """All dated offers to rent a part (id, name or alias), of one term or of all."""
    wanted = accelerator(catalog, part).id
    return tuple(row for row in catalog.rentals if row.accelerator == wanted and term in (None, row.term))


def purchases(catalog: Catalog, part: str) -> tuple[PurchaseRow, ...]:
    """All dated prices of a part (id, name or alias), and of servers with it."""
    wanted = accelerator(catalog, part).id
    return tuple(row for row in catalog.purchases if row.accelerator == wanted)


def tuning_price(
    catalog: Catalog, provider: str, model: str, *, method: TuningMethod = "supervised", on: date | None = None
) -> TuningPriceRow:
    """What a provider asks for tuning one of its models by one method."""
    own = [row for row in catalog.tuning_prices if row.provider == provider]
    if not own:
        raise UnknownName("provider of tuning", provider, {row.provider for row in catalog.tuning_prices}, SEE_LIST)
    rows = [row for row in own if row.method == method]
    return _named(f"model for {method} tuning at {provider}", model, rows, lambda row: (row.model,), on)


def storage_price(catalog: Catalog, provider: str, product: str, *, on: date | None = None) -> StorageRow:
    """Price of a provider's storage product."""
    own = [row for row in catalog.storage_prices if row.provider == provider]
    if not own:
        raise UnknownName("provider of storage", provider, {row.provider for row in catalog.storage_prices}, SEE_LIST)
    return _named(f"storage product of {provider}", product, own, lambda row: (row.product,), on)


def second_source(catalog: Catalog, api_model_id: str, *, on: date | None = None) -> SecondSourceRow:
    """An API model in the independent price list."""
    return _named("API model of the second source", api_model_id, catalog.second_source, lambda r: (r.api_model,), on)


def shelf_life(catalog: Catalog, table: str, *, on: date | None = None) -> ShelfLifeRow:
    """After how many months the rows of a table want a new look."""
    return _named("table with a shelf life", table, catalog.shelf_lives, lambda row: (row.table,), on)


def source(catalog: Catalog, name: str) -> SourceRow:
    """The publication that a row cites."""
    for row in catalog.sources:
        if row.id == name:
            return row
    raise UnknownName("source", name, [row.id for row in catalog.sources])


def _named(what: str, name: str, rows: Sequence[R], names: Callable[[R], Iterable[str]], on: date | None) -> R:
    found = _index(what, rows, names).get(name.lower())
    if not found:
        raise UnknownName(what, name, _relatives(name, [known for row in rows for known in names(row)]), SEE_LIST)
    return _latest(what, name, found, on)


def _index(what: str, rows: Sequence[R], names: Callable[[R], Iterable[str]]) -> dict[str, list[R]]:
    """Rows by lower-case name, made once per table: an assessment asks a thousand times."""
    kept = _INDEXES.get((what, id(rows)))
    if kept is None:
        index: dict[str, list[R]] = {}
        for row in rows:
            for known in {known.lower() for known in names(row)}:
                index.setdefault(known, []).append(row)
        if len(_INDEXES) >= MOST_INDEXES:
            _INDEXES.clear()
        _INDEXES[what, id(rows)] = kept = (rows, cast("dict[str, list[Row]]", index))
    return cast("dict[str, list[R]]", kept[1])


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
