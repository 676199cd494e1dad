"""The files of `data/` as one checked Catalog.

Enter at `load_catalog`. Any mistake is one `BadInput` that names file, row, field and value; nothing is skipped.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.catalog.consistency import check_catalog
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import field_errors
from advisor.files import data_directory

TABLES = {
    "sources": "sources.yml",
    "accelerators": "accelerators.yml",
    "base_models": "base_models.yml",
    "api_models": "api_models.yml",
    "grids": "grids.yml",
    "electricity": "electricity.yml",
    "salaries": "salaries.yml",
    "exchange": "exchange.yml",
    "architectures": "architectures.yml",
    "legal": "legal.yml",
    "tasks": "tasks.yml",
    "risks": "risks.yml",
    "embodied": "embodied.yml",
    "water": "water.yml",
    "pue": "pue.yml",
    "on_costs": "on_costs.yml",
    "annotation_wages": "annotation/wages.yml",
    "annotation_speeds": "annotation/speeds.yml",
    "annotation_volumes": "annotation/volumes.yml",
    "rentals": "prices/rentals.yml",
    "purchases": "prices/purchases.yml",
    "tuning_prices": "prices/tuning.yml",
    "storage_prices": "prices/storage.yml",
    "second_source": "prices/second_source.yml",
    "output_terms": "output_terms.yml",
    "shelf_lives": "shelf_lives.yml",
}
PARAMETER_FOLDER = "parameters"
ID_FIELDS = (
    "id",
    "name",
    "zone",
    "country",
    "task",
    "currency",
    "accelerator",
    "provider",
    "api_model",
    "kind",
    "table",
)


def load_catalog(directory: Path | None = None) -> Catalog:
    """Read, check and join all files; the default directory is read once per process.

    Raises:
        BadInput: a file is missing or malformed, a row breaks its contract, cites an unknown source or model, stands
            twice, or a model's parameters contradict its configuration.
    """
    return _default() if directory is None else _load(directory)


@lru_cache(maxsize=1)
def _default() -> Catalog:
    return _load(data_directory())


def _load(directory: Path) -> Catalog:
    tables: dict[str, list[Any]] = {}
    places: dict[tuple[str, int], str] = {}
    digest = hashlib.sha256()
    for table, file in _files(directory):
        content = _read(file)
        digest.update(f"{file.relative_to(directory).as_posix()}\0{len(content)}\0".encode() + content)
        rows = tables.setdefault(table, [])
        for number, row in enumerate(_parse(file, content), 1):
            places[table, len(rows)] = f"{file}: row {number}{_named(row)}"
            rows.append(row)
    stamp = f"{digest.hexdigest()[:12]}+genai-prices-{version('genai-prices')}"
    try:
        catalog = Catalog.model_validate({"version": stamp, "parameters": (), **tables})
    except ValidationError as error:
        raise BadInput("\n".join(_located(row, places) for row in field_errors(error, Catalog))) from error
    check_catalog(catalog, places)
    return catalog


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Every table with its file, in the order of the paths, so that the version depends on nothing else."""
    files = [(directory / file, table) for table, file in TABLES.items()]
    files += [(file, "parameters") for file in (directory / PARAMETER_FOLDER).glob("*.yml")]
    return ((table, file) for file, table in sorted(files))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{file}: no such file; the catalogue needs it") from None
    except OSError as error:
        raise BadInput(f"{file}: cannot be read: {error.strerror}") from error


def _parse(file: Path, content: bytes) -> list[Any]:
    """The rows of one file; the bytes that are parsed are those that the version was computed from."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        rows = YAML(typ="safe").load(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{file}: not UTF-8 text: {error}") from error
    except YAMLError as error:
        raise BadInput(f"{file}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(rows, list):
        raise BadInput(f"{file}: expected a list of rows, got {type(rows).__name__}")
    return rows


def _named(row: Any) -> str:
    """` (h100-sxm-80gb)`: what the row calls itself, for messages."""
    name = next((row[field] for field in ID_FIELDS if field in row), None) if isinstance(row, dict) else None
    return f" ({name})" if name is not None else ""


def _located(row: dict[str, str], places: dict[tuple[str, int], str]) -> str:
    """`accelerators.3.tdp_w` becomes `data/accelerators.yml: row 4 (h100-sxm-80gb): tdp_w`."""
    table, _, rest = row["field"].partition(".")
    index, _, field = rest.partition(".")
    where = places.get((table, int(index)), table) if index.isdigit() else table
    got = f" (got {row['value']})" if row["value"] else ""
    return f"{where}: {f'{field}: ' if field else ''}{row['message']}{got}"
