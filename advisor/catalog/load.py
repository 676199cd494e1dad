"""The files of `data/` as one checked Catalog.

Enter at `load_catalog`. Any mistake is one `BadInput` that names file, row, field and value; nothing is skipped.
"""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput, field_errors, nearest
from advisor.files import read_document

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
}
PARAMETER_FOLDER = "parameters"


def data_directory() -> Path:
    """Where the data files are: inside the installed wheel, else beside the checkout's packages."""
    package = Path(__file__).resolve().parents[1]
    bundled = package / "_data"
    return bundled if bundled.is_dir() else package.parent / "data"


def load_catalog(directory: Path | None = None) -> Catalog:
    """Read, check and join all files; the default directory is read once per process.

    Raises:
        BadInput: a file is missing or malformed, a row breaks its contract, cites an unknown source or model, or
            stands twice.
    """
    return _default() if directory is None else _load(directory)


@lru_cache(maxsize=1)
def _default() -> Catalog:
    return _load(data_directory())


def _load(directory: Path) -> Catalog:
    origins = {name: [directory / file] for name, file in TABLES.items()}
    origins["parameters"] = sorted((directory / PARAMETER_FOLDER).glob("*.yml"))
    rows: dict[str, list[Any]] = {}
    places: dict[tuple[str, int], str] = {}
    digest = hashlib.sha256()
    for name, files in origins.items():
        rows[name] = []
        for file in files:
            content = read_document(file)
            if not isinstance(content, list):
                raise BadInput(f"{file}: expected a list of rows")
            digest.update(file.read_bytes())
            for number, row in enumerate(content, 1):
                places[name, len(rows[name])] = f"{file.name}: row {number}"
                rows[name].append(row)
    stamp = f"{digest.hexdigest()[:12]}+genai-prices-{version('genai-prices')}"
    try:
        catalog = Catalog.model_validate({"version": stamp, **rows})
    except ValidationError as error:
        raise BadInput("\n".join(_located(row, places) for row in field_errors(error, Catalog))) from error
    _check_references(catalog, places)
    return catalog


def _located(row: dict[str, str], places: dict[tuple[str, int], str]) -> str:
    """`accelerators.3.tdp_w` becomes `accelerators.yml: row 4: tdp_w`."""
    table, _, rest = row["field"].partition(".")
    index, _, field = rest.partition(".")
    where = places.get((table, int(index)), table) if index.isdigit() else table
    return f"{where}: {field or rest}: {row['message']}" + (f" (got {row['value']})" if row["value"] else "")


def _check_references(catalog: Catalog, places: dict[tuple[str, int], str]) -> None:
    sources = {row.id for row in catalog.sources}
    models = {row.id for row in catalog.base_models}
    seen: dict[tuple[str, ...], str] = {}
    for table in [*TABLES, "parameters"]:
        for index, row in enumerate(getattr(catalog, table)):
            place = places[table, index]
            if table == "sources":
                _refuse_twice(seen, (table, row.id), place)
                continue
            if row.source not in sources:
                near = nearest(row.source, sources)
                raise BadInput(
                    f"{place}: source: {row.source!r} is not in sources.yml"
                    + (f"; did you mean {near!r}?" if near else "")
                )
            _refuse_twice(seen, (table, *_key(row), row.as_of), place)
            base = getattr(row, "base_model", None)
            if base is not None and base not in models:
                raise BadInput(f"{place}: base_model: {base!r} is not in base_models.yml")


def _key(row: Any) -> tuple[str, ...]:
    if hasattr(row, "kinds"):
        return (row.name, *row.kinds)
    names = ("id", "name", "zone", "country", "role", "currency", "task")
    found = [str(getattr(row, name)) for name in names if hasattr(row, name)]
    return tuple(found)


def _refuse_twice(seen: dict[tuple[str, ...], str], key: tuple[str, ...], place: str) -> None:
    if key in seen:
        raise BadInput(f"{place}: the same row stands in {seen[key]}; append changes with a later as_of")
    seen[key] = place
