"""Prompts and answers, kept only on request: a sample of them, in files of a day, deleted after a number of days.

Enter at `Traffic`. What users write may hold personal data and is kept as it came: tell them, keep few days, and leave
the directory to those who need it (the files are readable by the server's user alone).
"""

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from advisor.contracts.base import Contract
from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe

FILE = re.compile(r"traffic-(\d{4}-\d{2}-\d{2})\.jsonl")
HASHED = 2**64
CHECK_S = 3600.0
"""How often a server looks for files that are due."""


class Turn(Contract):
    """One turn of a conversation; text may be empty."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class TrafficRecord(Contract):
    """One answered request with its words."""

    id: str
    """Of the completion, as feedback names it."""
    request_id: str
    created_at: str
    """UTC, ISO 8601."""
    endpoint: str
    model: str
    version: str | None
    tenant: str
    messages: tuple[Turn, ...]
    answer: str
    finish: str | None


class Traffic:
    """The files of one server.

    Args:
        directory: where they lie.
        days: after how many days a file is deleted; its own day does not count.
        sample_fraction: share of the requests that is kept, by a hash of their ids.
        today: the present day, UTC.
    """

    def __init__(
        self,
        directory: Path,
        *,
        days: int,
        sample_fraction: float = 1.0,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._directory, self._days, self._sample_fraction, self._today = directory, days, sample_fraction, today
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        self.delete_old()

    def takes(self, request_id: str) -> bool:
        """Whether this request belongs to the sample."""
        place = int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:8], "big") / HASHED
        return place < self._sample_fraction

    def append(self, record: TrafficRecord) -> None:
        """Write one record into the file of today."""
        path = self._directory / f"traffic-{self._today().isoformat()}.jsonl"
        with self._lock:
            path.touch(mode=0o600)
            with path.open("a", encoding="utf-8") as file:
                file.write(record.model_dump_json() + "\n")

    def delete_old(self) -> None:
        """Delete the files whose days are over."""
        first = self._today() - timedelta(days=self._days)
        for path, day in _files(self._directory):
            if day < first:
                path.unlink(missing_ok=True)


def read_traffic(path: Path) -> list[TrafficRecord]:
    """All kept records of a directory of records, oldest first; none where nothing was kept.

    Raises:
        BadInput: a line is no record.
    """
    found = []
    for file, _ in sorted(_files(path if path.is_dir() else path.parent), key=lambda pair: pair[1]):
        lines = file.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found.append(TrafficRecord.model_validate_json(line))
            except ValidationError as error:
                if number == len(lines):  # cut off while it was written
                    break
                raise BadInput(describe(error, TrafficRecord, f"{file}: line {number}")) from error
    return found


def _files(directory: Path) -> Sequence[tuple[Path, date]]:
    named = [(path, FILE.fullmatch(path.name)) for path in directory.iterdir()] if directory.is_dir() else []
    return [(path, date.fromisoformat(match[1])) for path, match in named if match is not None]
