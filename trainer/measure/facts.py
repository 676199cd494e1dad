"""Two tables of `data/` that a measurement needs: sizes by name, and accelerators by the name their driver gives.

Enter at `architecture` and `part_of`.
"""

from typing import Any

from advisor.contracts.catalog import AcceleratorRow
from advisor.contracts.errors import UnknownName
from advisor.contracts.plan import Architecture
from advisor.files import data_directory, parse_contract, read_document

MEMORY_TOLERANCE_FRACTION = 0.2
"""Drivers state GiB that are free for use, tables GB as printed; a slice of a device is smaller still."""
SIZE_FIELDS = ("vocab_size", "hidden_size", "num_layers", "num_heads", "num_kv_heads", "ffn_size", "context_tokens")


def architecture(name: str) -> Architecture:
    """A size of the from-scratch ladder.

    Raises:
        UnknownName: there is none of this name.
    """
    rows = {row["id"]: row for row in _rows("architectures.yml")}
    if name not in rows:
        raise UnknownName(
            "model", name, rows, "give a model directory, a name of data/architectures.yml, or a size with --shape"
        )
    return Architecture(name=name, **{field: rows[name][field] for field in SIZE_FIELDS})


def ladder() -> list[Architecture]:
    """All sizes, small ones first."""
    rows = sorted(_rows("architectures.yml"), key=lambda row: row["parameters"])
    return [Architecture(name=row["id"], **{field: row[field] for field in SIZE_FIELDS}) for row in rows]


def part_of(device_name: str, memory_bytes: float) -> AcceleratorRow | None:
    """The catalogue's row of a device; None where name or memory fit none."""
    part = named_part(device_name)
    if part is None:
        return None
    return part if abs(memory_bytes / part.memory_bytes - 1) <= MEMORY_TOLERANCE_FRACTION else None


def named_part(name: str) -> AcceleratorRow | None:
    """The catalogue's row by id, name or alias, be its memory what it may; None where none fits."""
    wanted = name.lower()
    for row in _rows("accelerators.yml"):
        names = {row["id"].lower(), row["name"].lower(), *(alias.lower() for alias in row.get("aliases", ()))}
        if wanted in names:
            return parse_contract(row, AcceleratorRow, f"data/accelerators.yml: {row['id']}")
    return None


def _rows(file: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = read_document(data_directory() / file)
    return rows
