"""Files of examples that a plan names, read strictly: every mistake names file, line and what was expected.

Enter at `checked_conversations` and `checked_pairs`.
"""

import json
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from trainer.corpus.formats.chat import example_of
from trainer.corpus.formats.rows import parquet_rows, table_rows

TABLES = {".csv": table_rows, ".tsv": table_rows, ".parquet": parquet_rows}
ROLES = ("system", "user", "assistant")


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a JSONL file.

    Raises:
        BadInput: the file cannot be read, or a line is no JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as UTF-8 text: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{path}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}: line {number}: expected an object, got {line[:60]!r}")
        rows.append(row)
    return rows


def checked_conversations(path: Path) -> list[list[dict[str, str]]]:
    """The messages of each row; every conversation ends with a turn of the assistant.

    Raises:
        BadInput: a row is not of that form, or there is none.
    """
    found = []
    for number, row in enumerate(_rows(path), 1):
        messages = _turns(_ours(row, "messages", path, number), "messages", path, number)
        if len(messages) < 2 or messages[-1]["role"] != "assistant":
            raise BadInput(f"{path}: row {number}: messages must end with a turn of the assistant, after another turn")
        found.append(messages)
    return found


def checked_pairs(path: Path) -> list[dict[str, Any]]:
    """Rows of `prompt`, `chosen` and `rejected`, each a list of messages.

    Raises:
        BadInput: a row is not of that form, or there is none.
    """
    return [
        {
            key: _turns(_ours(row, "rejected", path, number), key, path, number)
            for key in ("prompt", "chosen", "rejected")
        }
        for number, row in enumerate(_rows(path), 1)
    ]


def _ours(row: dict[str, Any], key: str, path: Path, number: int) -> dict[str, Any]:
    """The row in our form, where it is in another known one; `key` is a field of ours that the wanted kind has."""
    if key in row and all(isinstance(row.get(name, []), list) for name in ("prompt", "chosen", "rejected")):
        return row
    try:
        found = example_of(row)
    except ValueError as error:
        raise BadInput(f"{path}: row {number}: {error}") from error
    return row if found is None or key not in found else dict(found)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = _table(path) if path.suffix.lower() in TABLES else read_json_lines(path)
    if not rows:
        raise BadInput(f"{path}: holds no rows")
    return rows


def _table(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, row in TABLES[path.suffix.lower()](path, 0):
        if isinstance(row, str):
            raise BadInput(f"{path}: row {number}: {row}")
        rows.append(row)
    return rows


def _turns(row: dict[str, Any], key: str, path: Path, number: int) -> list[dict[str, str]]:
    turns = row.get(key)
    if not isinstance(turns, list) or not turns:
        raise BadInput(f"{path}: row {number}: {key} must be a list of messages (role, content), got {turns!r:.60}")
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("role") not in ROLES or not isinstance(turn.get("content"), str):
            raise BadInput(
                f"{path}: row {number}: {key}: a message needs role ({', '.join(ROLES)}) and content, got {turn!r:.80}"
            )
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
