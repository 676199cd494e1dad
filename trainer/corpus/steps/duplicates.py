"""Duplicates: equal texts by their hash, alike ones by MinHash and then by the true Jaccard similarity.

Enter at `ExactDuplicates` and `NearDuplicates`. The first of several stays. Signatures are datasketch's; its index
holds all of them in memory, so the bands lie in the state on disk instead.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.data_plan import NearDuplicates as NearRules
from trainer.corpus.document import Document
from trainer.corpus.runs import Hashes, jaccard, mixed, word_runs
from trainer.corpus.state import State
from trainer.corpus.steps.step import Drop

DIGEST_BYTES = 16
WANTED_RECALL = 0.999
"""Share of the pairs at the threshold that the bands must propose; pairs above it are proposed more often still."""
SIGNATURE_SEED = 1


class ExactDuplicates:
    """The step: a text that was there before goes, whatever its case and blanks."""

    name = "exact duplicates"

    def __init__(self, state: State) -> None:
        self._state = state

    def apply(self, document: Document) -> Document | Drop:
        """Drop a repeated text."""
        plain = " ".join(document.text.lower().split())
        digest = hashlib.blake2b(plain.encode(), digest_size=DIGEST_BYTES).digest()
        return document if self._state.add_digest(digest) else Drop("exact_duplicate")


class NearDuplicates:
    """The step: a text whose word runs are mostly those of an earlier one goes."""

    name = "near duplicates"

    def __init__(self, rules: NearRules, state: State) -> None:
        from datasketch import MinHash

        self._rules, self._state = rules, state
        self._blank = MinHash(num_perm=rules.permutations, seed=SIGNATURE_SEED, scheme="affine32", hashfunc=_itself)
        self._bands, self._rows = band_shape(rules.min_jaccard_fraction, rules.permutations)

    def apply(self, document: Document) -> Document | Drop:
        """Drop a text that is like an earlier one."""
        runs = word_runs(document.text, self._rules.run_words)
        bands = self._keys(runs)
        least = self._rules.min_jaccard_fraction
        for other in self._state.candidates(bands):
            longer, shorter = max(len(runs), len(other)), min(len(runs), len(other))
            if shorter >= least * longer and jaccard(runs, other) >= least:
                return Drop("near_duplicate")
        self._state.add_runs(runs, bands)
        return document

    def _keys(self, runs: Hashes) -> NDArray[np.int64]:
        """One number for each band of the signature; equal numbers make two texts candidates."""
        signature: Any = self._blank.copy()
        signature.update_batch((runs >> np.uint64(32)).tolist())
        rows = signature.hashvalues[: self._bands * self._rows].reshape(self._bands, self._rows).astype(np.uint64)
        keys = np.arange(self._bands, dtype=np.uint64)
        for column in rows.T:
            keys = mixed(keys ^ column)
        return keys.view(np.int64)


def band_shape(jaccard_fraction: float, permutations: int) -> tuple[int, int]:
    """Bands and rows of a signature: as many rows as still propose the wanted share of pairs at the threshold.

    recall(j) = 1 - (1 - j^r)^b,  b = permutations // r
    units: fraction, count -> counts.   source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, section 3.4.
    validity: proposals are confirmed, so fewer rows cost time and never a wrong drop.
    """
    for rows in range(permutations, 1, -1):
        bands = permutations // rows
        if 1.0 - (1.0 - jaccard_fraction**rows) ** bands >= WANTED_RECALL:
            return bands, rows
    return permutations, 1


def _itself(value: int) -> int:
    return value
