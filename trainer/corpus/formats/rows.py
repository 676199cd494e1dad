"""Rows of JSONL, CSV and Parquet, streamed: a line, a record or a row group in memory, never the file.

Enter at `json_lines`, `table_rows` and `parquet_rows`; each yields the number of the row (from 1) and the row, or the
row's mistake as a text. `start` rows are passed over without being parsed where the format allows it.
"""

import csv
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

Row = dict[str, Any] | str
"""A row, or what is wrong with it."""
BATCH_ROWS = 256
MAX_FIELD_BYTES = 64 * 2**20
SNIFFED_CHARACTERS = 64 * 1024


def json_lines(path: Path, start: int) -> Iterator[tuple[int, Row]]:
    """Objects of a JSONL file; blank lines are passed over."""
    with path.open("rb") as stream:
        for number, line in enumerate(islice(stream, start, None), start + 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                yield number, f"not JSON: {error}"
                continue
            yield number, row if isinstance(row, dict) else "expected an object with a text under 'text'"


def table_rows(path: Path, start: int) -> Iterator[tuple[int, Row]]:
    """Records of a CSV file with a header; comma, semicolon, tab or bar, whichever the header shows."""
    csv.field_size_limit(MAX_FIELD_BYTES)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            dialect: Any = csv.Sniffer().sniff(stream.readline()[:SNIFFED_CHARACTERS], delimiters=",;\t|")
        except csv.Error:
            dialect = csv.excel  # a single column shows no delimiter
        stream.seek(0)
        # The sniffer judges quoting from the header alone, which has none as a rule.
        reader = csv.DictReader(stream, delimiter=dialect.delimiter, quotechar='"', doublequote=True)
        for number, row in enumerate(islice(reader, start, None), start + 1):
            if None in row or None in row.values():
                yield number, f"has not as many fields as the header ({len(reader.fieldnames or ())})"
            else:
                yield number, dict(row)


def parquet_rows(path: Path, start: int) -> Iterator[tuple[int, Row]]:
    """Rows of a Parquet file, a batch of a row group at a time; whole row groups before `start` are not read."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        passed, groups = 0, []
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if not groups and passed + rows <= start:
                passed += rows
            else:
                groups.append(group)
        number = passed
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=groups) if groups else ():
            for row in batch.to_pylist():
                number += 1
                if number > start:
                    yield number, row
