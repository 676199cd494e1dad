"""The test set: a JSONL of `SuiteItem`, read strictly before anything is asked.

Enter at `read_suite`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.case import Task
from advisor.contracts.errors import BadInput, UnknownName, nearest
from advisor.contracts.mistakes import describe

ROLES = ("system", "user", "assistant", "developer")


@dataclass(frozen=True)
class Suite:
    """The items in the order of the file, and the file's fingerprint."""

    name: str
    sha256: str
    items: tuple[SuiteItem, ...]
    task: Task | None
    """None: no item says."""


def read_suite(path: Path) -> Suite:
    """Read and check a suite.

    Raises:
        BadInput: the file cannot be read, is empty, or a line is no item; the message names the line.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as UTF-8 text: {error}") from error
    # Not splitlines(): a JSON string may hold U+2028, which that would take for the end of a line.
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    items = tuple(_item(line, f"{path}: line {number}") for number, line in lines)
    if not items:
        raise BadInput(f"{path}: holds no item; expected one JSON object a line with id, messages, expected")
    _refuse_twice(items, path)
    return Suite(path.name, hashlib.sha256(content).hexdigest(), items, _task(items, path))


def _item(line: str, where: str) -> SuiteItem:
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInput(f"{where}: not valid JSON: {error}") from error
    try:
        item = SuiteItem.model_validate(document)
    except ValidationError as error:
        raise BadInput(describe(error, SuiteItem, where)) from error
    _check_messages(item, where)
    return item


def _check_messages(item: SuiteItem, where: str) -> None:
    if not item.messages:
        raise BadInput(f"{where}: messages: at least one message is needed")
    for number, message in enumerate(item.messages):
        place = f"{where}: messages.{number}"
        if set(message) != {"role", "content"}:
            wrong = sorted(set(message) - {"role", "content"})
            near = nearest(wrong[0], ("role", "content")) if wrong else None
            hint = f" (got {wrong[0]!r}, did you mean {near!r}?)" if near else ""
            raise BadInput(f"{place}: exactly the keys role and content are needed{hint}")
        if message["role"] not in ROLES:
            raise UnknownName(f"role in {place}", message["role"], ROLES)
    if item.messages[-1]["role"] != "user":
        raise BadInput(f"{where}: messages: the last message must be the user's question")


def _refuse_twice(items: Sequence[SuiteItem], path: Path) -> None:
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise BadInput(f"{path}: id {item.id!r} appears twice; answers are paired by id")
        seen.add(item.id)


def _task(items: Sequence[SuiteItem], path: Path) -> Task | None:
    tasks = {item.task for item in items}
    if len(tasks) > 1:
        named = ", ".join(sorted(str(task) for task in tasks))
        raise BadInput(f"{path}: task: all items of a suite have one task, got {named}; split the file")
    return tasks.pop()
