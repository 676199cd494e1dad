"""What is never trained on: whole documents for the language measures, single passages for the questions.

Enter at `hold_out` and `write_parts`. A passage is drawn by the hash of its name, so the split is the same in every run
and on every machine; a training passage that repeats held-out or evaluation text is dropped, whatever the
de-duplication was told.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trainer.corpus.document import Document
from trainer.corpus.runfilter import RunFilter
from trainer.corpus.runs import word_runs
from trainer.corpus.shards import ShardWriter, read_shards
from trainer.corpus.state import State
from trainer.corpus.steps.contamination import TestRuns
from trainer.corpus.tally import Tally

RUN_WORDS = 5
OVERLAP = 0.5
"""A training passage goes when it shares this part of the word runs of a held-out one, or of its own."""
QUERY_RUNS = 500
COLUMNS = ("id", "text", "label", "language")
HELD = ("held_out_document", "held_out_passage")
"""Reasons of the split that set aside and do not drop."""
Part = Literal["train", "held_out_documents", "held_out_passages"]


@dataclass
class Size:
    """How much text a part holds."""

    documents: int = 0
    passages: int = 0
    bytes: int = 0


class Split:
    """Decides the part of a passage; documents are chosen once, when all sizes are known."""

    def __init__(self, state: State, *, fraction: float, seed: int) -> None:
        self._state, self._fraction, self._seed = state, fraction, seed
        self.whole_documents = bool(state.get("held_documents"))

    def choose_documents(self) -> None:
        """Documents in the order of their hashes until they hold the share; one that would exceed it is passed over.

        A single document has nothing to hold out whole; its held-out passages then serve both measures.
        """
        execute = self._state.execute
        wanted = self._fraction * (execute("SELECT TOTAL(characters) FROM documents").fetchone()[0])
        hold = "UPDATE documents SET held = 1 WHERE name = ?"
        held = chosen = 0
        # The loop reads the index over chance alone, which the update does not touch.
        for name, characters in execute("SELECT name, characters FROM documents ORDER BY chance, name"):
            if held + characters <= wanted:
                execute(hold, (name,))
                held += characters
                chosen += 1
        if not chosen and execute("SELECT COUNT(*) FROM documents").fetchone()[0] > 1:
            execute(hold, execute("SELECT name FROM documents ORDER BY characters, name LIMIT 1").fetchone())
            chosen = 1
        self.whole_documents = chosen > 0
        self._state.put("held_documents", chosen)

    def part(self, passage: Document) -> Part:
        """Where a passage belongs."""
        if self.whole_documents and self._state.is_held(passage.document_id):
            return "held_out_documents"
        return "held_out_passages" if chance(f"{self._seed}:{passage.id}") < self._fraction else "train"


class HeldRuns:
    """Word runs of all held-out passages, on disk."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._filter = RunFilter(row[0] for row in state.execute("SELECT DISTINCT run FROM held_runs"))

    def add(self, passage: Document) -> None:
        """Remember a held-out passage."""
        runs = word_runs(passage.text, RUN_WORDS)
        place = self._state.execute("INSERT INTO held_sizes (size) VALUES (?)", (len(runs),)).lastrowid
        rows = ((run, place) for run in runs.view(np.int64).tolist())
        self._state.executemany("INSERT INTO held_runs VALUES (?, ?)", rows)
        self._filter.add(runs)

    def overlap(self, passage: Document) -> float:
        """Largest share of runs in common with a held-out passage, of the shorter of the two."""
        runs = word_runs(passage.text, RUN_WORDS)
        likely = runs[self._filter.may_hold(runs)].view(np.int64).tolist()
        shared: dict[int, int] = {}
        for start in range(0, len(likely), QUERY_RUNS):
            some = likely[start : start + QUERY_RUNS]
            marks = ",".join("?" * len(some))
            query = f"SELECT place, COUNT(*) FROM held_runs WHERE run IN ({marks}) GROUP BY place"
            for place, count in self._state.execute(query, some):
                shared[place] = shared.get(place, 0) + count
        return max((count / min(len(runs), self._size(place)) for place, count in shared.items()), default=0.0)

    def _size(self, place: int) -> int:
        return int(self._state.execute("SELECT size FROM held_sizes WHERE place = ?", (place,)).fetchone()[0])


def hold_out(split: Split, shards: list[Path], state: State, tests: TestRuns | None, *, passages_too: bool) -> None:
    """Choose what is held out and remember its word runs; done once, in one transaction.

    Args:
        split: decides.
        shards: what was kept.
        state: takes the runs.
        tests: evaluation texts so far.
        passages_too: add held-out single passages to them; questions are made from these.
    """
    if state.get("held_out"):
        return
    split.choose_documents()
    held = HeldRuns(state)
    for passage in passages_of(shards):
        part = split.part(passage)
        if part != "train":
            held.add(passage)
        if part == "held_out_passages" and tests is not None and passages_too:
            tests.add(passage.text)
    if tests is not None:
        tests.save()
    state.put("held_out", True)
    state.commit()


def write_parts(
    split: Split, shards: list[Path], state: State, tests: TestRuns | None, directory: Path, work: Path, tally: Tally
) -> dict[Part, Size]:
    """Write `train-*` and `holdout-*` to the directory, held-out single passages to `work`; a shard for a shard."""
    held = HeldRuns(state)
    done: int = state.get("parts") or 0
    sizes = {part: Size(**row) for part, row in (state.get("sizes") or {}).items()}
    for number, shard in enumerate(shards[done:], done):
        with (
            ShardWriter(directory / f"train-{number:05d}.parquet", COLUMNS) as train,
            ShardWriter(directory / f"holdout-{number:05d}.parquet", COLUMNS) as holdout,
            ShardWriter(work / f"single-{number:05d}.parquet", COLUMNS) as single,
        ):
            last: dict[str, str] = {}
            for passage in passages_of([shard]):
                part = _judged(split.part(passage), passage, held, tests, tally)
                if part is None:
                    continue
                row: dict[str, Any] = {name: getattr(passage, name) for name in COLUMNS}
                size = len(passage.text.encode())
                if part == "train":
                    train.add(size, **row)
                elif part == "held_out_documents" or not split.whole_documents:
                    holdout.add(size, **row)
                if part == "held_out_passages":
                    single.add(size, **row)
                _count(sizes, part, passage, size, last)
        state.put("parts", number + 1)
        state.put("sizes", {part: asdict(size) for part, size in sizes.items()})
        state.put("tally", tally.as_dict())
        state.commit()
    if not split.whole_documents and "held_out_passages" in sizes:
        sizes["held_out_documents"] = sizes["held_out_passages"]
    return sizes


def passages_of(shards: Iterable[Path]) -> Iterable[Document]:
    """The running text of staged shards."""
    for row in read_shards(list(shards)):
        if row.pop("chat") is None:
            yield Document(**row)


def chance(key: str) -> float:
    """A number in 0..1 that depends on the key alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _judged(part: Part, passage: Document, held: HeldRuns, tests: TestRuns | None, tally: Tally) -> Part | None:
    """The part, with its count; None for a training passage that repeats what is tested with."""
    tally.took("passages", "split", passage)
    if part != "train":
        tally.dropped("passages", "split", part.removesuffix("s"), passage)
        return part
    tally.took("passages", "held-out text", passage)
    if held.overlap(passage) >= OVERLAP:
        tally.dropped("passages", "held-out text", "repeats_held_out_text", passage)
        return None
    if tests is not None:
        tally.took("passages", "decontamination", passage)
        if tests.meets(passage):
            tally.dropped("passages", "decontamination", "evaluation_text", passage)
            return None
    return part


def _count(sizes: dict[Part, Size], part: Part, passage: Document, size: int, last: dict[str, str]) -> None:
    found = sizes.setdefault(part, Size())
    found.documents += last.get(part) != passage.document_id
    last[part] = passage.document_id
    found.passages += 1
    found.bytes += size
