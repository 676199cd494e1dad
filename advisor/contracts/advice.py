"""Parts of the advice: the steps of the roadmap, and where the figures of the reasons come from.

Enter at `RoadmapStep` and `ReasonFigure`; `advisor.contracts.assessment.Recommendation` holds both.
"""

from typing import Literal

from advisor.contracts.base import Contract, Count, Interval, NonNegative, Number


class StepPeople(Contract):
    """Work of one role in one step of the roadmap."""

    role: str
    """A role of the salary table: ml_engineer, data_engineer, operations, annotator, domain_expert."""
    fte_months: NonNegative
    """Person-months of the whole step, mean of the draws; per month in a step that goes on for good."""
    fte: NonNegative | None
    """Positions while the step lasts; None where the step takes no time of its own."""


class RoadmapStep(Contract):
    """One of the ten steps of the process, for the recommended option."""

    step: int
    title: str
    months: NonNegative
    """All steps together take the option's median time to value."""
    detail: str
    people: tuple[StepPeople, ...] = ()
    cost: Interval | None = None
    """Money of the step in the currency of the option; the means of the one-off steps add up to the means of its
    one-off lines. None: no figure, as in assessments of older versions."""
    cost_per: Literal["step", "month"] = "step"
    """month: a step that goes on for good; mean discounted amount of a month of the horizon."""
    lines: tuple[str, ...] = ()
    """Names of the cost lines, whole or in part, that the money of the step comes from."""
    inputs: tuple[str, ...] = ()
    """Names of the assumptions that decide its length and its people."""


class Contribution(Contract):
    """One cost line of the runner-up less the same line of the recommended option, means."""

    line: str
    difference: Number
    """Positive: the recommended option is the cheaper one here."""


class ReasonFigure(Contract):
    """One number of one reason, with the figures of this assessment that it is made of."""

    reason: Count
    """Position in `reasons`, from 0."""
    shown: str
    """As it stands in the English sentence."""
    value: Number
    """Sum of `plus` less sum of `minus`, before rounding."""
    unit: str
    plus: tuple[str, ...]
    """JSON pointers (RFC 6901) into this assessment."""
    minus: tuple[str, ...] = ()
