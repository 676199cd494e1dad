"""Runs of words as numbers: 64-bit hashes that are the same in every process, one array a text.

Enter at `word_runs`. Two different runs share a hash once in 2^64 pairs, so the Jaccard similarity of two arrays is
that of the runs themselves.
"""

import hashlib
import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
WORD = re.compile(r"\w+")
STEP = np.uint64(0x9E3779B97F4A7C15)
MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Constants of splitmix64 (Steele, Lea and Flood 2014), a mixing of 64 bits in which every input bit reaches all."""


@lru_cache(maxsize=4)
def word_hashes(text: str) -> Hashes:
    """The words of a text in order, lower case; the steps of one pass ask for the same text one after the other."""
    return np.array([_word(word) for word in WORD.findall(text.lower())], np.uint64)


def windows(words: Hashes, length: int) -> Hashes:
    """One hash for each run of `length` words, in order; a shorter text is one run."""
    length = max(1, min(length, len(words)))
    count = max(1, len(words) - length + 1)
    found = np.full(count, length, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(length if len(words) else 0):
            found = found * STEP + words[place : place + count]
    return mixed(found)


def word_runs(text: str, length: int) -> Hashes:
    """The different runs of `length` words in a text, sorted; a shorter text is one run."""
    return np.unique(windows(word_hashes(text), length))


def mixed(values: Hashes) -> Hashes:
    """Spread every bit over all others (splitmix64)."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * MIX[0]
        values = (values ^ (values >> np.uint64(27))) * MIX[1]
    return values ^ (values >> np.uint64(31))


def shared_runs(first: Hashes, second: Hashes) -> int:
    """How many runs two texts have in common."""
    return int(np.intersect1d(first, second, assume_unique=True).size)


def jaccard(first: Hashes, second: Hashes) -> float:
    """Runs in common over runs in either: |A and B| / |A or B|."""
    shared = shared_runs(first, second)
    return shared / (len(first) + len(second) - shared)


@lru_cache(maxsize=2**17)
def _word(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())
