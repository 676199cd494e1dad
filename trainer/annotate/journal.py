"""What annotators said: a JSONL journal, appended line by line and never rewritten.

Enter at `Journal`. The last word of an annotator on a task counts; taking it back is a line too. A line that a crash
cut in two is left out and counted.
"""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import ValidationError, model_validator

from advisor.contracts.base import Contract, NonNegative, Text
from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe

Choice = Literal["first", "second", "tie", "skip"]


class Turn(Contract):
    """One message of the prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Annotation(Contract):
    """One word of one annotator on one task, with all that is needed to use it without the file of tasks."""

    task_id: Text
    annotator: Text
    kind: Literal["pair", "demonstration"]
    prompt: tuple[Turn, ...]
    answers: tuple[str, ...] = ()
    """In the order of the task, not of the screen."""
    choice: Choice | None = None
    """Which answer of `answers` is better; a demonstration has `skip` or None."""
    demonstration: Text | None = None
    shown_first: Literal["first", "second"] | None = None
    """Which answer stood first on the screen; it changes from task to task."""
    duration_s: NonNegative | None = None
    """From showing the task to the choice; None: not known."""
    withdrawn: bool = False
    """True: the annotator took the last word back."""
    created_at: str
    """UTC, ISO 8601."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.withdrawn:
            return self
        if self.kind == "pair" and (self.choice is None or len(self.answers) != 2):
            raise ValueError("a pair needs two answers and a choice: first, second, tie or skip")
        if self.kind == "demonstration" and (self.demonstration is None) is (self.choice != "skip"):
            raise ValueError("a demonstration needs a text, or the choice skip")
        return self

    @property
    def options(self) -> tuple[str, ...]:
        """The answers in an order that every file of tasks agrees on."""
        return tuple(sorted(self.answers))

    @property
    def judgement(self) -> str | None:
        """`first` or `second` of `options`, or `tie`; None where nothing was judged."""
        if self.kind != "pair" or self.choice in (None, "skip"):
            return None
        if self.choice == "tie" or self.answers == self.options:
            return self.choice
        return "second" if self.choice == "first" else "first"


def now() -> str:
    """This moment, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Journal:
    """The words of all annotators."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_lines = 0
        """Lines without an end, left out: the process died while it wrote."""
        self._lock = threading.Lock()
        self._words: dict[tuple[str, str], Annotation] = {}
        if path.exists():
            self._read()

    def say(self, annotation: Annotation) -> None:
        """Write one word; it is on the disk when this returns."""
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(annotation.model_dump_json() + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._take(annotation)

    def words(self) -> list[Annotation]:
        """What counts: the last word on each task of each annotator, in the order in which they were said."""
        with self._lock:
            return list(self._words.values())

    def of(self, annotator: str) -> dict[str, Annotation]:
        """What one annotator said, by task."""
        return {word.task_id: word for word in self.words() if word.annotator == annotator}

    def last_of(self, annotator: str) -> Annotation | None:
        """The latest word of an annotator, which can be taken back."""
        return next((word for word in reversed(self.words()) if word.annotator == annotator), None)

    def _take(self, annotation: Annotation) -> None:
        key = annotation.task_id, annotation.annotator
        self._words.pop(key, None)
        if not annotation.withdrawn:
            self._words[key] = annotation

    def _read(self) -> None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{self.path}: cannot be read as UTF-8 text: {error}") from error
        lines = text.split("\n")
        if lines[-1]:
            self.cut_lines = 1
            self._end_line(lines[-1])
        for number, line in enumerate(lines[:-1], 1):
            if not line.strip():
                continue
            try:
                self._take(Annotation.model_validate(json.loads(line)))
            except json.JSONDecodeError:
                self.cut_lines += 1  # the end of a line that a crash cut, closed when the journal was opened again
            except ValidationError as error:
                raise BadInput(describe(error, Annotation, f"{self.path}: line {number}")) from error

    def _end_line(self, cut: str) -> None:
        """Close the cut line, so that the next word stands on a line of its own."""
        try:
            self._take(Annotation.model_validate_json(cut))
            self.cut_lines = 0
        except ValidationError:
            pass
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n")
