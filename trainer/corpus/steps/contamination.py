"""Evaluation text must not be trained on: shared runs of words between training text and tests.

Enter at `TestRuns`. Brown et al. 2020 (GPT-3, arXiv:2005.14165, appendix C) compare runs of 13 words and remove a
window around the match; here the whole passage goes, since passages are short. Tests shorter than a run are looked for
as a whole.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from advisor.contracts.data_plan import Decontamination, FileCorpus
from trainer.corpus.document import Document
from trainer.corpus.job import Job
from trainer.corpus.read import ROWS, Problems, read_source, sources_of
from trainer.corpus.runfilter import RunFilter
from trainer.corpus.runs import windows, word_hashes
from trainer.corpus.state import State


class TestRuns:
    """The runs of all evaluation texts, on disk, with a small filter before them in memory."""

    def __init__(self, rules: Decontamination, state: State) -> None:
        self._rules, self._state = rules, state
        self._filter = RunFilter(row[0] for row in state.execute("SELECT run FROM test_runs"))
        self._lengths: set[int] = set(state.get("test_lengths") or ())
        self.counts: Counter[str] = Counter(state.get("test_counts") or {})
        """Texts that are looked for, and those too short to be."""

    def add(self, text: str) -> None:
        """Look for this evaluation text from now on."""
        words = word_hashes(text)
        if len(words) < self._rules.min_words:
            self.counts["too_short"] += 1
            return
        length = min(self._rules.run_words, len(words))
        runs = np.unique(windows(words, length)).view(np.int64).tolist()
        self._state.executemany("INSERT OR IGNORE INTO test_runs VALUES (?)", ((run,) for run in runs))
        self._filter.add(np.array(runs, np.int64).view(np.uint64))
        self._lengths.add(length)
        self.counts["looked_for"] += 1

    def save(self) -> None:
        """Note the lengths and counts beside the runs; the caller commits."""
        self._state.put("test_lengths", sorted(self._lengths))
        self._state.put("test_counts", dict(self.counts))

    def meets(self, document: Document) -> bool:
        """Whether a training text shares a run with a test."""
        if not self._lengths:
            return False
        words = word_hashes(document.text)
        return any(len(words) >= length and self._holds(windows(words, length)) for length in sorted(self._lengths))

    def _holds(self, runs: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> bool:
        likely = runs[self._filter.may_hold(runs)].view(np.int64).tolist()
        return any(
            self._state.execute("SELECT 1 FROM test_runs WHERE run = ?", (run,)).fetchone() is not None
            for run in likely
        )


def evaluation_texts(job: Job, rules: Decontamination, problems: Problems) -> Iterator[str]:
    """The texts of the evaluation files that a plan names: running text, or every text in a row."""
    corpora = tuple(FileCorpus(kind="files", path=path) for path in rules.files)
    for source in sources_of(corpora, job.base, problems):
        if source.path is not None and source.path.suffix.lower() in ROWS:
            for number, row in ROWS[source.path.suffix.lower()](source.path, 0):
                if isinstance(row, str):
                    problems.row(source.name, number, row)
                else:
                    yield from _leaves(row)
        else:
            for _, document in read_source(source, problems):
                yield document.text


def _leaves(value: Any) -> Iterator[str]:
    """Every text inside a row, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part)
