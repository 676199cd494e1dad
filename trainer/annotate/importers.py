"""Exports of common annotation tools, as words of our journal.

Enter at `import_file`. Read are the default exports of Label Studio (JSON), Argilla (records as JSON or JSONL), doccano
(JSONL of a sequence-to-sequence project) and Prodigy (JSONL of `choice`). Columns are found by their usual names.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput, UnknownName
from trainer.annotate.journal import Annotation, Turn, now
from trainer.annotate.tasks import Task, task_of

Row = dict[str, Any]
PROMPTS = ("prompt", "text", "instruction", "input", "request", "question")
ANSWERS = (("answer1", "answer2"), ("text1", "text2"), ("response1", "response2"))
"""Names that projects give their columns; what stands between letters and digits (`response-1`) does not count."""


def import_file(path: Path, tool: str) -> tuple[list[Annotation], list[str]]:
    """Words found in an export, and a note for every record that holds none.

    Raises:
        BadInput: the file cannot be read, or the tool is not known.
    """
    if tool not in READERS:
        raise UnknownName("tool", tool, READERS)
    words, notes = [], []
    for number, record in enumerate(_records(path), 1):
        where = f"{path}: record {number}"
        found = 0
        try:
            for word in READERS[tool](record, where):
                words.append(word)
                found += 1
        except BadInput as error:
            notes.append(str(error))
            continue
        if not found:
            notes.append(f"{where}: holds no judgement")
    if not words:
        raise BadInput(f"{path}: no judgement of {tool} found; {notes[0] if notes else 'it is empty'}")
    return words, notes


def _records(path: Path) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read as UTF-8 text: {error}") from error
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except json.JSONDecodeError as error:
        raise BadInput(f"{path}: neither a JSON list nor JSON lines: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path}: every record must be an object")
    return rows


def _label_studio(record: Row, where: str) -> Iterator[Annotation]:
    """A task with its columns under `data`, and the results of a pairwise or text-area control."""
    task = _task(record.get("data") or {}, where)
    for annotation in record.get("annotations") or ():
        by = annotation.get("completed_by", "unknown")
        who = str(by.get("email") or by.get("id", "unknown")) if isinstance(by, dict) else str(by)
        if annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result") or ():
            value = result.get("value") or {}
            seconds = annotation.get("lead_time")
            if result.get("type") == "pairwise" and value.get("selected") in ("left", "right"):
                yield _judged(task, who, {"left": "first", "right": "second"}[value["selected"]], seconds)
            elif result.get("type") == "textarea" and value.get("text") and task.kind == "demonstration":
                texts = value["text"]
                yield _written(task, who, texts if isinstance(texts, str) else texts[-1], seconds)


def _argilla(record: Row, where: str) -> Iterator[Annotation]:
    """A record with its columns under `fields`, and `responses` by question: a label or a ranking, or a text."""
    task = _task(record.get("fields") or {}, where)
    for responses in (record.get("responses") or {}).values():
        for response in responses:
            who, value = str(response.get("user_id", "unknown")), response.get("value")
            if task.kind == "pair":
                choice = _of_argilla(value)
                if choice is not None:
                    yield _judged(task, who, choice, None)
            elif task.kind == "demonstration" and isinstance(value, str) and value.strip():
                yield _written(task, who, value, None)


def _of_argilla(value: Any) -> str | None:
    """A label that names an answer or a tie, or a ranking of both, with equal ranks for a tie."""
    if isinstance(value, str):
        return _place(value)
    if isinstance(value, list) and len(value) == 2 and all(isinstance(entry, dict) for entry in value):
        ranks = {_place(str(entry.get("value"))): entry.get("rank") for entry in value}
        first, second = ranks.get("first"), ranks.get("second")
        if isinstance(first, int) and isinstance(second, int):
            return "tie" if first == second else "first" if first < second else "second"
    return None


def _place(name: str) -> str | None:
    plain = _plain(name)
    if plain in ("tie", "equal", "same"):
        return "tie"
    return next((("first", "second")[pair.index(plain)] for pair in ANSWERS if plain in pair), None)


def _task(columns: Row, where: str) -> Task:
    """The task of a record, by the usual names of its columns."""
    by_name = {_plain(name): value for name, value in columns.items()}
    row: Row = {"prompt": next((by_name[name] for name in PROMPTS if by_name.get(name)), None)}
    for pair in ANSWERS:
        if all(name in by_name for name in pair):
            row["answers"] = [by_name[name] for name in pair]
    return task_of(row, where)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _doccano(record: Row, where: str) -> Iterator[Annotation]:
    """A line with `text` and the written answers under `label`."""
    task = task_of({"prompt": record.get("text") or record.get("data")}, where)
    who = str(record.get("annotator") or record.get("username") or "unknown")
    for text in record.get("label") or ():
        if isinstance(text, str) and text.strip():
            yield _written(task, who, text, None)


def _prodigy(record: Row, where: str) -> Iterator[Annotation]:
    """A line with `text`, two `options` and `accept`; the option's id or its place is what was accepted."""
    if record.get("answer") != "accept":
        return
    options = record.get("options") or []
    texts = [option.get("text") for option in options]
    task = task_of({"prompt": record.get("text") or record.get("prompt"), "answers": texts}, where)
    who = str(record.get("_annotator_id") or record.get("_session_id") or "unknown")
    accepted = record.get("accept") or []
    places = [place for place, option in enumerate(options) if option.get("id") in accepted]
    if len(places) == 1:
        yield _judged(task, who, ("first", "second")[places[0]], None)


READERS: dict[str, Callable[[Row, str], Iterator[Annotation]]] = {
    "label-studio": _label_studio,
    "argilla": _argilla,
    "doccano": _doccano,
    "prodigy": _prodigy,
}


def _turns(task: Task) -> tuple[Turn, ...]:
    return tuple(Turn.model_validate(turn) for turn in task.prompt)


def _judged(task: Task, who: str, choice: Any, seconds: float | None) -> Annotation:
    return Annotation(
        task_id=task.id,
        annotator=who,
        kind="pair",
        prompt=_turns(task),
        answers=task.answers,
        choice=choice,
        duration_s=seconds,
        created_at=now(),
    )


def _written(task: Task, who: str, text: str, seconds: float | None) -> Annotation:
    return Annotation(
        task_id=task.id,
        annotator=who,
        kind="demonstration",
        prompt=_turns(task),
        demonstration=text,
        duration_s=seconds,
        created_at=now(),
    )
