"""A stretch of a server's records: usage, judgements and, where they were kept, words. Enter at `read_window`."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from advisor.contracts.errors import BadInput, UnknownName
from serving.export import read_feedback
from serving.measured import read_usage
from serving.records import FeedbackRecord, UsageRecord
from serving.traffic import TrafficRecord, read_traffic

WORD = re.compile(r"\w+")
REFUSALS = re.compile(
    r"^\W*(i('m| am) (sorry|unable|not able)|i can(not|'t)|as an ai|(es )?tut mir leid|das kann ich nicht|"
    r"ich kann (dabei|dazu|das|hier) |dabei kann ich nicht|als ki)",
    re.IGNORECASE,
)
"""Beginnings of answers that decline, English and German: a rule of thumb that misses what is put differently."""


@dataclass(frozen=True)
class Window:
    """Records of one model over a stretch of time."""

    usage: list[UsageRecord]
    traffic: list[TrafficRecord]
    feedback: list[FeedbackRecord]

    @property
    def done(self) -> list[UsageRecord]:
        """Requests that were answered."""
        return [record for record in self.usage if record.status == "completed"]

    def asked(self) -> list[str]:
        """The users' last words of each kept request."""
        users = [[turn.content for turn in record.messages if turn.role == "user"] for record in self.traffic]
        return [turns[-1] for turns in users if turns]

    def words(self) -> list[Counter[str]]:
        """Words of each kept request, in small letters."""
        return [Counter(WORD.findall(text.casefold())) for text in self.asked()]

    def refused(self) -> int:
        """Kept answers that begin by declining."""
        return sum(REFUSALS.match(record.answer) is not None for record in self.traffic)

    def rated(self) -> tuple[int, int]:
        """Good judgements, and all; of several on one answer the last counts."""
        last = {
            record.feedback.completion_id: record.feedback.rating for record in self.feedback if record.feedback.rating
        }
        return sum(rating == "good" for rating in last.values()), len(last)

    def where(self, holds: Callable[[str], bool]) -> "Window":
        """The part whose time of coming fits."""
        return Window(
            [record for record in self.usage if holds(record.created_at)],
            [record for record in self.traffic if holds(record.created_at)],
            [record for record in self.feedback if holds(record.created_at)],
        )


def read_window(records: Path, model: str | None) -> tuple[str, Window]:
    """The records of one model.

    Raises:
        BadInput: they cannot be read, hold nothing, or hold several models and none is named.
    """
    usage = read_usage(records)
    known = list(dict.fromkeys(record.model for record in usage))
    if not known:
        raise BadInput(f"{records}: no usage records yet")
    if model is None and len(known) > 1:
        raise BadInput(f"--model: {records} holds {len(known)} models, name one: {', '.join(known)}")
    name = model or known[0]
    if name not in known:
        raise UnknownName("model", name, known)
    mine = [record for record in usage if record.model == name]
    folder = records if records.is_dir() else records.parent
    feedback = read_feedback(folder) if (folder / "feedback.jsonl").exists() else []
    ids = {record.id for record in mine}
    traffic = [record for record in read_traffic(folder) if record.model == name]
    ids |= {record.id for record in traffic}
    if len(known) > 1:  # a judgement names its answer, not the model
        feedback = [one for one in feedback if one.feedback.completion_id in ids]
    return name, Window(mine, traffic, feedback)


def split(window: Window, days: float) -> tuple[Window, Window]:
    """Everything before the last days, and these.

    Raises:
        BadInput: one of both is empty.
    """
    newest = max(datetime.fromisoformat(record.created_at) for record in window.usage)
    border = newest.astimezone(UTC) - timedelta(days=days)
    before = window.where(lambda moment: datetime.fromisoformat(moment) <= border)
    now = window.where(lambda moment: datetime.fromisoformat(moment) > border)
    if not before.usage:
        raise BadInput(f"all records are of the last {days:g} days: give --baseline, --assessment or fewer --days")
    return before, now
