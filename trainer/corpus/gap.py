"""How far the domain's language is from what a base model knows: the formula and its interval.

Enter at `measure_gap`. It works on what a model's code of each text costs (`TextCost`); the model itself is in
trainer/corpus/gapmodel.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000
QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class TextCost:
    """One text under a model."""

    nats: float
    """Cross-entropy of the whole text."""
    tokens: int
    words: int
    bytes: int


@dataclass(frozen=True)
class Side:
    """A corpus under a model."""

    texts: int
    bytes: int
    words: int
    tokens: int
    bits_per_byte: float
    tokens_per_word: float
    """Fertility of the tokenizer."""
    tokens_per_byte: float


@dataclass(frozen=True)
class Gap:
    """The gap with its interval, and both sides."""

    domain: Side
    reference: Side
    p5: float
    p50: float
    p95: float


def domain_gap_fraction(domain_bits_per_byte: ArrayLike, reference_bits_per_byte: ArrayLike) -> NDArray[np.float64]:
    """Share of the domain's bits that a model would not need if it knew the domain as well as general text.

    g = max(0, 1 - b_reference / b_domain)
    units: bits per byte twice -> fraction: 0 everyday text, towards 1 a language of its own.
    source: own definition on cross-entropy per byte, which does not depend on the tokenizer (Gao et al. 2020, The Pile,
    arXiv:2101.00027, section 3.1).
    validity: texts of the same language and kind; forms, code and lists are cheap for any model and hide a gap, a
    reference that the model was trained on widens it. An equal gap in bits need not cost equal quality in every task.
    """
    domain, reference = np.asarray(domain_bits_per_byte, np.float64), np.asarray(reference_bits_per_byte, np.float64)
    return np.maximum(0.0, 1.0 - reference / domain)


def measure_gap(domain: Sequence[TextCost], reference: Sequence[TextCost], *, seed: int) -> Gap:
    """The gap with P5, P50 and P95 over resampled texts of both sides.

    The interval covers which texts were taken, not the choice of the reference or the model.
    """
    rng = np.random.default_rng(seed)
    draws = domain_gap_fraction(_resampled(domain, rng), _resampled(reference, rng))
    p5, p50, p95 = (float(value) for value in np.quantile(draws, QUANTILES))
    return Gap(side_of(domain), side_of(reference), p5, p50, p95)


def side_of(texts: Sequence[TextCost]) -> Side:
    """Sums and ratios of one side.

    b = sum of nats / (ln 2 * bytes);  fertility = tokens / words
    units: nats, bytes, counts -> bits per byte, tokens per word.   source: definition.
    validity: words are runs of letters and digits, so languages without blanks have no meaningful fertility.
    """
    nats, tokens = sum(text.nats for text in texts), sum(text.tokens for text in texts)
    size, words = sum(text.bytes for text in texts), sum(text.words for text in texts)
    return Side(
        texts=len(texts),
        bytes=size,
        words=words,
        tokens=tokens,
        bits_per_byte=nats / (math.log(2) * size),
        tokens_per_word=tokens / words,
        tokens_per_byte=tokens / size,
    )


def _resampled(texts: Sequence[TextCost], rng: np.random.Generator) -> NDArray[np.float64]:
    """Bits per byte of texts drawn with replacement."""
    nats, sizes = (np.array([getattr(text, name) for text in texts], np.float64) for name in ("nats", "bytes"))
    drawn = rng.integers(len(texts), size=(RESAMPLES, len(texts)))
    return np.asarray(nats[drawn].sum(axis=1) / (math.log(2) * sizes[drawn].sum(axis=1)))
