"""Two assessments side by side, and why they differ. Enter at `Comparison`."""

from typing import Literal

from advisor.contracts.assessment import Origin
from advisor.contracts.base import Contract, Fraction, Interval, Number, SchemaVersion
from advisor.contracts.case import Currency

Cause = Literal["case", "measurements", "catalogue", "simulation", "program"]
"""What two assessments can differ in; `simulation` is the seed or the number of draws."""


class ChangedField(Contract):
    """A field of the case, or a fact about the calculation, before and after; None: not there."""

    field: str
    before_text: str | None
    after_text: str | None


class ChangedInput(Contract):
    """An input of the calculation before and after."""

    name: str
    unit: str
    before: Number | Interval | str | None
    after: Number | Interval | str | None
    origin_before: Origin | None
    """None: the input was not used before."""
    origin_after: Origin | None
    cause: Cause


class ChangedGate(Contract):
    """A gate of an option that answers otherwise than before."""

    option_id: str
    rule: str
    passed_before: bool | None
    passed_after: bool | None
    reason_before: str
    reason_after: str


class OptionState(Contract):
    """An option in one of the two assessments."""

    rank: int
    feasible: bool
    total: Interval
    p_best: Fraction


class ComparedOption(Contract):
    """An option in both assessments; None where it is not in one of them."""

    option_id: str
    older: OptionState | None
    newer: OptionState | None


class MovedLine(Contract):
    """A cost line of an option that is in both assessments, means over the horizon."""

    option_id: str
    line: str
    before: Number
    after: Number


class Side(Contract):
    """One of the two assessments."""

    id: str
    case_name: str
    currency: Currency
    option_id: str
    """The recommended option."""
    headline: str
    headline_de: str


class Comparison(Contract):
    """What changed from the older to the newer assessment, and what it comes from."""

    schema_version: SchemaVersion = 1
    older: Side
    newer: Side
    causes: tuple[Cause, ...]
    """What the two differ in; empty when they are the same question with the same answer."""
    facts: tuple[ChangedField, ...]
    """Seed, draws, catalogue and program version, as far as they differ."""
    case_fields: tuple[ChangedField, ...]
    inputs: tuple[ChangedInput, ...]
    options: tuple[ComparedOption, ...]
    """In the newer order of rank; gone ones last."""
    gates: tuple[ChangedGate, ...]
    lines: tuple[MovedLine, ...]
    """The largest moves first; empty where the currencies differ."""
