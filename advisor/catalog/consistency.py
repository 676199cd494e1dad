"""What must hold between the rows of a Catalog: references, uniqueness, and cards that agree with configurations.

Enter at `check_catalog`; the first mistake is raised as `BadInput` with the place of the row.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from advisor.contracts.catalog import ArchitectureRow, BaseModelRow, Catalog
from advisor.contracts.errors import BadInput, nearest
from advisor.core.parameters import Sizes, active_parameters, decoder_parameters, total_parameters

PARAMETER_TOLERANCE_FRACTION = 0.01
KEY_FIELDS = (
    "name", "zone", "basis", "band", "tax_level", "place", "country", "role", "tier", "currency", "task",
    "accelerator", "dealer", "what", "num_accelerators", "is_used", "provider", "term", "commitment_months", "region",
    "model", "method", "product", "kind", "api_model", "table",
)  # fmt: skip
"""What makes a row without an `id` itself; its date comes on top."""
Places = dict[tuple[str, int], str]
"""Table and index of a row to the place it was read from."""


def check_catalog(catalog: Catalog, places: Places) -> None:
    """Refuse a catalogue whose rows do not fit together.

    Raises:
        BadInput: an unknown source or base model, a row or a name that stands twice, parameters off by more than 1 %.
    """
    sources = {row.id for row in catalog.sources}
    models = {row.id for row in catalog.base_models}
    parts = {row.id for row in catalog.accelerators}
    offered = {row.id for row in catalog.api_models}
    seen: dict[tuple[str, ...], str] = {}
    for table, place, row in _rows(catalog, places):
        _refuse_twice(seen, (table, *dated_key(row)), place)
        if table != "sources":
            _resolve("source", row.source, sources, "sources.yml", place)
        if table == "api_models" and row.base_model is not None:
            _resolve("base_model", row.base_model, models, "base_models.yml", place)
        if table == "grids" and row.market_source is not None:
            _resolve("market_source", row.market_source, sources, "sources.yml", place)
        if table == "electricity" and row.is_standard:
            _refuse_twice(seen, ("standard electricity", row.zone, row.as_of), place)
        if table in ("rentals", "purchases"):
            _resolve("accelerator", row.accelerator, parts, "accelerators.yml", place)
        if table == "second_source":
            _resolve("api_model", row.api_model, offered, "api_models.yml", place)
        if table == "shelf_lives":
            _resolve("table", row.table, set(Catalog.model_fields) - {"version"}, "the catalogue's tables", place)
        if table == "base_models":
            _check_base_model(row, place)
        if table == "architectures":
            _check_architecture(row, place)
    _refuse_shared_names("accelerators", catalog, places)
    _refuse_shared_names("base_models", catalog, places)
    _refuse_other_on_costs(catalog, places)


def key(row: Any) -> tuple[str, ...]:
    """What makes a row itself, its date left out: rows with one key are the history of one thing."""
    if hasattr(row, "kinds"):
        return (row.name, row.condition, *row.kinds)
    fields = ("id",) if hasattr(row, "id") else KEY_FIELDS
    if hasattr(row, "role"):
        fields = ("country", "role")  # pay in another currency is the same pay
    values = ((field, getattr(row, field, None)) for field in fields)
    return tuple(field if value is True else str(value) for field, value in values if value not in (None, False))


def dated_key(row: Any) -> tuple[str, ...]:
    """`key` with the date: no two rows share it."""
    return (*key(row), str(row.as_of)) if hasattr(row, "as_of") else key(row)


def _rows(catalog: Catalog, places: Places) -> Iterable[tuple[str, str, Any]]:
    for table in Catalog.model_fields:
        if table != "version":
            for index, row in enumerate(getattr(catalog, table)):
                yield table, places[table, index], row


def _refuse_twice(seen: dict[tuple[str, ...], str], key: tuple[str, ...], place: str) -> None:
    if key in seen:
        raise BadInput(f"{place}: the same row stands in {seen[key]}; append a change with a later as_of")
    seen[key] = place


def _resolve(field: str, value: str, known: set[str], file: str, place: str) -> None:
    if value not in known:
        near = nearest(value, known)
        raise BadInput(f"{place}: {field}: {value!r} is not in {file}" + (f"; did you mean {near!r}?" if near else ""))


def _refuse_shared_names(table: str, catalog: Catalog, places: Places) -> None:
    """One spelling must lead to one part or model."""
    owner: dict[str, tuple[str, str]] = {}
    for index, row in enumerate(getattr(catalog, table)):
        for name in {name.lower() for name in (row.id, row.name, *row.aliases)}:
            other, where = owner.setdefault(name, (row.id, places[table, index]))
            if other != row.id:
                raise BadInput(f"{places[table, index]}: aliases: {name!r} also stands for {other!r} in {where}")


def _refuse_other_on_costs(catalog: Catalog, places: Places) -> None:
    """A salary repeats the newest on-cost of its country, so that one number is not kept in two states."""
    for index, row in enumerate(catalog.salaries):
        stated = [cost for cost in catalog.on_costs if cost.country == row.country]
        if not stated:
            raise BadInput(f"{places['salaries', index]}: country: no row in on_costs.yml; add one")
        newest = max(stated, key=lambda cost: cost.as_of)
        if row.on_cost_fraction != newest.on_cost_fraction:
            raise BadInput(
                f"{places['salaries', index]}: on_cost_fraction: {row.on_cost_fraction:g} here, "
                f"{newest.on_cost_fraction:g} in on_costs.yml ({newest.as_of}); repeat the newest"
            )


def _check_base_model(row: BaseModelRow, place: str) -> None:
    """A card's figures against its configuration, for every family."""
    sizes = Sizes(**{field.name: getattr(row, field.name) for field in fields(Sizes)})
    _agree("parameters", row.parameters, total_parameters(sizes), place)
    active = active_parameters(sizes) if row.num_experts else row.parameters
    _agree("active_parameters", row.active_parameters, active, place)


def _check_architecture(row: ArchitectureRow, place: str) -> None:
    computed = decoder_parameters(
        vocab_size=row.vocab_size,
        hidden_size=row.hidden_size,
        num_layers=row.num_layers,
        num_heads=row.num_heads,
        num_kv_heads=row.num_kv_heads,
        head_dim=row.hidden_size // row.num_heads,
        ffn_size=row.ffn_size,
        tied_embeddings=False,
    )
    _agree("parameters", row.parameters, computed, place)


def _agree(field: str, stated: float, computed: float, place: str) -> None:
    if abs(stated / computed - 1.0) > PARAMETER_TOLERANCE_FRACTION:
        raise BadInput(
            f"{place}: {field}: {stated:.5g} is stated, {computed:.5g} follows from the configuration "
            f"({stated / computed - 1.0:+.1%}); check ffn_size, num_kv_heads, tied_embeddings, layers and experts"
        )
