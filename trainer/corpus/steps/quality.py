"""Rules that tell running text from lists, menus, boilerplate and noise; each can be switched off.

Enter at `Quality`; `reason_to_drop` is the judgement. Rules and thresholds: Rae et al. 2021 (Gopher, arXiv:2112.11446),
section A.1.1 for words and lines, Table A1 for repetition. Of repeated lines, paragraphs and runs, the first occurrence
does not count as a repetition; words are what blanks part.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from advisor.contracts.data_plan import QualityRules
from advisor.contracts.errors import Failed
from advisor.files import data_directory, read_document
from trainer.corpus.document import Document
from trainer.corpus.runs import WORD, Hashes, windows, word_hashes
from trainer.corpus.steps.step import Drop

Lengths = NDArray[np.int64]
BULLETS = ("•", "‣", "◦", "-", "*", "–", "·", "▪")
ELLIPSES = ("...", "…")
TOP_RUNS = (2, 3, 4)
REPEATED_RUNS = (5, 6, 7, 8, 9, 10)


class Quality:
    """The step: drop documents that break a rule, the first broken rule being the reason."""

    name = "quality"

    def __init__(self, rules: QualityRules) -> None:
        self._rules = rules

    def apply(self, document: Document) -> Document | Drop:
        """Judge running text."""
        reason = reason_to_drop(document.text, document.language, self._rules)
        return Drop(reason) if reason is not None else document


def reason_to_drop(text: str, language: str | None, rules: QualityRules) -> str | None:
    """The first rule that a text breaks, or None."""
    words = text.split()
    for check in (_words, _symbols, _lines, _stop_words, _repeated_blocks, _repeated_runs):
        reason = check(text, words, language, rules)
        if reason is not None:
            return reason
    return None


@lru_cache(maxsize=1)
def stop_words() -> dict[str, frozenset[str]]:
    """Stop words by language, from data/text/stop_words.yml."""
    path = data_directory() / "text" / "stop_words.yml"
    lists = read_document(path)
    if not isinstance(lists, dict):
        raise Failed(f"{path}: expected a mapping of languages to words")
    return {language: frozenset(words) for language, words in lists.items()}


def _words(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Number of words, their mean length, and the share of them that holds a letter."""
    count = len(words)
    if _below(count, rules.min_words):
        return "too_few_words"
    if _above(count, rules.max_words):
        return "too_many_words"
    mean = sum(map(len, words)) / max(count, 1)
    if _below(mean, rules.min_mean_word_characters) or _above(mean, rules.max_mean_word_characters):
        return "mean_word_length"
    alphabetic = sum(any(map(str.isalpha, word)) for word in words) / max(count, 1)
    return "too_few_letters" if _below(alphabetic, rules.min_alphabetic_word_fraction) else None


def _symbols(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Hash signs and ellipses for each word."""
    most = max(text.count("#"), sum(map(text.count, ELLIPSES))) / max(len(words), 1)
    return "too_many_symbols" if _above(most, rules.max_symbol_to_word_ratio) else None


def _lines(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Lines that begin as a list item or end cut off."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    bullets = sum(line.startswith(BULLETS) for line in lines) / max(len(lines), 1)
    if _above(bullets, rules.max_bullet_line_fraction):
        return "bullet_lines"
    cut = sum(line.endswith(ELLIPSES) for line in lines) / max(len(lines), 1)
    return "ellipsis_lines" if _above(cut, rules.max_ellipsis_line_fraction) else None


def _stop_words(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Different stop words of the language; a language without a list is not judged."""
    known = stop_words().get(language or "")
    if known is None or rules.min_stop_words is None:
        return None
    found = known & {word.strip(".,;:!?()[]\"'").lower() for word in words}
    return "too_few_stop_words" if len(found) < rules.min_stop_words else None


def _repeated_blocks(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Lines and paragraphs that were there before: their share in number and in characters."""
    limits = (
        (
            "\n\n",
            "paragraphs",
            rules.max_duplicate_paragraph_fraction,
            rules.max_duplicate_paragraph_character_fraction,
        ),
        ("\n", "lines", rules.max_duplicate_line_fraction, rules.max_duplicate_line_character_fraction),
    )
    for separator, name, most, most_characters in limits:
        blocks = [block.strip() for block in text.split(separator) if block.strip()]
        repeats = list(_repeats(blocks))
        if _above(len(repeats) / max(len(blocks), 1), most):
            return f"repeated_{name}"
        if _above(sum(map(len, repeats)) / max(len(text), 1), most_characters):
            return f"repeated_{name}"
    return None


def _repeats(blocks: Sequence[str]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for block in blocks:
        if seen[block]:
            yield block
        seen[block] += 1


def _repeated_runs(text: str, words: Sequence[str], language: str | None, rules: QualityRules) -> str | None:
    """Characters in the most frequent short run, and in repeated long runs, over those of all words."""
    hashes = word_hashes(text)
    lengths = _word_lengths(text)
    total = max(int(lengths.sum()), 1)
    for size, most in zip(TOP_RUNS, rules.max_top_ngram_character_fraction or (), strict=False):
        if len(hashes) >= size and _top_run_characters(windows(hashes, size), lengths, size) > most * total:
            return "frequent_run"
    for size, most in zip(REPEATED_RUNS, rules.max_duplicate_ngram_character_fraction or (), strict=False):
        if len(hashes) >= size and _repeated_characters(windows(hashes, size), lengths, size) > most * total:
            return "repeated_runs"
    return None


def _word_lengths(text: str) -> Lengths:
    return np.array([len(word) for word in WORD.findall(text.lower())], np.int64)


def _top_run_characters(runs: Hashes, lengths: Lengths, size: int) -> int:
    _, first, counts = np.unique(runs, return_index=True, return_counts=True)
    best = int(counts.max())
    if best < 2:
        return 0
    sums = np.convolve(lengths, np.ones(size, np.int64), "valid")
    return best * int(sums[first[counts == best]].max())


def _repeated_characters(runs: Hashes, lengths: Lengths, size: int) -> int:
    _, first = np.unique(runs, return_index=True)
    repeated = np.ones(len(runs), np.int64)
    repeated[first] = 0
    covered = np.convolve(repeated, np.ones(size, np.int64)) > 0
    return int(lengths[covered].sum())


def _below(value: float, least: float | None) -> bool:
    return least is not None and value < least


def _above(value: float, most: float | None) -> bool:
    return most is not None and value > most
