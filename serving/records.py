"""What is written down: one usage record per request (no prompts, no answers), and feedback as it is given.

Enter at `UsageRecord`, `Feedback` and `Journal`.
"""

import threading
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError, model_validator

from advisor.contracts.base import Contract, Count, NonNegative, Text
from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe
from advisor.contracts.runs import EnergyQuality

R = TypeVar("R", bound=BaseModel)


class UsageRecord(Contract):
    """What one request used."""

    id: str
    created_at: str
    """UTC, ISO 8601."""
    endpoint: str
    model: str
    status: Literal["completed", "cancelled", "failed"]
    prompt_tokens: Count
    completion_tokens: Count
    duration_s: NonNegative
    ttft_s: NonNegative | None
    """Time to the first token; None when there was none."""
    energy_j: NonNegative | None = None
    """Share of the accelerators' energy while the request was in work; None when not measured."""
    energy_quality: EnergyQuality = "unavailable"
    energy_note: str = ""
    usage_note: str = ""
    """How tokens were counted where the server that made them told no usage."""
    tenant: str = "local"
    key: str | None = None
    """Name of the API key; None where none is asked for."""
    cost: NonNegative | None = None
    """At the prices that the server was started with, in `currency`; None: no price is set."""
    currency: str | None = None
    version: str | None = None
    """Of the model, where this server runs it; None: another server does, or the record is older than versions."""
    request_id: str | None = None
    """`x-request-id` of the request."""


class FeedbackMessage(Contract):
    """One turn of the rated conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text


class Feedback(Contract):
    """A user's judgement of an answer; with messages and a preferred answer it can become preference data."""

    completion_id: Text
    """`id` of the completion or response that is judged."""
    rating: Literal["good", "bad"] | None = None
    messages: tuple[FeedbackMessage, ...] = ()
    answer: Text | None = None
    preferred_answer: Text | None = None
    comment: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rating is None and self.preferred_answer is None and self.comment is None:
            raise ValueError("give a rating, a preferred_answer or a comment")
        return self


class FeedbackRecord(Contract):
    """Feedback as it is stored."""

    id: str
    created_at: str
    feedback: Feedback


class Journal:
    """A JSONL file that is only ever appended to, one whole line at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def append(self, record: BaseModel) -> None:
        """Write one record."""
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            file.write(record.model_dump_json() + "\n")


def read_journal(file: Path, record: type[R], what: str) -> list[R]:
    """The records of a journal; a last line that was cut off while it was written is left out.

    Raises:
        BadInput: the file cannot be read, or a line is no such record.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as {what}: {error}; `serving up` writes it") from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(record.model_validate_json(line))
        except ValidationError as error:
            if number == len(lines):
                break
            raise BadInput(describe(error, record, f"{file}: line {number}")) from error
    return found
