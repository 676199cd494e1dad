"""`serving export`: what users said of answers becomes training data, in the form that a plan's data names.

Enter at `training_data`. Good answers and preferred ones become conversations, preferred ones with the given ones pairs
of preference. Words come from the feedback itself, else from the traffic that the server kept.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.base import Contract, Count
from advisor.files import write_text
from serving.records import Feedback, FeedbackRecord, read_journal
from serving.traffic import TrafficRecord, read_traffic

CONVERSATIONS, PREFERENCES = "conversations.jsonl", "preferences.jsonl"
Row = dict[str, Any]
Message = dict[str, str]


class ExportReport(Contract):
    """What became of the feedback."""

    feedback: Count
    """Judgements read; of several on one answer the last counts."""
    conversations: Count
    preferences: Count
    left_out: dict[str, Count]
    """By reason."""


@dataclass(frozen=True)
class TrainingData:
    """Rows for supervised training and for preferences."""

    conversations: list[Row]
    preferences: list[Row]
    report: ExportReport


def training_data(feedback: Sequence[FeedbackRecord], traffic: Iterable[TrafficRecord]) -> TrainingData:
    """Rows of all judgements that say how an answer should be."""
    kept = {record.id: record for record in traffic}
    last = {record.feedback.completion_id: record.feedback for record in feedback}
    conversations: list[Row] = []
    preferences: list[Row] = []
    left_out: Counter[str] = Counter()
    for completion_id, given in last.items():
        found = _rows(given, kept.get(completion_id))
        if isinstance(found, str):
            left_out[found] += 1
            continue
        conversation, pair = found
        conversations.append(conversation)
        if pair is not None:
            preferences.append(pair)
    conversations, preferences = _unique(conversations), _unique(preferences)
    report = ExportReport(
        feedback=len(feedback),
        conversations=len(conversations),
        preferences=len(preferences),
        left_out=dict(left_out),
    )
    return TrainingData(conversations, preferences, report)


def export(records: Path, output: Path) -> ExportReport:
    """Write both files; one without rows is not written.

    Raises:
        BadInput: there are no records, or a line is none.
    """
    data = training_data(read_feedback(records), read_traffic(records))
    for name, rows in ((CONVERSATIONS, data.conversations), (PREFERENCES, data.preferences)):
        if rows:
            write_text(output / name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return data.report


def read_feedback(records: Path) -> list[FeedbackRecord]:
    """The judgements in a directory of records, in the order in which they came.

    Raises:
        BadInput: the file cannot be read, or a line is no judgement.
    """
    file = records / "feedback.jsonl" if records.is_dir() else records
    return read_journal(file, FeedbackRecord, "feedback")


def _rows(given: Feedback, kept: TrafficRecord | None) -> tuple[Row, Row | None] | str:
    """A conversation and, where two answers are known, a pair; or why there is none."""
    if given.rating is None and given.preferred_answer is None:
        return "only a comment"
    if given.preferred_answer is None and given.rating == "bad":
        return "a bad answer without a better one"
    prompt = _prompt(given, kept)
    if prompt is None:
        return "the conversation is not known: send messages with the feedback, or keep traffic"
    if not prompt or any(turn["role"] == "tool" for turn in prompt) or prompt[-1]["role"] == "assistant":
        return "the conversation does not end with a turn of the user, or holds calls of functions"
    answer = given.answer or (kept.answer if kept is not None else None)
    wanted = given.preferred_answer or answer
    if not wanted:
        return "the answer is not known: send it with the feedback, or keep traffic"
    conversation = {"messages": [*prompt, _said(wanted)]}
    if given.preferred_answer is None or not answer or answer == given.preferred_answer:
        return conversation, None
    return conversation, {"prompt": prompt, "chosen": [_said(wanted)], "rejected": [_said(answer)]}


def _prompt(given: Feedback, kept: TrafficRecord | None) -> list[Message] | None:
    if given.messages:
        roles: Mapping[str, str] = {"developer": "system"}
        return [{"role": roles.get(turn.role, turn.role), "content": turn.content} for turn in given.messages]
    return None if kept is None else [{"role": turn.role, "content": turn.content} for turn in kept.messages]


def _said(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _unique(rows: Sequence[Row]) -> list[Row]:
    return list({json.dumps(row, sort_keys=True): row for row in rows}.values())
