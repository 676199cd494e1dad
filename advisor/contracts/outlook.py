"""What an option costs month by month, and paths that change over from one option to another.

Enter at `CashFlow` and `StagedPath`. Money is in the assessment's currency, undiscounted in a cash flow.
"""

from typing import Literal

from advisor.contracts.base import Contract, Fraction, Interval, NonNegative, Number

Respect = Literal["cost", "quality", "time", "gates"]


class MonthFlow(Contract):
    """What is paid in one month."""

    month: int
    """0: before the service starts; else the month at whose end the money is due."""
    mean: Number
    p50: Number


class YearFlow(Contract):
    """What is paid in one year of the horizon."""

    year: int
    """1 is the first, with what is paid before the service starts; the last may be shorter than twelve months."""
    mean: Number
    p50: Number


class CashFlow(Contract):
    """Money as it leaves, undiscounted; negative where bought hardware is sold.

    Means add up over months, medians do not.
    """

    months: tuple[MonthFlow, ...]
    years: tuple[YearFlow, ...]


class StagedPath(Contract):
    """Begin with one option, decide at a date by what was measured until then, go on or change over."""

    id: str
    pilot_option_id: str
    target_option_id: str
    pilot_months: NonNegative
    """Months until the decision."""
    decision_date: str
    """Month (YYYY-MM) of the decision."""
    measures: tuple[str, ...]
    """Inputs that the pilot measures, the most valuable first."""
    trigger_requests_per_month: NonNegative | None
    """Change over from this volume of the first month on; None: no volume makes it worth while.
    Found on the draws; where none of them pays, the break-even of the two options beyond them."""
    trigger_quality_fraction: Fraction | None
    """Change over when the pilot's measured quality stays below this; None: the target is no better in expectation."""
    p_triggered: Fraction
    """Share of futures in which a trigger is pulled."""
    pilot_cost: Interval
    """Until the decision."""
    exit_cost: Interval
    """Leaving the pilot's option, where it is left."""
    total: Interval
    """Over the horizon, discounted, on the options' own draws (the first two thousand)."""
    p_meets_quality: Fraction
    """Of the option in use at the end."""
    saving_over_best: Number
    """Mean loss of the recommended option less the path's, replacement of answers below the floor included; negative:
    the path costs more. An upper bound: the pilot measures without error."""
    stays_usable: tuple[str, ...]
    """`evaluation_set`, `interface` (one that both options speak), `request_logs`, `retrieval_index`."""
