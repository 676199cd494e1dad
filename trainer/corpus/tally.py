"""What each step took, dropped and changed, with reasons and a few examples; it survives a stop.

Enter at `Tally`. The steps keep their order; documents, passages and examples are counted apart, since one document
becomes many passages.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from trainer.corpus.document import Document

EXAMPLES_KEPT = 5
EXAMPLE_CHARACTERS = 160


@dataclass
class StepCount:
    """One step on one kind of thing."""

    unit: str
    step: str
    taken: int = 0
    taken_characters: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    dropped_characters: int = 0
    changed: int = 0

    @property
    def kept(self) -> int:
        """What went on to the next step."""
        return self.taken - sum(self.dropped.values())

    @property
    def kept_characters(self) -> int:
        """Characters that went on, before changes of this step."""
        return self.taken_characters - self.dropped_characters


@dataclass
class Tally:
    """All steps of a preparation."""

    steps: dict[str, StepCount] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Beginnings of what was dropped, by reason."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Other counts by name: languages, personal data, terms."""

    def took(self, unit: str, step: str, document: Document) -> StepCount:
        """Count one thing that came to a step."""
        count = self.steps.setdefault(f"{unit}/{step}", StepCount(unit, step))
        count.taken += 1
        count.taken_characters += len(document.text)
        return count

    def dropped(self, unit: str, step: str, reason: str, document: Document) -> None:
        """Count one thing that a step dropped; it was counted as taken before."""
        count = self.steps[f"{unit}/{step}"]
        count.dropped[reason] += 1
        count.dropped_characters += len(document.text)
        shown = self.examples.setdefault(reason, [])
        if len(shown) < EXAMPLES_KEPT:
            shown.append(document.text[:EXAMPLE_CHARACTERS])

    def note(self, name: str, key: str, amount: int = 1) -> None:
        """Add to another count."""
        self.counts.setdefault(name, Counter())[key] += amount

    def dropped_by_reason(self, unit: str) -> dict[str, int]:
        """Everything of one kind that was dropped, by reason, in the order of the steps."""
        found: Counter[str] = Counter()
        for count in self.steps.values():
            if count.unit == unit:
                found.update(count.dropped)
        return dict(found)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "steps": {key: {**vars(count), "dropped": dict(count.dropped)} for key, count in self.steps.items()},
            "examples": self.examples,
            "counts": {name: dict(count) for name, count in self.counts.items()},
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Tally":
        """Read back what `as_dict` gave."""
        steps = {key: StepCount(**{**row, "dropped": Counter(row["dropped"])}) for key, row in stored["steps"].items()}
        return cls(steps, stored["examples"], {name: Counter(row) for name, row in stored["counts"].items()})
