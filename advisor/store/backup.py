"""A whole store as one file, and back: on the same kind of database or the other. Enter at `backup` and `restore`.

The file is gzipped JSON, a line for the schema and then a line a row, so it can be read without this program. It holds
hashes of keys, and no keys.
"""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from advanced_alchemy.types import GUID, DateTimeUTC
from sqlalchemy import Connection, Table, func, insert, select, text

from advisor.contracts.errors import BadInput
from advisor.store.database import Database
from advisor.store.schema import migrate, state_of
from advisor.store.tables import DocumentBase

FORMAT = "richtwert store"
BATCH = 200


async def backup(database: Database, path: Path) -> int:
    """Write all rows as of one moment, while servers go on; what was there is replaced when all is written.

    Raises:
        BadInput: the database has migrations waiting.
    """
    return await database.inspect(lambda connection: _written(connection, path))


async def restore(database: Database, path: Path) -> int:
    """Read all rows into a database that has none; all of them, or none.

    Raises:
        BadInput: the file is no backup or a newer one, or the database is not empty.
    """
    lines = _lines(path)
    head = next(lines, None)
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise BadInput(f"{path}: no backup of a store; `advisor db backup` writes one")
    return await database.change(lambda connection: _read(connection, head, lines, path))


def _tables() -> list[Table]:
    """In an order in which rows can be added."""
    return list(DocumentBase.metadata.sorted_tables)


def _written(connection: Connection, path: Path) -> int:
    state = state_of(connection)
    if state.current != state.newest:
        raise BadInput(f"the store is at {state.current}, this program at {state.newest}: advisor db upgrade")
    connection.rollback()  # what was asked so far began a transaction of another kind
    snapshot = "BEGIN" if connection.dialect.name == "sqlite" else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    connection.execute(text(snapshot))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as raw, gzip.open(raw, "wt", encoding="utf-8") as stream:  # noqa: PTH123
        _line(stream, {"format": FORMAT, "schema": state.newest})
        count = 0
        for table in _tables():
            for row in connection.execution_options(yield_per=BATCH).execute(select(table)).mappings():
                _line(stream, {"table": table.name, "row": {name: _plain(value) for name, value in row.items()}})
                count += 1
    partial.replace(path)
    return count


def _read(connection: Connection, head: dict[str, Any], lines: Iterator[Any], path: Path) -> int:
    migrate(connection)
    newest = state_of(connection).newest
    if str(head["schema"]) > newest:
        raise BadInput(f"{path}: made by a newer program (schema {head['schema']}, this one knows {newest})")
    tables = {table.name: table for table in _tables()}
    for table in tables.values():
        if connection.scalar(select(func.count()).select_from(table)):
            raise BadInput(f"the database is not empty ({table.name} has rows); restore into a new one")
    count = 0
    for line in lines:
        table = tables[line["table"]]
        connection.execute(insert(table), {name: _typed(table, name, value) for name, value in line["row"].items()})
        count += 1
    return count


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (OSError, EOFError, ValueError) as error:
        raise BadInput(f"{path}: not a whole backup: {error}") from error


def _line(stream: IO[str], row: dict[str, Any]) -> None:
    stream.write(json.dumps(row, ensure_ascii=True) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


def _typed(table: Table, name: str, value: Any) -> Any:
    if value is None:
        return None
    kind = table.columns[name].type
    if isinstance(kind, DateTimeUTC):
        return datetime.fromisoformat(value)
    return UUID(value) if isinstance(kind, GUID) else value
