"""Cleaning: normalise, drop what is too short, drop exact and near duplicates; every loss is counted.

Enter at `clean`. Near duplicates are found by shared word shingles and confirmed by the true Jaccard similarity.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from trainer.corpus.read import Document

MIN_CHARACTERS = 40
SHINGLE_WORDS = 5
NEAR_DUPLICATE_JACCARD = 0.7
EXAMPLES_KEPT = 5


@dataclass
class Losses:
    """How many passages each step dropped, with a few examples."""

    documents: int = 0
    read: int = 0
    dropped: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def drop(self, reason: str, text: str) -> None:
        """Count one dropped passage."""
        self.dropped[reason] += 1
        if len(self.examples[reason]) < EXAMPLES_KEPT:
            self.examples[reason].append(text[:160])


def normalise(text: str) -> str:
    """NFC, no control characters but line breaks, no trailing blanks, at most one empty line in a row."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    text = "".join(char for char in text if char == "\n" or unicodedata.category(char) not in ("Cc", "Cs"))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n")


def passages(document: Document) -> list[Document]:
    """The paragraphs of a document; the id of a paragraph is the document's id and its number."""
    parts = re.split(r"\n\s*\n", normalise(document.text))
    return [
        Document(f"{document.id}#{number}", part, document.label)
        for number, part in enumerate(parts, 1)
        if part.strip()
    ]


def clean(documents: Iterable[Document], *, deduplicate: bool) -> tuple[list[Document], Losses]:
    """Passages that are worth training on, in order, and what was lost on the way."""
    losses = Losses()
    seen: set[str] = set()
    shingle_index: dict[str, list[int]] = defaultdict(list)
    kept: list[Document] = []
    kept_shingles: list[set[str]] = []
    for document in documents:
        losses.documents += 1
        for passage in passages(document):
            losses.read += 1
            plain = " ".join(passage.text.lower().split())
            if len(plain) < MIN_CHARACTERS:
                losses.drop("too_short", passage.text)
                continue
            if deduplicate:
                digest = hashlib.sha256(plain.encode()).hexdigest()
                shingles = shingles_of(plain)
                if digest in seen:
                    losses.drop("exact_duplicate", passage.text)
                    continue
                if _has_near(shingles, shingle_index, kept_shingles):
                    losses.drop("near_duplicate", passage.text)
                    continue
                seen.add(digest)
                for shingle in shingles:
                    shingle_index[shingle].append(len(kept))
                kept_shingles.append(shingles)
            kept.append(passage)
    return kept, losses


def shingles_of(text: str) -> set[str]:
    """All runs of a few words; a shorter text is one run."""
    words = re.findall(r"\w+", text.lower())
    count = max(1, len(words) - SHINGLE_WORDS + 1)
    return {" ".join(words[start : start + SHINGLE_WORDS]) for start in range(count)}


def _has_near(shingles: set[str], index: dict[str, list[int]], kept: list[set[str]]) -> bool:
    shared: dict[int, int] = defaultdict(int)
    for shingle in shingles:
        for place in index.get(shingle, ()):
            shared[place] += 1
    return any(
        count / (len(shingles) + len(kept[place]) - count) >= NEAR_DUPLICATE_JACCARD for place, count in shared.items()
    )
