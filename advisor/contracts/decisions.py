"""A public decision of an organisation, written as a Case: what is public is given, the rest left out or judged wide.

Enter at `Decision`; the files stand in `data/decisions`.
"""

from pydantic import Field

from advisor.contracts.assessment import OptionKind
from advisor.contracts.base import Contract, Identifier, Text
from advisor.contracts.case import Case
from advisor.contracts.gates import GateResult
from advisor.contracts.rows import IsoDate


class NamedGate(Contract):
    """A reason that the organisation gave in public, as a gate that should find the same."""

    kind: OptionKind
    rule: Identifier
    result: GateResult


class Decision(Contract):
    """One decision with its sources."""

    id: Identifier
    organisation: Text
    year: int
    use: Text
    """What the model is for."""
    taken: OptionKind
    also_counts: tuple[OptionKind, ...] = ()
    """Kinds that the sources do not tell from `taken`, such as adapters and all weights."""
    outcome: Text
    failed_or_reversed: bool = False
    """True where it was ended, partly taken back, or overtaken."""
    public: tuple[Identifier, ...] = ()
    """Fields of the case that a source states."""
    judged: tuple[Identifier, ...] = ()
    """Fields of the case that nobody published; wide ranges of our own."""
    named_gates: tuple[NamedGate, ...] = ()
    sources: tuple[Text, ...] = Field(min_length=1)
    read: IsoDate
    note: str = ""
    case: Case
