"""What a gate finds, as plain values: rule, result, evidence, the figures of its sentence, and what would lift it.

Enter at `Finding`; the thresholds of a case are `Limits`. No words for people here: `key` names the sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OWN_CASE = "the case"


@dataclass(frozen=True)
class Money:
    """An amount of the case's currency."""

    amount: float
    currency: str


@dataclass(frozen=True)
class Share:
    """A fraction, shown as a percentage."""

    fraction: float


@dataclass(frozen=True)
class Large:
    """A figure beyond everyday size, shown as a power of ten."""

    value: float


@dataclass(frozen=True)
class Word:
    """A term with a translation."""

    key: str


Value = float | str | Money | Share | Large | Word | Sequence[Word] | None


@dataclass(frozen=True)
class Evidence:
    """One figure against its threshold."""

    input: str
    value: float | str | None
    threshold: float | str | None
    unit: str
    source: str
    as_of: str | None = None


@dataclass(frozen=True)
class Lift:
    """The smallest change of one condition that lets the option pass."""

    condition: str
    given: float | str | None
    needed: float | str | None
    unit: str = ""
    cost: float | None = None
    """Money; None: no price."""
    values: Mapping[str, Value] = field(default_factory=dict)
    key: str = ""
    """Sentence; empty: that of its rule."""

    @property
    def is_figure(self) -> bool:
        """True when the condition is a number, which can be moved a little."""
        return isinstance(self.given, float) and isinstance(self.needed, float)

    @property
    def by(self) -> float | None:
        """Needed less given."""
        if isinstance(self.given, float) and isinstance(self.needed, float):
            return self.needed - self.given
        return None

    @property
    def relative(self) -> float | None:
        """Size of the change over what is given."""
        by = self.by
        if by is None or not isinstance(self.given, float) or self.given == 0:
            return None
        return abs(by / self.given)


@dataclass(frozen=True)
class Finding:
    """One gate of one option."""

    rule: str
    passed: bool | None
    """None: a question that nobody has answered yet; it does not exclude."""
    key: str
    """Name of the sentence in `advisor.gate_phrases`."""
    values: Mapping[str, Value] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    lift: Lift | None = None


@dataclass(frozen=True)
class Origin:
    """Where a threshold comes from."""

    source: str
    as_of: str | None = None


@dataclass(frozen=True)
class OutputTerm:
    """What a licence, or a provider's terms, say about the use of the answers."""

    commercial_use: bool | None
    training_use: str
    """allowed, restricted or unknown."""
    origin: Origin


@dataclass(frozen=True)
class Limits:
    """Thresholds of the gates, from the catalogue and the case."""

    min_p_meets_quality: float
    min_domain_tokens_adaptation: float
    min_training_tokens_scratch: float
    quality_floor_fraction: float
    deadline_months: float | None
    budget_total: float | None
    budget_upfront: float | None
    currency: str
    available_ml_fte: float | None
    domain_tokens: float | None
    min_months_available: float
    min_examples_lora: float = 0.0
    min_examples_full: float = 0.0
    labelled_examples: float | None = None
    annotators_fte: float | None = None
    attrition_per_year_fraction: float = 0.0
    horizon_months: float = 0.0
    status_quo_cost_per_month: float | None = None
    """What a month of waiting costs, at today's way of working."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    output_terms: Mapping[str, OutputTerm] = field(default_factory=dict)

    def origin(self, name: str) -> Origin:
        """Source and date of an input."""
        return self.origins.get(name, Origin(OWN_CASE))


def is_feasible(gates: Sequence[Finding]) -> bool:
    """True when no gate failed."""
    return all(gate.passed is not False for gate in gates)
