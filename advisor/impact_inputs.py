"""Inputs about the world around an option: grids, water, the making of hardware, storage, annotation.

Enter at `impact_inputs` and `data_inputs`. What the catalogue does not know gets no input, so nothing is guessed.
"""

from statistics import median

from advisor.catalog import lookup
from advisor.contracts.case import Task
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.contracts.facts import AnnotationKind, EmbodiedRow
from advisor.core.sampling import Input
from advisor.input_rows import citation, from_row

STORAGE_PRODUCTS = (
    ("aws", "S3 Standard"),
    ("azure", "Blob hot, LRS"),
    ("google", "Cloud Storage Standard"),
    ("cloudflare", "R2"),
    ("oracle", "Object Storage Standard"),
)
"""Object storage at hand at once; archives with hours of delay are no place for what is trained on."""
DATA_CENTRE_CLASSES = ("a100", "h100", "b200", "v100", "amd", "tpu", "intel")
"""Classes for which the general row of a data-centre part stands in where there is none of their own."""
WHOLE_SERVER = 8
ANNOTATION_KINDS: dict[Task, AnnotationKind] = {"classification": "classification", "extraction": "span"}
"""How the examples of a task come about; for all other tasks a model's answer is put right."""


def impact_inputs(catalog: Catalog, zones: set[str], owned: set[str]) -> list[Input]:
    """Grid factors by place and by contract, water, and the making of the accelerators that are owned or on offer."""
    rows: list[Input] = []
    for zone in sorted(zones):
        rows += _grid(catalog, zone)
    site = lookup.water(catalog, "site.mean")
    rows.append(from_row("water_site_l_per_kwh", site.water_litres_per_kwh, "l/kWh", site, catalog))
    for part in catalog.accelerators:
        if part.id in owned or part.rental_usd_per_hour is not None or part.purchase_usd is not None:
            rows += _embodied(catalog, part)
    return rows


def data_inputs(catalog: Catalog, task: Task) -> list[Input]:
    """Price of room for data, and working time per labelled example of the task."""
    speed = lookup.annotation_speed(catalog, ANNOTATION_KINDS.get(task, "correction"))
    detail = f" ({speed.kind})"
    offers = [lookup.storage_price(catalog, *product) for product in STORAGE_PRODUCTS]
    prices = sorted(row.usd_per_gb_month for row in offers)
    newest = max(offers, key=lambda row: row.as_of)
    source = f"{citation(newest, catalog)}: {len(offers)} providers, lowest, median and highest"
    return [
        Input(
            "storage_usd_per_gb_month",
            *(prices[0], median(prices), prices[-1]),
            *("USD/GB_month", "catalogue", source, newest.as_of),
        ),
        from_row("annotation_seconds_per_example", speed.seconds_per_item_s, "s", speed, catalog, detail),
        from_row(
            "annotation_quality_assurance_fraction",
            *(speed.quality_assurance_fraction, "fraction", speed, catalog, detail),
        ),
        from_row("annotation_rejection_fraction", speed.rejection_fraction, "fraction", speed, catalog, detail),
    ]


def _grid(catalog: Catalog, zone: str) -> list[Input]:
    grid = lookup.grid(catalog, zone)
    detail = f" ({grid.basis}, {grid.year})"
    rows = [from_row(f"grid_gco2e_per_kwh.{zone}", grid.location_gco2e_per_kwh, "g/kWh", grid, catalog, detail)]
    if grid.market_gco2e_per_kwh is not None:
        value = grid.market_gco2e_per_kwh
        source = (
            f"{citation(grid, catalog, grid.market_source)} (residual mix, {grid.market_basis}, {grid.market_year})"
        )
        name = f"grid_market_gco2e_per_kwh.{zone}"
        rows.append(Input(name, value, value, value, "g/kWh", "catalogue", source, grid.as_of))
    name = f"generation.{zone.split('-')[0]}"
    found = [row for row in catalog.water if row.name == name]
    if found:
        row = max(found, key=lambda row: row.as_of)
        rows.append(from_row(f"water_generation_l_per_kwh.{zone}", row.water_litres_per_kwh, "l/kWh", row, catalog))
    return rows


def _embodied(catalog: Catalog, part: AcceleratorRow) -> list[Input]:
    """The part, its server and their life; nothing where no row fits the part."""
    names = [f"accelerator.{part.id}", f"accelerator.{part.mfu_class}"]
    if part.mfu_class in DATA_CENTRE_CLASSES:
        names.append("accelerator.data_centre")
    row = next((found for name in names if (found := _newest(catalog, name)) is not None), None)
    whole = part.devices_per_server >= WHOLE_SERVER
    server = _newest(catalog, "server.8-accelerators" if whole else "server.general")
    if row is None or server is None:
        return []
    places = float(server.num_accelerators if whole else part.devices_per_server)
    count = Input(
        f"devices_per_server.{part.id}",
        places,
        places,
        places,
        "devices",
        "catalogue",
        citation(part, catalog),
        part.as_of,
    )
    return [
        from_row(f"embodied_kgco2e.{part.id}", row.embodied_kgco2e, "kg", row, catalog),
        from_row(f"embodied_server_kgco2e.{part.id}", server.embodied_kgco2e, "kg", server, catalog),
        from_row(f"embodied_lifetime_years.{part.id}", row.lifetime_years, "years", row, catalog),
        count,
    ]


def _newest(catalog: Catalog, name: str) -> EmbodiedRow | None:
    found = [row for row in catalog.embodied if row.name == name]
    return max(found, key=lambda row: row.as_of) if found else None
