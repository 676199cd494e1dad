"""What the choice hangs on, beyond one table of costs: regret, information, break-even, flips, criteria.

Enter at `Analysis`. Money is in the currency of the assessment's options.
"""

from typing import Literal

from advisor.contracts.base import Contract, Fraction, Interval, NonNegative, Number, Score


class Standing(Contract):
    """How an option stands among the feasible ones, with the error of the simulation."""

    option_id: str
    expected_regret: NonNegative
    regret_p95: NonNegative
    """95th percentile of the loss above the best option of the same draw."""
    p_best: Fraction
    p_best_error_fraction: NonNegative
    """Standard error of `p_best` at this number of draws."""
    equal_to: tuple[str, ...]
    """Options whose `p_best` lies within two standard errors of the difference: call them equal."""


class MeasurementOffer(Contract):
    """A measurement that would tell one input before the choice: what it costs, and what it is worth."""

    input: str
    measurement: str
    evppi: NonNegative
    """Worth of knowing the input exactly; an upper bound for a measurement with errors."""
    evppi_fraction: Fraction
    """Share of the value of perfect information."""
    measurement_cost: NonNegative
    net_worth: Number
    """`evppi` less the cost; negative: not worth it."""


class InfluenceShare(Contract):
    """Total Sobol index of one input on the cost difference of recommendation and runner-up."""

    input: str
    total_fraction: NonNegative
    """Share of the difference's variance that would stay if all other inputs were known."""


class BreakEvenSpread(Contract):
    """Volumes at which recommendation and rival cost the same: at central values, and over the draws."""

    between: tuple[str, str]
    """Recommendation, rival."""
    variable: Literal["requests_per_month"] = "requests_per_month"
    found: Literal["none", "one", "several"]
    """At central values, within the searched range."""
    values: tuple[NonNegative, ...]
    """Roots of the central difference, not means of roots."""
    without_crossing_fraction: Fraction
    """Share of the draws in which the two never cost the same in the searched range."""
    several_fraction: Fraction
    """Share of the draws with more than one crossing."""
    first_requests_per_month: Interval | None
    """Lowest crossing over the draws that have one; None: too few of them."""
    within_horizon_fraction: Fraction
    """Share of the draws in which the growing demand passes the crossing within the horizon."""
    date_p5: str | None
    """Month (YYYY-MM) of that passing, over those draws."""
    date_p95: str | None


class InputChange(Contract):
    """One input moved from its central value."""

    input: str
    unit: str
    from_value: Number
    to_value: Number
    range_fraction: NonNegative
    """Size of the move over the plausible range, P5 to P95."""


class Flip(Contract):
    """A change that turns the choice, found by search and confirmed on all draws."""

    changes: tuple[InputChange, ...]
    """One input, or two where no single one turns it."""
    new_option_id: str


class CriterionScore(Contract):
    """An option on one criterion."""

    criterion: str
    score_0_10: Score | None
    """None: not known."""


class CriterionRow(Contract):
    """One criterion beside the money: its fixed scale, its weight, and how far the weight must move."""

    criterion: str
    worst: str
    """What 0 means, for all studies."""
    best: str
    """What 10 means."""
    weight_0_10: Score
    """Swing weight: how much the way from 0 to 10 matters, the most important one 10."""
    weight_fraction: Fraction
    weight_origin: Literal["given", "assumed"]
    flips_at_0_10: Score | None
    """Nearest weight at which another option has the highest value; None: no weight does it."""
    first_then: str | None


class CriteriaValue(Contract):
    """An option's additive value beside the money."""

    option_id: str
    scores: tuple[CriterionScore, ...]
    value_0_10: Score | None
    """None where a score is not known."""


class Criteria(Contract):
    """Criteria beside the money; never merged with it."""

    rows: tuple[CriterionRow, ...]
    options: tuple[CriteriaValue, ...]
    """Feasible ones, highest value first, those without a value last."""


class Analysis(Contract):
    """Everything that says how firm the choice is."""

    evpi: NonNegative
    """Value of perfect information: what no study can be worth more than."""
    standings: tuple[Standing, ...]
    measurements: tuple[MeasurementOffer, ...]
    """Highest net worth first."""
    sobol: tuple[InfluenceShare, ...]
    sobol_draws: int
    break_even: tuple[BreakEvenSpread, ...]
    held_fixed: str
    flips: tuple[Flip, ...]
    """Smallest first; empty: robust in the stated ranges."""
    criteria: Criteria | None
