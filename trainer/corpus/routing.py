"""A supervised task made from the corpus itself: to which page does a passage belong?

Enter at `routing_items`. The labels are those of the documents; nothing is written by a model.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.corpus.document import Document

QUESTION = "Which page explains this?\n\n{passage}"
PASSAGE_CHARACTERS = 320
MIN_WORDS = 8
WINDOWS = 3
"""Openings and cuts of one passage that are trained on, so that the model sees more than first lines."""


@dataclass(frozen=True)
class Routing:
    """A passage with its page."""

    id: str
    passage: str
    label: str


def routing_items(passages: Sequence[Document]) -> list[Routing]:
    """Passages of running text whose document has a label; the others are left out."""
    items = []
    for passage in passages:
        text = " ".join(passage.text.split())
        if passage.label is not None and len(re.findall(r"[^\W\d_]{2,}", text)) >= MIN_WORDS:
            items.append(Routing(passage.id, text, passage.label))
    return items


def question(passage: str) -> str:
    """The user's turn for a passage."""
    return QUESTION.format(passage=passage[:PASSAGE_CHARACTERS])


def conversation(passage: str, label: str) -> dict[str, Any]:
    """One training conversation."""
    return {"messages": [{"role": "user", "content": question(passage)}, {"role": "assistant", "content": label}]}


def training_conversations(items: Sequence[Routing], rng: random.Random) -> list[dict[str, Any]]:
    """Each passage and, of longer ones, windows that begin at a later sentence."""
    found = []
    for item in items:
        found.append(conversation(item.passage, item.label))
        sentences = re.split(r"(?<=[.:;])\s+", item.passage)
        starts = list(range(1, len(sentences)))
        rng.shuffle(starts)
        for start in starts[: WINDOWS - 1]:
            window = " ".join(sentences[start:])
            if len(window.split()) >= MIN_WORDS:
                found.append(conversation(window, item.label))
    return found


def preference_pairs(items: Sequence[Routing], rng: random.Random) -> list[dict[str, Any]]:
    """The right page chosen against another page or, each third time, against an answer that is no page."""
    labels = sorted({item.label for item in items})
    shuffled = list(items)
    rng.shuffle(shuffled)
    pairs = []
    for number, item in enumerate(shuffled):
        wrong = rng.choice([label for label in labels if label != item.label])
        rejected = wrong if number % 3 else _malformed(item.label, wrong, rng)
        pairs.append(
            {
                "prompt": [{"role": "user", "content": question(item.passage)}],
                "chosen": [{"role": "assistant", "content": item.label}],
                "rejected": [{"role": "assistant", "content": rejected}],
            }
        )
    return pairs


def _malformed(right: str, wrong: str, rng: random.Random) -> str:
    """An answer that a reader of pages could not use: both pages, half a word, or a repetition."""
    return rng.choice([f"{right} {wrong}", right[: max(1, len(right) // 2)], f"{right} {right} {right}"])
