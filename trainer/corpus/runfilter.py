"""A fixed amount of memory before a table on disk: most runs are not in it, and this says so without asking.

Enter at `RunFilter` (a Bloom filter with one hash function; the runs are hashes already).
"""

from collections.abc import Iterable

import numpy as np

from trainer.corpus.runs import Hashes

BITS = 27
"""2^27 bits are 16 MiB; with a million runs inside, it lets one of 134 others through to the table."""


class RunFilter:
    """Tells which runs are surely not there."""

    def __init__(self, runs: Iterable[int] = ()) -> None:
        self._bits = np.zeros(2**BITS // 8, np.uint8)
        known = np.fromiter(runs, np.int64)
        if known.size:
            self.add(known.view(np.uint64))

    def add(self, runs: Hashes) -> None:
        """Remember runs."""
        places = self._places(runs)
        np.bitwise_or.at(self._bits, places >> 3, (1 << (places & 7)).astype(np.uint8))

    def may_hold(self, runs: Hashes) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """True where a run may have been added; False is certain."""
        places = self._places(runs)
        return (self._bits[places >> 3] >> (places & 7).astype(np.uint8)) & 1 == 1

    @staticmethod
    def _places(runs: Hashes) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return (runs >> np.uint64(64 - BITS)).astype(np.int64)
