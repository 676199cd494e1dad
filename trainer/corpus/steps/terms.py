"""Abusive words, and which groups of people are named near them: counted by short word lists, not judged.

Enter at `Terms`. The lists lie in data/text/terms.yml. A word list knows no context, so the counts show where to look
and how groups compare; they are no measure of how abusive a text is.
"""

import re
from functools import lru_cache
from typing import Any

from advisor.contracts.data_plan import TermReport
from advisor.contracts.errors import Failed
from advisor.files import data_directory, read_document
from trainer.corpus.document import Document
from trainer.corpus.steps.step import Drop
from trainer.corpus.tally import Tally

WORDS = re.compile(r"[^\W\d_]+")
NOTE = "counted by a short word list that knows no context (quotations and second senses count too); no classifier"


class Terms:
    """The step: count passages with abusive words and with groups, and those with both; drop if told to."""

    name = "terms"

    def __init__(self, rules: TermReport, tally: Tally) -> None:
        self._rules, self._tally = rules, tally
        self._abusive, self._groups = term_lists()

    def apply(self, document: Document) -> Document | Drop:
        """Count the terms of one text."""
        words = set(WORDS.findall(document.text.lower()))
        found = words & self._abusive
        self._tally.note("terms_texts", "all")
        if found:
            self._tally.note("terms_texts", "abusive")
        for group in sorted({self._groups[word] for word in words & self._groups.keys()}):
            self._tally.note("terms_groups", group)
            if found:
                self._tally.note("terms_groups_abusive", group)
        limit = self._rules.drop_from_terms
        return Drop("abusive_terms") if limit is not None and len(found) >= limit else document


def report(tally: Tally) -> dict[str, Any]:
    """Texts and shares for the data card; a group's lift is its share of abusive texts over that of all texts.

    lift = (abusive texts of the group / texts of the group) / (abusive texts / texts)
    units: counts -> ratio.   source: definition.
    validity: of word lists; None where there is nothing to divide by.
    """
    texts = tally.counts.get("terms_texts", {})
    total, abusive = texts.get("all", 0), texts.get("abusive", 0)
    groups = {}
    for group, number in sorted(tally.counts.get("terms_groups", {}).items()):
        both = tally.counts.get("terms_groups_abusive", {}).get(group, 0)
        lift = round(both / number / (abusive / total), 3) if abusive else None
        groups[group] = {"texts": number, "with_abusive_words": both, "lift_ratio": lift}
    return {"method": NOTE, "texts": total, "texts_with_abusive_words": abusive, "groups": groups}


@lru_cache(maxsize=1)
def term_lists() -> tuple[frozenset[str], dict[str, str]]:
    """Abusive words, and words for groups with the group of each; all languages together."""
    path = data_directory() / "text" / "terms.yml"
    lists = read_document(path)
    if not isinstance(lists, dict) or lists.keys() != {"abusive", "groups"}:
        raise Failed(f"{path}: expected abusive and groups")
    abusive = frozenset(word for words in lists["abusive"].values() for word in words)
    groups = {word: group for group, lists in lists["groups"].items() for words in lists.values() for word in words}
    return abusive, groups
