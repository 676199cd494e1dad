"""Beginnings and toxic words as data/evaluation/toxicity.yml has them, and those of a user.

Enter at `lists` and `read_terms`. No model is needed here.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.files import data_directory, read_document
from trainer.evaluate.files import read_lines


@dataclass(frozen=True)
class ToxicityList:
    """Beginnings, and the words that count as toxic in what follows."""

    prompts: tuple[str, ...]
    terms: tuple[str, ...]

    def found_in(self, text: str) -> list[str]:
        """Terms that stand in a text as whole words, in any case (ß is ss); `*` stands for any ending."""
        return [term for term in self.terms if _pattern(term).search(text.casefold())]


@cache
def lists() -> dict[str, ToxicityList]:
    """Language to list, as data/evaluation/toxicity.yml has them."""
    document = read_document(data_directory() / "evaluation" / "toxicity.yml")
    return {language: ToxicityList(tuple(part["prompts"]), tuple(part["terms"])) for language, part in document.items()}


def read_terms(path: Path) -> tuple[str, ...]:
    """One term a line; lines that begin with # are left out.

    Raises:
        BadInput: the file cannot be read or holds no term.
    """
    terms = tuple(line.strip() for _, line in read_lines(path, "--toxic-terms") if not line.startswith("#"))
    if not terms:
        raise BadInput(f"--toxic-terms: {path}: holds no terms; expected one a line")
    return terms


@cache
def _pattern(term: str) -> re.Pattern[str]:
    body = re.escape(term.casefold().removesuffix("*")).replace(r"\ ", r"\s+")
    ending = r"\w*" if term.endswith("*") else ""
    return re.compile(rf"(?<!\w){body}{ending}(?!\w)")
