"""Text of an answer without what does not change it, in German and English, and which score decides a task.

Enter at `normalise` for right or wrong, at `content_words` for the words two answers share, and at `primary_metric`.
The comparison of endpoints and the trainer's evaluation share it. Pure.
"""

import re
import unicodedata

from advisor.contracts.case import Task

EXACT_TASKS: frozenset[Task] = frozenset({"classification", "extraction", "question_answering"})
"""Tasks whose answers are right or wrong, with nothing in between."""
PRIMARY: dict[Task, str] = {"translation": "chrf", "summarization": "rouge_l"}

TRAILING = ".,;:!?…。！？"
QUOTES = "\"'`„“”«»‚‘’"
ARTICLES = frozenset(
    "a an the der die das den dem des ein eine einen einem einer eines".split()  # noqa: SIM905 - reads better
)


def primary_metric(task: Task) -> str:
    """Name of the score that answers a case's quality floor."""
    return "accuracy" if task in EXACT_TASKS else PRIMARY.get(task, "chrf")


def normalise(text: str) -> str:
    """An answer without what does not change it: letter case, spacing, quotes around it, a full stop behind it."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return plain.strip(QUOTES).rstrip(TRAILING + " ").strip(QUOTES)


def words(text: str) -> list[str]:
    """Words in lower case, in any script; ß is ss."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def content_words(text: str) -> list[str]:
    """Words without German and English articles; an answer of articles alone keeps them."""
    found = words(text)
    return [word for word in found if word not in ARTICLES] or found


class Words:
    """Splits for rouge-score; the library's own splitter drops every letter outside a-z, umlauts included."""

    def tokenize(self, text: str) -> list[str]:
        """Words in lower case."""
        return words(text)
