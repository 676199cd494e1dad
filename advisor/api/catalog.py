"""`/v1/catalog`: the facts that the answers start from, each with source and date."""

from collections.abc import Iterable

from litestar import Controller, get

from advisor.api.backend import Shared
from advisor.api.errors import problem_responses
from advisor.contracts.catalog import Catalog
from advisor.contracts.rows import Row, SourceRow
from advisor.contracts.service import AcceleratorsTable, ApiPrice, GridsTable, ModelsTable, PricesTable


class CatalogController(Controller):
    """The catalogue, read-only."""

    path = "/v1/catalog"
    tags = ("catalogue",)

    @get("/models", operation_id="listModels", summary="List models", responses=problem_responses())
    async def models(self, backend: Shared) -> ModelsTable:
        """Open models to run, and models behind an API."""
        catalog = backend.catalog
        return ModelsTable(
            catalog_version=catalog.version,
            sources=_cited(catalog, [*catalog.base_models, *catalog.api_models]),
            base_models=catalog.base_models,
            api_models=catalog.api_models,
        )

    @get("/accelerators", operation_id="listAccelerators", summary="List accelerators", responses=problem_responses())
    async def accelerators(self, backend: Shared) -> AcceleratorsTable:
        """Accelerators with memory, speed, power and price."""
        catalog = backend.catalog
        return AcceleratorsTable(
            catalog_version=catalog.version,
            sources=_cited(catalog, catalog.accelerators),
            accelerators=catalog.accelerators,
        )

    @get(
        "/prices", operation_id="listPrices", summary="List prices", responses=problem_responses(), sync_to_thread=True
    )
    def prices(self, backend: Shared) -> PricesTable:
        """Token prices of API models at the tier of a typical request, and electricity."""
        catalog = backend.catalog
        return PricesTable(
            catalog_version=catalog.version,
            sources=_cited(catalog, catalog.electricity),
            api_prices=api_prices(catalog),
            electricity=catalog.electricity,
        )

    @get("/grids", operation_id="listGrids", summary="List grids", responses=problem_responses())
    async def grids(self, backend: Shared) -> GridsTable:
        """Greenhouse gas of electricity by zone."""
        catalog = backend.catalog
        return GridsTable(catalog_version=catalog.version, sources=_cited(catalog, catalog.grids), grids=catalog.grids)


def api_prices(catalog: Catalog) -> tuple[ApiPrice, ...]:
    """Token prices of every API model of the catalogue, on the catalogue's day."""
    from advisor.catalog.commands import LIST_INPUT_TOKENS, LIST_OUTPUT_TOKENS
    from advisor.catalog.prices import price_date, token_prices

    on = price_date(catalog)
    rows = []
    for row in catalog.api_models:
        found = token_prices(
            row, typical_input_tokens=LIST_INPUT_TOKENS, typical_output_tokens=LIST_OUTPUT_TOKENS, on=on
        )
        rows.append(
            ApiPrice(
                id=row.id,
                input_usd_per_mtok=found.input_usd_per_mtok,
                cached_usd_per_mtok=found.cached_usd_per_mtok,
                output_usd_per_mtok=found.output_usd_per_mtok,
                batch_multiplier=found.batch_multiplier,
                tuning_usd_per_mtok=row.tuning_usd_per_mtok,
                source=found.source,
                as_of=found.as_of,
            )
        )
    return tuple(rows)


def _cited(catalog: Catalog, rows: Iterable[Row]) -> tuple[SourceRow, ...]:
    cited = {row.source for row in rows}
    return tuple(source for source in catalog.sources if source.id in cited)
