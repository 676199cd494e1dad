"""Training examples that resemble a prompt, by the words they share.

Enter at `nearest`; `examples_of` reads a file of examples line by line. Words are compared rather than hidden states:
a mean hidden state of a small model is nearly the same for every text, and shared words can be seen by a reader.
"""

import heapq
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from advisor.contracts.errors import BadInput
from trainer.corpus.prepare import Prepared
from trainer.explain.record import Neighbour

WORD = re.compile(r"\w+")
BY = (
    "cosine of TF-IDF word vectors: likeness of wording, which a reader can check; it does not say that the example "
    "caused the answer"
)
SHOWN_CHARACTERS = 600
Examples = Callable[[], Iterable[tuple[str, str]]]


def nearest(prompt: str, examples: Examples, *, count: int) -> tuple[list[Neighbour], int]:
    """The examples most like the prompt, best first, and how many were searched.

    w = (1 + ln tf) * (ln((1 + N) / (1 + df)) + 1);  similarity = cosine of the two vectors of w
    units: 1.  source: Salton and Buckley 1988 (Information Processing & Management 24.5), with smoothed frequencies.
    validity: compares wording; reads the examples twice and keeps only counts.

    Args:
        prompt: what to compare with.
        examples: gives (id, text) of every example, anew at each call.
        count: how many to return.
    """
    frequency: Counter[str] = Counter()
    total = 0
    for _, text in examples():
        total += 1
        frequency.update(set(_words(text)))
    wanted = _vector(prompt, frequency, total)
    best: list[tuple[float, int, Neighbour]] = []
    for number, (name, text) in enumerate(examples()):
        likeness = _cosine(wanted, _vector(text, frequency, total))
        if likeness <= 0 or (len(best) == count and likeness <= best[0][0]):
            continue
        entry = Neighbour(id=name, similarity_fraction=min(1.0, likeness), text=text[:SHOWN_CHARACTERS])
        push = heapq.heappushpop if len(best) == count else heapq.heappush
        push(best, (likeness, -number, entry))
    return [entry for _, _, entry in sorted(best, key=lambda row: row[:2], reverse=True)], total


def examples_of(path: Path) -> Iterator[tuple[str, str]]:
    """Id and text of each line of a JSONL file: `text`, `messages`, or a preference pair's chosen side.

    Raises:
        BadInput: a line is of another form.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _example(line, f"{path.name}:{number}", path, number)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--train: {path} cannot be read as UTF-8 text: {error}") from error


def examples_of_run(run: Path) -> Iterator[tuple[str, str]]:
    """Id and text of what a run was trained on: its passages and its conversations."""
    prepared = Prepared(run / "data", run / "suite.jsonl")
    for row in prepared.rows("train"):
        yield str(row["id"]), str(row["text"])
    for number, row in enumerate(prepared.rows("conversations"), 1):
        yield f"conversations:{number}", "\n".join(str(turn["content"]) for turn in row["messages"])


def _example(line: str, name: str, path: Path, number: int) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
        if "text" in row:
            return str(row.get("id", name)), str(row["text"])
        turns = row["messages"] if "messages" in row else [*row["prompt"], *row["chosen"]]
        return str(row.get("id", name)), "\n".join(str(turn["content"]) for turn in turns)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise BadInput(
            f"--train: {path}: line {number}: expected an object with text, messages, or prompt and chosen"
        ) from error


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _vector(text: str, frequency: Counter[str], total: int) -> dict[str, float]:
    return {
        word: (1 + math.log(times)) * (math.log((1 + total) / (1 + frequency[word])) + 1)
        for word, times in Counter(_words(text)).items()
    }


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(weight * other[word] for word, weight in one.items() if word in other)
    if not shared:
        return 0.0
    norms = math.sqrt(sum(w * w for w in one.values()) * sum(w * w for w in other.values()))
    return shared / norms
