"""What a step is: it takes a document and gives it back, changed or not, or says why it goes.

Enter at `Step` and `through`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from trainer.corpus.document import Document
from trainer.corpus.tally import Tally


@dataclass(frozen=True)
class Drop:
    """Why a document does not go on."""

    reason: str


class Step(Protocol):
    """One step of the preparation."""

    name: str

    def apply(self, document: Document) -> Document | Drop:
        """Let the document pass, changed or not, or drop it."""
        ...


def through(steps: Sequence[Step], document: Document, unit: str, tally: Tally) -> Document | None:
    """Send one document through steps in their order; None when one of them dropped it."""
    for step in steps:
        count = tally.took(unit, step.name, document)
        found = step.apply(document)
        if isinstance(found, Drop):
            tally.dropped(unit, step.name, found.reason, document)
            return None
        count.changed += found.text != document.text
        document = found
    return document
