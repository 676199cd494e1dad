"""Conversations, preference pairs and held-out questions: a user's, the corpus's own, or made from its passages.

Enter at `write_examples`; `held_out_prompts` tells before that what will be tested with. A user's own instructions come
first, then conversations found in the corpora, then a routing task made from labelled passages.
"""

import heapq
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.data_plan import BuiltinCorpus
from advisor.contracts.errors import BadInput
from advisor.files import data_directory
from trainer.corpus.document import Chat, Document, chat_text
from trainer.corpus.job import Job
from trainer.corpus.read import REFERENCE
from trainer.corpus.routing import Routing, preference_pairs, question, routing_items, training_conversations
from trainer.corpus.rows import checked_conversations, checked_pairs, read_json_lines
from trainer.corpus.shards import read_shards
from trainer.corpus.split import chance
from trainer.corpus.steps.contamination import TestRuns
from trainer.corpus.tally import Tally

SAMPLE_FILES = ("routing_en.jsonl", "routing_de.jsonl")
MIN_LABELS = 2
ROUTED_PASSAGES = 200_000
"""A routing task is made from at most this many passages, drawn by the hash of their names."""
Row = dict[str, Any]


@dataclass
class Examples:
    """What the supervised phases train on and are tested with."""

    conversations: Iterator[Row] | list[Row] = field(default_factory=list)
    pairs: Iterator[Row] | list[Row] = field(default_factory=list)
    suite: list[SuiteItem] = field(default_factory=list)


@dataclass(frozen=True)
class Own:
    """The examples of the plan's own files, and what masking found in them."""

    instructions: list[list[dict[str, str]]]
    pairs: list[Row]
    tally: Tally


@dataclass(frozen=True)
class Parts:
    """Where the passages and examples of a corpus lie after the split."""

    train: list[Path]
    single: list[Path]
    """Held-out single passages."""
    staged: list[Path]
    """All kept rows, the corpus's own examples among them."""


def own_examples(job: Job, mask: Callable[[Chat], Chat]) -> tuple[list[list[dict[str, str]]], list[Row]]:
    """The user's own instructions and preferences, checked before any work and with personal data masked.

    Raises:
        BadInput: a row is not of the form, or a file holds none.
    """
    data = job.data
    instructions: list[list[dict[str, str]]] = []
    if data.instructions is not None:
        found = checked_conversations(job.base / data.instructions)
        instructions = [mask({"messages": messages})["messages"] for messages in found]
    pairs: list[Row] = []
    if data.preferences is not None and job.needs_pairs:
        pairs = [dict(mask(pair)) for pair in checked_pairs(job.base / data.preferences)]
    return instructions, pairs


def is_held_out(job: Job, messages: list[dict[str, str]]) -> bool:
    """Whether a conversation is tested with, by the hash of everything before its last turn."""
    prompt = json.dumps(messages[:-1], sort_keys=True)
    return chance(f"{job.seed}:{prompt}") < job.data.holdout_fraction


def held_out_prompts(job: Job, instructions: list[list[dict[str, str]]], staged: list[Path]) -> Iterator[str]:
    """The texts of all conversations that are tested with."""
    corpus = (chat["messages"] for chat in corpus_examples(staged) if "messages" in chat)
    for messages in instructions or corpus:
        if is_held_out(job, messages):
            yield from (turn["content"] for turn in messages if turn["role"] != "system")


def corpus_examples(staged: list[Path]) -> Iterator[Chat]:
    """Examples that the corpora hold."""
    for row in read_shards(staged, ["chat"]):
        if row["chat"] is not None:
            yield json.loads(row["chat"])


def write_examples(
    job: Job,
    parts: Parts,
    own: Own,
    tests: TestRuns | None,
    tally: Tally,
) -> Examples:
    """Conversations, pairs and the suite of a job; what streams is counted while it is written.

    Raises:
        BadInput: supervised phases have nothing to learn from, or nothing is left to test with.
    """
    instructions, own_pairs = own.instructions, own.pairs
    kinds = {key for chat in corpus_examples(parts.staged) for key in chat}
    rng = random.Random(job.seed)
    routed = job.needs_conversations and not instructions and "messages" not in kinds
    paired = job.needs_pairs and not own_pairs and "chosen" not in kinds
    items = _routing(job, parts.train) if routed or paired else []
    if instructions:
        examples = _own(job, instructions)
    elif "messages" in kinds:
        examples = _of_corpus(job, parts.staged, tests, tally)
    elif routed:
        examples = _routed(job, items, parts.single, rng)
    else:
        examples = Examples()
    if own_pairs:
        examples.pairs = own_pairs
    elif "chosen" in kinds:
        pairs = (chat for chat in corpus_examples(parts.staged) if "chosen" in chat)
        examples.pairs = (dict(chat) for chat in pairs if _may_train(chat, chat["prompt"], tests, tally))
    elif job.needs_pairs and items:
        examples.pairs = preference_pairs(items, rng)
    return examples


def _own(job: Job, instructions: list[list[dict[str, str]]]) -> Examples:
    """Conversations of a file; a share of them, chosen by the hash of the questions, is held out."""
    path = Path(job.data.instructions or "")
    train, suite = [], []
    for number, messages in enumerate(instructions, 1):
        if is_held_out(job, messages):
            suite.append(_item(job, f"{path.name}:{number}", messages))
        else:
            train.append({"messages": messages})
    if not train or not suite:
        raise BadInput(
            f"{job.base / path}: its {len(instructions)} conversations leave {len(train)} to train on and {len(suite)} "
            f"to test with at data.holdout_fraction {job.data.holdout_fraction}; both must be positive"
        )
    return Examples(conversations=train, suite=suite[: job.max_items])


def _of_corpus(job: Job, staged: list[Path], tests: TestRuns | None, tally: Tally) -> Examples:
    """Conversations of the corpora, streamed; the held-out ones become the suite."""
    suite: list[SuiteItem] = []
    for number, chat in enumerate(corpus_examples(staged), 1):
        if "messages" in chat and is_held_out(job, chat["messages"]) and len(suite) < job.max_items:
            suite.append(_item(job, f"corpus:{number}", chat["messages"]))

    def train() -> Iterator[Row]:
        for chat in corpus_examples(staged):
            if "messages" not in chat:
                continue
            document = Document("", chat_text(chat))
            tally.took("examples", "split", document)
            if is_held_out(job, chat["messages"]):
                tally.dropped("examples", "split", "held_out_example", document)
            elif _may_train(chat, chat["messages"][:-1], tests, tally):
                yield dict(chat)

    if job.needs_conversations and not suite:
        raise BadInput(
            f"data.holdout_fraction: {job.data.holdout_fraction} leaves no conversation of the corpus to test with; "
            "raise it"
        )
    return Examples(conversations=train(), suite=suite)


def _may_train(chat: Chat, prompt: list[dict[str, str]], tests: TestRuns | None, tally: Tally) -> bool:
    """Whether an example repeats nothing that is tested with."""
    if tests is None:
        return True
    document = Document("", chat_text(chat))
    tally.took("examples", "decontamination", document)
    if tests.meets(document) or any(tests.meets(Document("", turn["content"])) for turn in prompt):
        tally.dropped("examples", "decontamination", "evaluation_text", document)
        return False
    return True


def _routing(job: Job, train: list[Path]) -> list[Routing]:
    passages = (Document(**row) for row in read_shards(train))
    found = (item for passage in passages for item in routing_items([passage]))
    keyed = ((chance(f"{job.seed}:routing:{item.id}"), number, item) for number, item in enumerate(found))
    return [item for _, _, item in sorted(heapq.nsmallest(ROUTED_PASSAGES, keyed), key=lambda row: row[1])]


def _routed(job: Job, items: list[Routing], single: list[Path], rng: random.Random) -> Examples:
    labels = {item.label for item in items}
    if len(labels) < MIN_LABELS:
        raise BadInput(
            "data.instructions: not given, and no task can be made of this corpus, because all its text is under "
            f"{len(labels)} label; name a JSONL of conversations, or sort the files into folders (one label each)"
        )
    held_out = [
        item for item in routing_items([Document(**row) for row in read_shards(single)]) if item.label in labels
    ]
    if not held_out:
        raise BadInput(
            f"data.holdout_fraction: {job.data.holdout_fraction} leaves no passage to test with; raise it or add text"
        )
    suite = [
        SuiteItem(
            id=item.id,
            messages=({"role": "user", "content": question(item.passage)},),
            expected=item.label,
            language="en" if item.id.startswith(REFERENCE) else None,
            task=job.task,  # type: ignore[arg-type] - checked by the plan
        )
        for item in sorted(held_out, key=lambda item: chance(f"{job.seed}:suite:{item.id}"))
    ]
    rows = training_conversations(items, rng)
    if any(isinstance(corpus, BuiltinCorpus) for corpus in job.data.corpora):
        for name in SAMPLE_FILES:
            samples = read_json_lines(data_directory() / "samples" / name)
            rows += [{"messages": row["messages"]} for row in samples]
    rng.shuffle(rows)
    return Examples(conversations=rows, suite=suite[: job.max_items])


def _item(job: Job, name: str, messages: list[dict[str, str]]) -> SuiteItem:
    return SuiteItem(id=name, messages=tuple(messages[:-1]), expected=messages[-1]["content"], task=job.task)  # type: ignore[arg-type]
