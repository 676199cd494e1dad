"""The data step: corpus in; training text, conversations, preference pairs, held-out items and a data card out.

Enter at `prepare`. Held-out text takes part in nothing: not the tokenizer, not pre-training, not the labels.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.contracts.baseline import SuiteItem
from advisor.contracts.errors import BadInput
from advisor.contracts.plan import BuiltinCorpus, TrainingPlan
from advisor.files import data_directory, write_text
from trainer.corpus.clean import Losses, clean
from trainer.corpus.read import REFERENCE, Document, read_documents
from trainer.corpus.routing import preference_pairs, question, routing_items, training_conversations
from trainer.corpus.rows import checked_conversations, checked_pairs, read_json_lines
from trainer.corpus.split import Split, chance, split

SAMPLE_FILES = ("routing_en.jsonl", "routing_de.jsonl")
MIN_LABELS = 2


@dataclass(frozen=True)
class Prepared:
    """Where the data of a run lie."""

    directory: Path
    suite: Path

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of `train`, `holdout`, `conversations` or `preferences`."""
        return read_json_lines(self.directory / f"{name}.jsonl")

    def texts(self, name: str) -> list[str]:
        """The texts of `train` or `holdout`."""
        return [row["text"] for row in self.rows(name)]

    def items(self) -> list[SuiteItem]:
        """The held-out questions."""
        return [SuiteItem.model_validate(row) for row in read_json_lines(self.suite)]

    def card(self) -> dict[str, Any]:
        """The data card."""
        card: dict[str, Any] = json.loads((self.directory / "data_card.json").read_text(encoding="utf-8"))
        return card


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
    parts = split(kept, fraction=plan.data.holdout_fraction, seed=plan.seed, losses=losses)
    if not parts.train or not parts.held_out_documents:
        raise BadInput(
            f"data.holdout_fraction: {plan.data.holdout_fraction} of {len(kept)} passages leaves {len(parts.train)} to "
            f"train on and {len(parts.held_out_documents)} to test with; both must be positive"
        )
    rng = random.Random(plan.seed)
    conversations, suite = _supervised(plan, base, parts, rng)
    pairs = _pairs(plan, base, parts.train, rng)
    directory = output / "data"
    _write_lines(directory / "train.jsonl", [{"id": row.id, "text": row.text} for row in parts.train])
    _write_lines(directory / "holdout.jsonl", [{"id": row.id, "text": row.text} for row in parts.held_out_documents])
    _write_lines(directory / "conversations.jsonl", conversations)
    _write_lines(directory / "preferences.jsonl", pairs)
    write_text(output / "suite.jsonl", "".join(item.model_dump_json() + "\n" for item in suite))
    card = _card(plan, losses, len(kept), parts, conversations, pairs, suite)
    write_text(directory / "data_card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    return Prepared(directory, output / "suite.jsonl")


def _supervised(
    plan: TrainingPlan, base: Path, parts: Split, rng: random.Random
) -> tuple[list[dict[str, Any]], list[SuiteItem]]:
    """Conversations to train on, and held-out questions with their answers."""
    if plan.data.instructions is not None:
        return _own_instructions(plan, base / plan.data.instructions)
    if plan.phases.sft is None:
        return [], []
    items = routing_items(parts.train)
    labels = {item.label for item in items}
    if len(labels) < MIN_LABELS:
        raise BadInput(
            "data.instructions: not given, and no task can be made of this corpus, because all its text is under "
            f"{len(labels)} label; name a JSONL of conversations, or sort the files into folders (one label each)"
        )
    held_out = [item for item in routing_items(parts.held_out_passages) if item.label in labels]
    if not held_out:
        raise BadInput(
            f"data.holdout_fraction: {plan.data.holdout_fraction} leaves no passage to test with; raise it or add text"
        )
    suite = [
        SuiteItem(
            id=item.id,
            messages=({"role": "user", "content": question(item.passage)},),
            expected=item.label,
            language="en" if item.id.startswith(REFERENCE) else None,
            task=plan.task,
        )
        for item in sorted(held_out, key=lambda item: chance(f"{plan.seed}:suite:{item.id}"))
    ]
    rows = training_conversations(items, rng)
    if any(isinstance(corpus, BuiltinCorpus) for corpus in plan.data.corpora):
        for name in SAMPLE_FILES:
            samples = read_json_lines(data_directory() / "samples" / name)
            rows += [{"messages": row["messages"]} for row in samples]
    rng.shuffle(rows)
    return rows, suite[: plan.evaluation.max_items]


def _own_instructions(plan: TrainingPlan, path: Path) -> tuple[list[dict[str, Any]], list[SuiteItem]]:
    """Conversations of a file; a share of them, chosen by the hash of the questions, is held out."""
    train, suite = [], []
    rows = checked_conversations(path)
    for number, messages in enumerate(rows, 1):
        prompt, answer = messages[:-1], messages[-1]
        if chance(f"{plan.seed}:{json.dumps(prompt, sort_keys=True)}") < plan.data.holdout_fraction:
            expected = answer["content"]
            suite.append(
                SuiteItem(id=f"{path.name}:{number}", messages=tuple(prompt), expected=expected, task=plan.task)
            )
        else:
            train.append({"messages": messages})
    if not train or not suite:
        raise BadInput(
            f"{path}: its {len(rows)} conversations leave {len(train)} to train on and {len(suite)} to test with at "
            f"data.holdout_fraction {plan.data.holdout_fraction}; both must be positive"
        )
    return train, suite[: plan.evaluation.max_items]


def _pairs(plan: TrainingPlan, base: Path, train: Sequence[Document], rng: random.Random) -> list[dict[str, Any]]:
    if plan.phases.reward is None and plan.phases.dpo is None:
        return []
    if plan.data.preferences is not None:
        return checked_pairs(base / plan.data.preferences)
    return preference_pairs(routing_items(train), rng)


def _card(
    plan: TrainingPlan,
    losses: Losses,
    cleaned: int,
    parts: Split,
    conversations: Sequence[dict[str, Any]],
    pairs: Sequence[dict[str, Any]],
    suite: Sequence[SuiteItem],
) -> dict[str, Any]:
    def size(passages: Sequence[Document]) -> dict[str, int]:
        return {
            "documents": len({passage.document_id for passage in passages}),
            "passages": len(passages),
            "bytes": sum(len(passage.text.encode()) for passage in passages),
        }

    return {
        "corpora": [corpus.model_dump(mode="json") for corpus in plan.data.corpora],
        "documents_read": losses.documents,
        "passages_read": losses.read,
        "passages_after_cleaning": cleaned,
        "passages_dropped": dict(losses.dropped),
        "examples_of_dropped": dict(losses.examples),
        "train": size(parts.train),
        "held_out_documents": size(parts.held_out_documents),
        "held_out_passages": size(parts.held_out_passages),
        "conversations": len(conversations),
        "preference_pairs": len(pairs),
        "held_out_questions": len(suite),
        "expected_answers": dict(Counter(item.expected for item in suite).most_common(20)),
    }


def _write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
