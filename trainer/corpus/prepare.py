"""The data step: corpus in; training text, conversations, preference pairs, held-out items and a data card out.

Enter at `prepare`. Held-out passages take part in nothing: not the tokenizer, not pre-training, not the labels.
"""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import TrainingPlan
from advisor.files import write_text
from trainer.corpus.clean import clean
from trainer.corpus.read import Document, read_documents
from trainer.corpus.routing import (
    Routing,
    preference_pairs,
    question,
    routing_items,
    sample_file,
    training_conversations,
)

SAMPLE_FILES = ("routing_en.jsonl", "routing_de.jsonl")
REFERENCE_PREFIX = "python_reference/"
DATA_FILES = ("train.jsonl", "holdout.jsonl", "conversations.jsonl", "preferences.jsonl")


@dataclass(frozen=True)
class Prepared:
    """Where the data of a run lie, and what the supervised task is."""

    directory: Path
    suite: Path
    labels: tuple[str, ...]
    num_conversations: int
    num_pairs: int

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of `train`, `holdout`, `conversations` or `preferences`."""
        return read_json_lines(self.directory / f"{name}.jsonl")

    def texts(self, name: str) -> list[str]:
        """The texts of `train` or `holdout`."""
        return [row["text"] for row in self.rows(name)]


def prepare(plan: TrainingPlan, base: Path, output: Path) -> Prepared:
    """Read, clean, split and write everything the phases need.

    Args:
        plan: the training plan.
        base: directory that the plan's paths are relative to.
        output: the run's directory; data/ and suite.jsonl are written there.

    Raises:
        BadInput: the corpus is missing or empty, or supervised phases have no conversations.
    """
    kept, losses = clean(read_documents(plan.data.corpora, base), deduplicate=plan.data.deduplicate)
    if not kept:
        raise BadInput("data.corpora: nothing is left after cleaning; see that the files hold running text")
    train = [passage for passage in kept if not _is_held_out(passage, plan)]
    holdout = [passage for passage in kept if _is_held_out(passage, plan)]
    if not train or not holdout:
        raise BadInput(
            f"data.holdout_fraction: {plan.data.holdout_fraction} of {len(kept)} passages leaves {len(train)} to train "
            f"on and {len(holdout)} to test with; both must be positive"
        )
    rng = random.Random(plan.seed)
    conversations, suite = _supervised(plan, base, train, holdout, rng)
    pairs = _pairs(plan, base, train, rng)
    directory = output / "data"
    _write_lines(directory / "train.jsonl", [{"id": row.id, "text": row.text} for row in train])
    _write_lines(directory / "holdout.jsonl", [{"id": row.id, "text": row.text} for row in holdout])
    _write_lines(directory / "conversations.jsonl", conversations)
    _write_lines(directory / "preferences.jsonl", pairs)
    write_text(output / "suite.jsonl", "".join(item.model_dump_json() + "\n" for item in suite))
    card = {
        "passages_read": losses.read,
        "passages_kept": losses.kept,
        "dropped": dict(losses.dropped),
        "examples_of_dropped": dict(losses.examples),
        "train": {"passages": len(train), "characters": sum(len(row.text) for row in train)},
        "holdout": {"passages": len(holdout), "characters": sum(len(row.text) for row in holdout)},
        "conversations": len(conversations),
        "preference_pairs": len(pairs),
        "held_out_questions": len(suite),
        "answers": dict(Counter(item.expected for item in suite).most_common(20)),
    }
    write_text(directory / "data_card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return load_prepared(output)


def load_prepared(output: Path) -> Prepared:
    """The data of a run whose data step is done."""
    directory = output / "data"
    answers = [item["expected"] for item in read_json_lines(output / "suite.jsonl")]
    return Prepared(
        directory=directory,
        suite=output / "suite.jsonl",
        labels=tuple(sorted(set(answers))),
        num_conversations=len(read_json_lines(directory / "conversations.jsonl")),
        num_pairs=len(read_json_lines(directory / "preferences.jsonl")),
    )


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Rows of a JSONL file.

    Raises:
        BadInput: the file cannot be read, or a line is no JSON object.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{path}: line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}: line {number}: expected an object, got {line[:60]!r}")
        rows.append(row)
    return rows


def _is_held_out(passage: Document, plan: TrainingPlan) -> bool:
    """Decided by a hash: by document, and by passage in the reference, whose topics quote each other."""
    key = passage.id if passage.id.startswith(REFERENCE_PREFIX) else passage.id.split("#")[0]
    return _chance(f"{plan.seed}:{key}") < plan.data.holdout_fraction


def _chance(key: str) -> float:
    """A number in 0..1 that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _supervised(
    plan: TrainingPlan, base: Path, train: Sequence[Document], holdout: Sequence[Document], rng: random.Random
) -> tuple[list[dict[str, Any]], list[SuiteItem]]:
    """Conversations to train on, and held-out questions with their answers."""
    if plan.data.instructions is not None:
        return _own_instructions(plan, base / plan.data.instructions)
    suite = [
        SuiteItem(
            id=item.id,
            messages=({"role": "user", "content": question(item.passage)},),
            expected=item.label,
            language="en",
        )
        for item in routing_items(holdout)[: plan.evaluation.max_items]
    ]
    if plan.phases.sft is None:
        return [], suite
    rows = training_conversations(_routing(train, "data.instructions"), rng)
    for name in SAMPLE_FILES:
        rows += [{"messages": row["messages"]} for row in read_json_lines(sample_file(name))]
    rng.shuffle(rows)
    return rows, suite


def _own_instructions(plan: TrainingPlan, path: Path) -> tuple[list[dict[str, Any]], list[SuiteItem]]:
    """Conversations of a file; a share of them, chosen by the hash of the question, is held out."""
    rows = _checked(path, ("messages",))
    train, suite = [], []
    for number, row in enumerate(rows, 1):
        messages = row["messages"]
        if len(messages) < 2 or messages[-1].get("role") != "assistant":
            raise BadInput(f"{path}: line {number}: messages must end with a turn of the assistant")
        prompt = tuple(messages[:-1])
        if _chance(f"{plan.seed}:{prompt[-1]['content']}") < plan.data.holdout_fraction:
            suite.append(SuiteItem(id=f"{path.name}:{number}", messages=prompt, expected=messages[-1]["content"]))
        else:
            train.append({"messages": messages})
    if not train or not suite:
        raise BadInput(f"{path}: {len(rows)} conversations leave {len(train)} to train on and {len(suite)} held out")
    return train, suite[: plan.evaluation.max_items]


def _pairs(plan: TrainingPlan, base: Path, train: Sequence[Document], rng: random.Random) -> list[dict[str, Any]]:
    if plan.phases.reward is None:
        return []
    if plan.data.preferences is not None:
        return _checked(base / plan.data.preferences, ("prompt", "chosen", "rejected"))
    items = _routing(train, "data.preferences")
    labels = sorted({item.label for item in items})
    rng.shuffle(items)
    return preference_pairs(items, labels, rng)


def _routing(train: Sequence[Document], field: str) -> list[Routing]:
    items = routing_items(train)
    if not items:
        raise BadInput(f"{field}: not given, and the corpus holds no labelled reference text to build it from")
    return items


def _checked(path: Path, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = read_json_lines(path)
    for number, row in enumerate(rows, 1):
        missing = [key for key in keys if key not in row]
        if missing:
            raise BadInput(f"{path}: line {number}: missing {', '.join(missing)}; expected {', '.join(keys)}")
    if not rows:
        raise BadInput(f"{path}: holds no rows")
    return rows


def _write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
