"""A supervised task made from the reference itself: to which page does a passage belong?

Enter at `routing_items`. Labels come from `data/samples/topic_groups.yml`; nothing is written by a model.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.contracts.errors import Failed
from advisor.files import data_directory, read_document
from trainer.corpus.read import Document

QUESTION = "Which page of the reference explains this?\n\n{passage}"
PASSAGE_CHARACTERS = 320
MIN_WORDS = 8


@dataclass(frozen=True)
class Routing:
    """A passage with its page."""

    id: str
    passage: str
    label: str


def topic_labels() -> dict[str, str]:
    """Label of each topic of the reference."""
    path = data_directory() / "samples" / "topic_groups.yml"
    groups = read_document(path)
    if not isinstance(groups, dict):
        raise Failed(f"{path}: expected a mapping of labels to topics")
    return {topic: label for label, topics in groups.items() for topic in topics}


def routing_items(documents: Sequence[Document]) -> list[Routing]:
    """Passages of the reference whose topic has a label; other documents are left out."""
    labels = topic_labels()
    items = []
    for document in documents:
        topic = document.id.removeprefix("python_reference/").split("#")[0]
        if not document.id.startswith("python_reference/") or topic not in labels:
            continue
        text = " ".join(document.text.split())
        if len(re.findall(r"[A-Za-z]{2,}", text)) >= MIN_WORDS:
            items.append(Routing(document.id, text, labels[topic]))
    return items


def question(passage: str) -> str:
    """The user's turn for a passage."""
    return QUESTION.format(passage=passage[:PASSAGE_CHARACTERS])


def conversation(passage: str, label: str) -> dict[str, object]:
    """One training conversation."""
    return {"messages": [{"role": "user", "content": question(passage)}, {"role": "assistant", "content": label}]}


def training_conversations(items: Sequence[Routing], rng: random.Random) -> list[dict[str, object]]:
    """Each passage, and of longer ones a second window, so that the model sees more than openings."""
    found = []
    for item in items:
        found.append(conversation(item.passage, item.label))
        sentences = re.split(r"(?<=[.:;])\s+", item.passage)
        if len(sentences) > 2:
            start = rng.randrange(1, len(sentences) - 1)
            window = " ".join(sentences[start:])
            if len(window.split()) >= MIN_WORDS:
                found.append(conversation(window, item.label))
    return found


def preference_pairs(items: Sequence[Routing], labels: Sequence[str], rng: random.Random) -> list[dict[str, object]]:
    """The right page chosen against another page, or against an answer that is no page at all."""
    pairs = []
    for number, item in enumerate(items):
        wrong = rng.choice([label for label in labels if label != item.label])
        rejected = wrong if number % 3 else f"{wrong} {wrong} and more"
        pairs.append(
            {
                "prompt": [{"role": "user", "content": question(item.passage)}],
                "chosen": [{"role": "assistant", "content": item.label}],
                "rejected": [{"role": "assistant", "content": rejected}],
            }
        )
    return pairs


def sample_file(name: str) -> Path:
    """A hand-written sample of `data/samples/`."""
    return data_directory() / "samples" / name
