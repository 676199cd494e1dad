"""What is never trained on: whole documents for the language measures, single passages for the questions.

Enter at `split`. A passage is drawn by the hash of its name, so the split is the same in every run and on every
machine; a training passage that repeats held-out text is dropped, whatever the de-duplication was told.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.corpus.clean import Losses, shingles_of
from trainer.corpus.read import Document

OVERLAP = 0.5
"""A training passage goes when it shares this part of the shingles of a held-out one, or of its own."""


@dataclass(frozen=True)
class Split:
    """Passages by their use."""

    train: list[Document]
    held_out_documents: list[Document]
    """All passages of the held-out documents."""
    held_out_passages: list[Document]
    """Single passages of documents that are trained on otherwise."""


def split(passages: Sequence[Document], *, fraction: float, seed: int, losses: Losses) -> Split:
    """Hold out about `fraction` of the text as whole documents, and as many single passages of the rest.

    A single document has nothing to hold out whole; its held-out passages then serve both measures.
    """
    by_document: dict[str, list[Document]] = defaultdict(list)
    for passage in passages:
        by_document[passage.document_id].append(passage)
    chosen = _documents(by_document, fraction, seed)
    documents = [passage for passage in passages if passage.document_id in chosen]
    rest = [passage for passage in passages if passage.document_id not in chosen]
    singles = [passage for passage in rest if chance(f"{seed}:{passage.id}") < fraction]
    names = {passage.id for passage in singles}
    train = [passage for passage in rest if passage.id not in names]
    kept = _without_overlap(train, documents + singles, losses)
    return Split(kept, documents or singles, singles)


def chance(key: str) -> float:
    """A number in 0..1 that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _documents(by_document: dict[str, list[Document]], fraction: float, seed: int) -> set[str]:
    """Documents in the order of their hashes until they hold the share; one that would exceed it is passed over."""
    sizes = {name: sum(len(passage.text) for passage in rows) for name, rows in by_document.items()}
    wanted = fraction * sum(sizes.values())
    chosen: set[str] = set()
    held = 0
    for name in sorted(sizes, key=lambda name: chance(f"{seed}:{name}")):
        if held + sizes[name] <= wanted:
            chosen.add(name)
            held += sizes[name]
    if not chosen and len(sizes) > 1:
        chosen.add(min(sizes, key=lambda name: (sizes[name], name)))
    return chosen


def _without_overlap(train: list[Document], held_out: list[Document], losses: Losses) -> list[Document]:
    index: dict[str, list[int]] = defaultdict(list)
    held_shingles = [shingles_of(passage.text) for passage in held_out]
    for place, shingles in enumerate(held_shingles):
        for shingle in shingles:
            index[shingle].append(place)
    kept = []
    for passage in train:
        own = shingles_of(passage.text)
        shared: dict[int, int] = defaultdict(int)
        for shingle in own:
            for place in index.get(shingle, ()):
                shared[place] += 1
        worst = max((count / min(len(own), len(held_shingles[place])) for place, count in shared.items()), default=0.0)
        if worst >= OVERLAP:
            losses.drop("repeats_held_out_text", passage.text)
        else:
            kept.append(passage)
    return kept
