"""What an endpoint made of one item, and the journal that keeps it.

Enter at `Journal.start` and `Journal.resume`. A reply is written the moment it is complete, so that whatever stops
the run, nothing that was paid for is asked again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO, TypeVar

from pydantic import ValidationError

from advisor.contracts.base import Contract, Count, NonNegative
from advisor.contracts.baseline import Expected, Target
from advisor.contracts.errors import BadInput
from advisor.contracts.mistakes import describe

C = TypeVar("C", bound=Contract)


class Reply(Contract):
    """One item, asked of one target: an answer, a refusal, or an error."""

    item_id: str
    target: str
    text: str | None
    """None when there was an error."""
    refused: bool = False
    truncated: bool = False
    """The answer reached the limit of tokens."""
    error: str | None = None
    ttft_ms: NonNegative | None = None
    tpot_ms: NonNegative | None = None
    total_ms: NonNegative | None = None
    """Of the attempt that succeeded: waiting between attempts is not the endpoint's speed."""
    input_tokens: Count | None = None
    cached_input_tokens: Count = 0
    output_tokens: Count | None = None
    energy_j: NonNegative | None = None
    """As the endpoint reports it in `usage.energy_j`."""
    attempts: Count = 1
    rate_limited: Count = 0
    """How many of the attempts were answered 429."""
    charge_uncertain: bool = False
    """The provider may have charged for it, but told no usage."""
    cached_at: str | None = None
    """When an earlier run asked it, whose answer this is; None: this run asked."""


class JournalHead(Contract):
    """First line of the journal: what the replies below belong to."""

    created_at: str
    suite_sha256: str
    targets: tuple[Target, ...]
    max_output_tokens: Count
    expected: tuple[Expected, ...] = ()
    """What the run was expected to take before its first question."""


@dataclass
class Journal:
    """A JSONL file: the head, then one reply a line, the last one of an item and target counts."""

    path: Path
    head: JournalHead
    replies: dict[tuple[str, str], Reply]
    """By target and item id."""
    _file: TextIO

    @classmethod
    def start(cls, path: Path, head: JournalHead) -> Self:
        """Begin anew; a journal that is there is kept beside it, with `.previous` in its name."""
        if path.exists():
            path.replace(path.with_name(f"{path.stem}.previous{path.suffix}"))
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
        journal = cls(path, head, {}, file)
        journal._write(head)
        return journal

    @classmethod
    def resume(cls, path: Path, head: JournalHead) -> Self:
        """Go on where a run stopped; begin anew when there is no journal.

        Raises:
            BadInput: the journal is damaged, or belongs to another suite or other targets.
        """
        whole = _whole_lines(path)
        if not whole:
            return cls.start(path, head)
        written = _parse_line(whole[0], JournalHead, f"{path}: line 1")
        _require_same(written, head, path)
        replies = {}
        for number, line in enumerate(whole[1:], start=2):
            reply = _parse_line(line, Reply, f"{path}: line {number}")
            replies[reply.target, reply.item_id] = reply
        # A line cut off by a kill must not run together with the next one.
        content = b"".join(line + b"\n" for line in whole)
        with path.open("r+b") as file:
            file.truncate(len(content))
        return cls(path, written, replies, path.open("a", encoding="utf-8"))

    def add(self, reply: Reply) -> None:
        """Keep a reply; it is in the hands of the operating system when this returns."""
        self.replies[reply.target, reply.item_id] = reply
        self._write(reply)

    def unanswered(self, target: str, item_ids: Sequence[str]) -> list[str]:
        """Items that the target has not answered yet; an error is no answer."""
        found = (self.replies.get((target, item_id)) for item_id in item_ids)
        return [item_id for item_id, reply in zip(item_ids, found, strict=True) if reply is None or reply.error]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: Contract) -> None:
        self._file.write(line.model_dump_json() + "\n")
        self._file.flush()


def _whole_lines(path: Path) -> list[bytes]:
    """Lines that end in a newline; what follows the last one was cut off while it was written."""
    try:
        return path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error


def _parse_line(line: bytes, model: type[C], where: str) -> C:
    try:
        return model.model_validate(json.loads(line))
    except ValueError as error:
        said = describe(error, model, where) if isinstance(error, ValidationError) else f"{where}: {error}"
        raise BadInput(f"{said}\nthe journal is damaged; run without --resume to begin anew") from error


def _require_same(written: JournalHead, asked: JournalHead, path: Path) -> None:
    same: Mapping[str, bool] = {
        "suite": written.suite_sha256 == asked.suite_sha256,
        "targets": written.targets == asked.targets,
        "--max-output-tokens": written.max_output_tokens == asked.max_output_tokens,
    }
    other = [name for name, equal in same.items() if not equal]
    if other:
        raise BadInput(
            f"{path}: the journal belongs to a run with other {' and '.join(other)}; "
            "use them again, or run without --resume to begin anew"
        )
