"""What is put to annotators: pairs of answers to choose from, or prompts that want an answer.

Enter at `read_tasks`. A task's id is a hash of its content, so a file may grow or change its order between sittings.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.contracts.errors import BadInput
from trainer.corpus.rows import read_json_lines

Kind = Literal["pair", "demonstration"]
ROLES = ("system", "user", "assistant")
FORMS = (
    '{"prompt": ..., "answers": [A, B]}, {"prompt": ..., "chosen": A, "rejected": B} or {"prompt": ...}; '
    "a prompt is a text or a list of messages (role, content)"
)


@dataclass(frozen=True)
class Task:
    """One question to an annotator."""

    id: str
    prompt: tuple[dict[str, str], ...]
    """Messages (role, content)."""
    answers: tuple[str, ...] = ()
    """Two answers to choose from; none: the annotator writes one."""

    @property
    def kind(self) -> Kind:
        """A pair where there are answers."""
        return "pair" if self.answers else "demonstration"


def read_tasks(path: Path) -> list[Task]:
    """The tasks of a JSONL file, each once, in the order of the file.

    Raises:
        BadInput: a row has none of the known forms, or there is none.
    """
    tasks: dict[str, Task] = {}
    for number, row in enumerate(read_json_lines(path), 1):
        task = task_of(row, f"{path}: row {number}")
        tasks.setdefault(task.id, task)
    if not tasks:
        raise BadInput(f"{path}: holds no task; a line is one of {FORMS}")
    return list(tasks.values())


def task_of(row: dict[str, Any], where: str) -> Task:
    """One task from one row; `where` names it in the error message."""
    prompt = _prompt(row.get("prompt"), where)
    if "answers" in row:
        answers = row["answers"]
        if not isinstance(answers, list) or len(answers) != 2:
            raise BadInput(f"{where}: answers must be a list of two, got {answers!r:.60}")
    elif "chosen" in row or "rejected" in row:
        answers = [row.get("chosen"), row.get("rejected")]
    else:
        answers = []
    texts = tuple(_answer(answer, where) for answer in answers)
    if len(texts) == 2 and texts[0] == texts[1]:
        raise BadInput(f"{where}: both answers are the same, there is nothing to choose")
    return Task(_identity(prompt, texts), prompt, texts)


def _prompt(value: Any, where: str) -> tuple[dict[str, str], ...]:
    if isinstance(value, str) and value.strip():
        return ({"role": "user", "content": value},)
    if isinstance(value, list) and value and all(_is_turn(turn) for turn in value):
        return tuple({"role": turn["role"], "content": turn["content"]} for turn in value)
    raise BadInput(
        f"{where}: prompt: expected a text or a list of messages, got {value!r:.60}; a line is one of {FORMS}"
    )


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") in ROLES and isinstance(turn.get("content"), str)


def _answer(value: Any, where: str) -> str:
    """A text, or the last message of a list, as preference files of trl hold it."""
    if isinstance(value, list) and value and all(_is_turn(turn) for turn in value):
        value = value[-1]["content"]
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"{where}: an answer must be a text that is not empty, got {value!r:.60}")
    return value


def _identity(prompt: tuple[dict[str, str], ...], answers: tuple[str, ...]) -> str:
    """The order of the answers does not matter: the same two are the same task."""
    content = json.dumps([prompt, sorted(answers)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
