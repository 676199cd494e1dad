"""One way to write the same text: NFC, one kind of line end, no control characters.

Enter at `normalise`; `Normalise` is the step. Documents without any text go here.
"""

import re
import unicodedata

from trainer.corpus.document import Document
from trainer.corpus.steps.step import Drop

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""Soft hyphen, zero-width space, word joiner, byte order mark: they part words for a machine and for nobody else."""
BLANKS = re.compile(r"[^\S\n]+(?=\n|$)")
EMPTY_LINES = re.compile(r"\n{3,}")


def normalise(text: str) -> str:
    """NFC, no control characters but line breaks, no trailing blanks, at most one empty line in a row."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    text = INVISIBLE.sub("", CONTROL.sub("", text))
    return EMPTY_LINES.sub("\n\n", BLANKS.sub("", text)).strip("\n")


class Normalise:
    """The step: normalised text, or none at all."""

    name = "normalise"

    def apply(self, document: Document) -> Document | Drop:
        """Normalise; an empty document goes."""
        found = document.rewritten(normalise)
        return found if found.text.strip() else Drop("empty")
