"""Held-out questions of a user: a suite's JSONL, a plain JSONL of prompt and answer, or a CSV.

Enter at `read_items`. Every mistake names file, line and what was expected.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.case import Task
from advisor.contracts.errors import BadInput, UnknownName, nearest
from advisor.contracts.mistakes import describe
from trainer.evaluate.files import read_lines, read_text

OPTION = "--suite"
PROMPTS = ("prompt", "question", "input", "text", "source")
ANSWERS = ("answer", "expected", "output", "label", "target", "reference", "summary", "translation", "completion")
PLAIN_KEYS = ("id", "language", "options", "task")
SEPARATOR = "|"


def read_items(path: Path, *, limit: int | None = None) -> list[SuiteItem]:
    """Questions in the order of the file.

    Raises:
        BadInput: the file cannot be read, is empty, holds a line that is no question, or an id twice.
    """
    rows = _csv_rows(path) if path.suffix.lower() == ".csv" else _json_rows(path)
    if not rows:
        raise BadInput(f"{OPTION}: {path}: holds no rows; expected JSONL or CSV with a question and an answer a line")
    items = [_item(row, f"{OPTION}: {path}: {where}", number) for number, (where, row) in enumerate(rows, 1)]
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise BadInput(f"{OPTION}: {path}: id {item.id!r} appears twice")
        seen.add(item.id)
    return items[:limit]


def task_of(items: Sequence[SuiteItem], given: str | None) -> Task:
    """The task of a suite: the one that it states, else the given one.

    Raises:
        BadInput: items disagree, or nothing says what the task is.
    """
    stated = {item.task for item in items}
    if len(stated) > 1:
        raise BadInput(
            f"{OPTION}: all items of a suite need the same task, got {', '.join(sorted(map(str, stated)))}; split it"
        )
    task = stated.pop()
    if given is not None and given not in get_args(Task):
        raise UnknownName("--task", given, get_args(Task))
    if given is not None and task is not None and given != task:
        raise BadInput(f"--task {given}: the suite says {task}; leave one of the two out")
    found: Task | None = task or next((name for name in get_args(Task) if name == given), None)
    if found is None:
        raise BadInput(f"--task: the suite names none; add one of {', '.join(get_args(Task))}, it decides the scores")
    return found


def _json_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    rows = []
    for number, line in read_lines(path, OPTION):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{OPTION}: {path}: row {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise BadInput(f"{OPTION}: {path}: row {number}: expected an object, got {line[:60]!r}")
        rows.append((f"row {number}", row))
    return rows


def _csv_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    text = read_text(path, OPTION)
    delimiter = ";" if text.split("\n")[0].count(";") > text.split("\n")[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        for number, row in enumerate(reader, 1):
            if None in row or None in row.values():
                raise BadInput(f"{OPTION}: {path}: row {number}: has not as many cells as the header has columns")
            filled: dict[str, Any] = {key.strip(): value for key, value in row.items() if value != ""}
            if "options" in filled:
                filled["options"] = [part.strip() for part in filled["options"].split(SEPARATOR)]
            rows.append((f"row {number}", filled))
    except csv.Error as error:
        raise BadInput(f"{OPTION}: {path}: line {reader.line_num}: not CSV: {error}") from error
    return rows


def _item(row: dict[str, Any], where: str, number: int) -> SuiteItem:
    plain = row if "messages" in row or not _plain(row) else _from_plain(row, where, number)
    try:
        item = SuiteItem.model_validate(plain)
    except ValidationError as error:
        raise BadInput(describe(error, SuiteItem, where)) from error
    if not item.messages:
        raise BadInput(f"{where}: messages is empty")
    for message in item.messages:
        if set(message) != {"role", "content"}:
            raise BadInput(f"{where}: messages: exactly the keys role and content are needed, got {sorted(message)}")
    return item


def _plain(row: dict[str, Any]) -> bool:
    return any(key in row for key in PROMPTS) or not set(row) & set(SuiteItem.model_fields)


def _from_plain(row: dict[str, Any], where: str, number: int) -> dict[str, Any]:
    prompt, answer = (_named(row, keys, what, where) for keys, what in ((PROMPTS, "question"), (ANSWERS, "answer")))
    unknown = sorted(set(row) - {prompt, answer, *PLAIN_KEYS})
    if unknown:
        near = nearest(unknown[0], PLAIN_KEYS)
        hint = f"; did you mean {near!r}?" if near else f"; known beside them: {', '.join(PLAIN_KEYS)}"
        raise BadInput(f"{where}: {unknown[0]!r} is unknown beside {prompt!r} and {answer!r}{hint}")
    kept = {key: row[key] for key in PLAIN_KEYS if key in row}
    kept["id"] = str(kept.get("id", number))
    return {**kept, "messages": [{"role": "user", "content": row[prompt]}], "expected": row[answer]}


def _named(row: dict[str, Any], keys: Sequence[str], what: str, where: str) -> str:
    found = [key for key in keys if key in row]
    if len(found) != 1:
        got = "none of them" if not found else " and ".join(found)
        raise BadInput(f"{where}: the {what} must stand under one of {', '.join(keys)}; got {got}")
    if not isinstance(row[found[0]], str) or not row[found[0]].strip():
        raise BadInput(f"{where}: {found[0]}: expected a text, got {row[found[0]]!r:.60}")
    return found[0]
