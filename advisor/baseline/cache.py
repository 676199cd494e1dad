"""Answers of earlier runs by what was asked, so that a longer suite pays for its new items alone.

Enter at `Cache.open` and `key_of`. In-house models are never taken from it: the same address may serve another model
tomorrow, and asking costs nothing. One file for all comparisons beside it; a damaged line is skipped, as it costs
a question and no more.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, TextIO

from pydantic import ValidationError

from advisor.baseline.replies import Reply
from advisor.baseline.targets import TargetSpec
from advisor.contracts.base import Contract
from advisor.contracts.baseline import SuiteItem

FILE = "baseline_cache.jsonl"


class _Line(Contract):
    key: str
    asked_at: str
    """UTC, ISO 8601."""
    reply: Reply


def key_of(spec: TargetSpec, model: str, item: SuiteItem, max_output_tokens: int) -> str:
    """Of everything that the endpoint is told; not of names in the suite, nor of the right answer."""
    asked = [spec.base_url, model, list(item.messages), spec.token_limit, max_output_tokens, spec.temperature]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass
class Cache:
    """Replies by key; None as its file: nothing is kept or found."""

    _found: dict[str, _Line]
    _file: TextIO | None

    @classmethod
    def open(cls, path: Path | None, max_age: timedelta, now: datetime) -> Self:
        """Read what is young enough; a model behind one name changes with time."""
        if path is None:
            return cls({}, None)
        found = {}
        for line in _lines(path):
            if now - datetime.fromisoformat(line.asked_at) <= max_age:
                found[line.key] = line
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(found, path.open("a", encoding="utf-8"))

    def find(self, key: str, item: SuiteItem, spec: TargetSpec) -> Reply | None:
        """The reply of an earlier run under the names of this one."""
        line = self._found.get(key) if spec.role != "in_house" else None
        if line is None:
            return None
        return line.reply.model_copy(
            update={"item_id": item.id, "target": spec.name, "cached_at": line.asked_at, "rate_limited": 0}
        )

    def add(self, key: str, spec: TargetSpec, reply: Reply) -> None:
        """Keep an answer; errors are not kept."""
        if self._file is None or reply.error is not None or spec.role == "in_house":
            return
        line = _Line(key=key, asked_at=datetime.now(UTC).isoformat(timespec="seconds"), reply=reply)
        self._file.write(line.model_dump_json() + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def _lines(path: Path) -> Sequence[_Line]:
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            found.append(_Line.model_validate(json.loads(text)))
        except (ValueError, ValidationError):
            continue
    return found
