"""Sharded Parquet: written as it streams, each shard whole or not there at all, the same bytes for the same rows.

Enter at `ShardWriter` and `read_shards`.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

GROUP_BYTES = 4_000_000
"""Text in one row group; one group is in memory while writing, one while reading."""


class ShardWriter:
    """Writes one shard; the file appears under its name when `with` ends without an error."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._columns = path, tuple(columns)
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._rows: list[dict[str, Any]] = []
        self._held_bytes = 0
        self._writer: Any = None
        self.rows = 0
        self.bytes = 0
        """UTF-8 bytes of the texts, before compression."""

    def __enter__(self) -> Self:
        from pyarrow import schema, string
        from pyarrow.parquet import ParquetWriter

        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._schema = schema([(name, string()) for name in self._columns])
        self._writer = ParquetWriter(self._temporary, self._schema, compression="zstd")
        return self

    def add(self, text_bytes: int, **row: str | None) -> None:
        """Add one row; `text_bytes` is the size of its text."""
        self._rows.append(row)
        self.rows += 1
        self.bytes += text_bytes
        self._held_bytes += text_bytes
        if self._held_bytes >= GROUP_BYTES:
            self._flush()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None and self._rows:
            self._flush()
        self._writer.close()
        if kind is not None:
            self._temporary.unlink(missing_ok=True)
            return
        with self._temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        self._temporary.replace(self._path)

    def _flush(self) -> None:
        from pyarrow import Table

        self._writer.write_table(Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._held_bytes = [], 0


def shards_of(directory: Path, name: str) -> list[Path]:
    """The shards of one part of the data, in order."""
    return sorted(directory.glob(f"{name}-[0-9]*.parquet"))


def read_shards(paths: Sequence[Path], columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Rows of shards in order, a row group in memory at a time."""
    from pyarrow.parquet import ParquetFile

    for path in paths:
        with ParquetFile(path) as file:
            for group in range(file.metadata.num_row_groups):
                yield from file.read_row_group(group, columns=columns).to_pylist()
