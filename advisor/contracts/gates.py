"""Gates: the hard conditions of a case, their evidence, and what it would take to lift one that fails.

Enter at `Gate`, which stands in every option of an Assessment, and at `NothingFeasible`. A gate excludes an option or
lets it pass, and is never turned into a score.
"""

from typing import Any, Literal, Self

from pydantic import model_validator

from advisor.contracts.base import Contract, Identifier, NonNegative, Number, Text

GateResult = Literal["passed", "failed", "unknown"]
RESULTS: dict[bool | None, GateResult] = {True: "passed", False: "failed", None: "unknown"}


class Translation(Contract):
    """The same sentence in another language; same figures."""

    language: Literal["de"]
    text: Text


class GateEvidence(Contract):
    """One figure or fact that a gate compared with its threshold."""

    input: Identifier
    """Field of the case, or name of the quantity."""
    value: Number | str | None
    """None: not known."""
    threshold: Number | str | None
    unit: str = ""
    source: str
    """Where the threshold, or the value where nothing is compared, comes from."""
    as_of: str | None = None


class Relaxation(Contract):
    """The smallest change of one condition that would let the option pass this gate."""

    condition: Identifier
    """Field of the case that would have to change."""
    unit: str = ""
    given: Number | str | None
    needed: Number | str | None
    by: Number | None = None
    """`needed` less `given`; None where the condition is no number."""
    relative_ratio: NonNegative | None = None
    """Size of the change over the condition as given; None where it is no number, or zero was given."""
    cost: NonNegative | None = None
    """What the change costs, in the case's currency: the money itself, the time at today's cost of the work, the people
    at their pay over the horizon. None: it has no price."""
    text: Text
    translations: tuple[Translation, ...] = ()


class Gate(Contract):
    """A hard condition: it excludes an option or lets it pass, and is never turned into a score."""

    rule: str
    passed: bool | None
    """None: not known; a question to answer, not a pass."""
    result: GateResult = "unknown"
    """`passed` in a word."""
    reason: str
    evidence: tuple[GateEvidence, ...] = ()
    relaxation: Relaxation | None = None
    """Of a failed gate alone."""
    translations: tuple[Translation, ...] = ()
    """`reason` in other languages."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """Records of older versions carry `passed` alone."""
        if isinstance(data, dict) and "result" not in data and data.get("passed") in (True, False, None):
            return {**data, "result": RESULTS[data.get("passed")]}
        return data

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.result != RESULTS[self.passed]:
            raise ValueError(f"result: {self.result!r} does not go with passed: {self.passed}")
        return self


class OptionLift(Contract):
    """What stands between one option and its feasibility."""

    option_id: str
    rules: tuple[str, ...]
    """Gates that fail."""
    relaxations: tuple[Relaxation, ...]
    """One a failed gate, in the same order."""
    cost: NonNegative | None
    """Sum over the relaxations; None where one of them has no price."""
    can_be_bought: bool
    """False: a place, a licence, a language or a rule of protection would have to change, not a figure."""


class NothingFeasible(Contract):
    """No new option passes all gates: which condition is nearest, and which gate costs most to lift."""

    headline: str
    cheapest: OptionLift
    """The option with the least to relax, and by how much."""
    hardest_rule: str
    """The gate whose cheapest lift, over all options that fail it, is the dearest."""
    hardest: Relaxation
    hardest_option_id: str
    """The option for which that gate is lifted at the least."""
    options: tuple[OptionLift, ...]
    """Every new option, the least to relax first."""
    translations: tuple[Translation, ...] = ()
    """`headline` in other languages."""
