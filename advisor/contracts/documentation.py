"""What the EU's AI Act asks providers of general-purpose models to document, an item each.

Enter at `DocumentationItem`. Information, no legal advice.
"""

from typing import Literal

from advisor.contracts.base import Contract, Text

DocumentationKey = Literal[
    "tasks",
    "acceptable_use",
    "release",
    "interaction",
    "software",
    "architecture",
    "modality",
    "licence",
    "technical_means",
    "training_process",
    "data",
    "compute",
    "energy",
    "compute_thresholds",
]


class DocumentationItem(Contract):
    """One item of Annex XI section 1 (for authorities) or Annex XII (for downstream providers)."""

    key: DocumentationKey
    title: Text
    annex_xi: str
    """Point of section 1, such as `1(d)`; empty: not asked there."""
    annex_xii: str
    """Point or points; empty: not asked there."""
    known: bool
    """False: all of it or a part is not known to the program, and the text says so."""
    text: Text
    title_de: str | None = None
    text_de: str | None = None
    """None where German is none of the plan's languages."""
