"""From documents to training texts: paragraphs, or whole documents.

Enter at `cut`; `TooShort` is the step after it.
"""

import re
from dataclasses import replace
from typing import Literal

from trainer.corpus.document import Document
from trainer.corpus.steps.step import Drop

PARAGRAPH_END = re.compile(r"\n\s*\n")


def cut(document: Document, unit: Literal["passage", "document"]) -> list[Document]:
    """The paragraphs of a document; the id of a paragraph is the document's id and its number."""
    parts = PARAGRAPH_END.split(document.text) if unit == "passage" else [document.text]
    return [
        replace(document, id=f"{document.id}#{number}", text=part)
        for number, part in enumerate(parts, 1)
        if part.strip()
    ]


class TooShort:
    """The step: headings and remains go."""

    name = "length"

    def __init__(self, min_text_characters: int) -> None:
        self._least = min_text_characters

    def apply(self, document: Document) -> Document | Drop:
        """Drop a text with fewer characters, blanks counted once."""
        return document if len(" ".join(document.text.split())) >= self._least else Drop("too_short")
