"""What the free text of `batch` says: sequences or tokens, per device or over all.

Enter at `batch_of`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

NUMBER = r"(\d[\d,]*(?:\.\d+)?)\s*([kKmM]?)"
TOKENS = r"(?<![\d,.])(?<!seqs of )(?<!sequences of )(?<!x )" + NUMBER + r"\s*tok"
"""Not the length of a sequence, as in `64 seqs of 2048 tokens` or `512 sequences x 4096 tokens`."""
MOST_SEQUENCES = 1e5
"""No published step takes as many sequences; a larger number without a unit means tokens."""
SUFFIX = {"": 1.0, "k": 1e3, "m": 1e6}


@dataclass(frozen=True)
class Batch:
    """Sizes of a step; None: not said."""

    tokens: float | None = None
    """Tokens of a step over all devices."""
    sequences: float | None = None
    """Sequences of a step over all devices."""
    micro_sequences: float | None = None
    """Sequences that one device takes at once."""

    def tokens_per_step(self, seq_len: float) -> float | None:
        """Tokens of a step over all devices, from whichever size is known."""
        if self.tokens is not None:
            return self.tokens
        return None if self.sequences is None else self.sequences * seq_len


@lru_cache(maxsize=1024)
def batch_of(value: float | str | None) -> Batch:
    """Read `4M tokens`, `2,097,152 tokens`, `GBS 2048 seqs (micro 8)`, `micro 2`, `local 2`, `128`, or a number.

    A bare number is a global batch in sequences, from 100,000 on in tokens. Steps (`315 steps`) say nothing about size.
    """
    if value is None:
        return Batch()
    if not isinstance(value, str):
        return Batch(tokens=float(value)) if value >= MOST_SEQUENCES else Batch(sequences=float(value))
    tokens = _first(TOKENS, value)
    micro = _first(r"(?:micro|local)[ -]*(?:batch[ -]*)?(?:size[ -]*)?" + NUMBER, value)
    sequences = _first(r"(?:GBS|global(?: batch)?(?: size)?)\s*" + NUMBER, value) or _first(NUMBER + r"\s*seq", value)
    if tokens is None and micro is None and sequences is None:
        sequences = _first(r"^\s*(?:batch(?:[ -]?size)?\s*)?" + NUMBER + r"\s*$", value)
    if sequences is not None and tokens is None and sequences >= MOST_SEQUENCES:
        tokens, sequences = sequences, None
    return Batch(tokens=tokens, sequences=sequences, micro_sequences=micro)


def _first(pattern: str, text: str) -> float | None:
    found = re.search(pattern, text, re.IGNORECASE)
    if found is None:
        return None
    return float(found.group(1).replace(",", "")) * SUFFIX[found.group(2).lower()]
