"""The planned money of an option month by month, reckoned from its cost lines.

Enter at `schedule_of`. An Assessment holds each line as one discounted sum; here the mean of the line is laid on
the months, so that the discounted payments add up to the line again. Means are used because they add up over
lines; medians do not.
"""

from dataclasses import dataclass
from datetime import date

from advisor.contracts.assessment import Assessment, CostLine, Option
from advisor.contracts.base import Interval
from advisor.contracts.errors import Failed
from advisor.core.money import monthly_demand, monthly_discount_factors

WITH_DEMAND = frozenset({"inference", "electricity", "manual_work", "error_cost"})
"""Recurring lines that grow with the requests; the others are the same in every month."""
AT_THE_END = frozenset({"migration_exit"})
"""One-off lines that fall due when the horizon ends."""


@dataclass(frozen=True)
class Plan:
    """What all options of an assessment share: months, first day, yearly rate, weights."""

    horizon_months: int
    first_day: date
    """Day of the one-off payments; month 1 begins on it."""
    discount_rate_fraction: float
    discount: tuple[float, ...]
    """Factor of each month, month 0 (today, 1.0) first."""
    demand: tuple[float, ...]
    """Requests of each month; month 0 has none."""


@dataclass(frozen=True)
class Payments:
    """One cost line laid on the months; month 0 first."""

    name: str
    phase: str
    nominal: tuple[float, ...]
    """Undiscounted."""
    discounted: tuple[float, ...]


def plan_of(result: Assessment) -> Plan:
    """Horizon, discount factors and demand at the central values of the assessment's inputs."""
    months = horizon_months(result)
    rate = _central(result, "discount_rate_fraction")
    demand = monthly_demand(
        _central(result, "requests_per_month"), _central(result, "growth_per_year_fraction"), months
    )
    return Plan(
        horizon_months=months,
        first_day=first_day(result),
        discount_rate_fraction=rate,
        discount=(1.0, *(float(value) for value in monthly_discount_factors(rate, months)[0])),
        demand=(0.0, *(float(value) for value in demand[0])),
    )


def schedule_of(option: Option, plan: Plan) -> tuple[Payments, ...]:
    """Each cost line of the option as payments per month.

    d_m = L * w_m * f_m / sum(w * f),  n_m = d_m / f_m,  so sum(d) = L
    units: money -> money per month (d discounted, n nominal).   source: own convention.
    validity: one-off lines fall due in month 0 (hardware less its value at the end), exit lines in the last
    month; w_m is 1 or the requests of the month; recurring payments at month ends, as the simulation has them.
    """
    return tuple(_payments(line, plan) for line in option.cost.lines)


def month_start(plan: Plan, month: int) -> date:
    """First day of a month of the plan; month 0 and month 1 begin together."""
    count = plan.first_day.month - 1 + max(0, month - 1)
    return date(plan.first_day.year + count // 12, count % 12 + 1, 1)


def horizon_months(result: Assessment) -> int:
    """Months of the costs: the case's, else those of the record's cash flow, else the catalogue's default."""
    if result.case.budget.horizon_months is not None:
        return result.case.budget.horizon_months
    flow = getattr(result.options[0], "cash_flow", None)
    if flow is not None and flow.months:
        return int(flow.months[-1].month)
    from advisor.catalog import lookup
    from advisor.catalog.load import load_catalog

    return int(lookup.parameter(load_catalog(), "horizon_months").central)


def first_day(result: Assessment) -> date:
    """First day of the month after the newest input: the assessment holds no clock, so neither do its exports."""
    newest = max((row.as_of for row in result.assumptions if row.as_of), default=None)
    if newest is None:
        raise Failed(f"assessment {result.id}: no input carries a date (as_of), so the months cannot be named")
    year, month = ([int(part) for part in newest[:10].split("-")] + [12])[:2]
    return date(year + month // 12, month % 12 + 1, 1)


def _payments(line: CostLine, plan: Plan) -> Payments:
    weights = _weights(line, plan)
    total = sum(weight * factor for weight, factor in zip(weights, plan.discount, strict=True))
    scale = line.mean / total if total else 0.0
    nominal = tuple(scale * weight for weight in weights)
    discounted = tuple(value * factor for value, factor in zip(nominal, plan.discount, strict=True))
    return Payments(line.name, line.phase, nominal, discounted)


def _weights(line: CostLine, plan: Plan) -> tuple[float, ...]:
    if line.phase == "one_off":
        due = plan.horizon_months if line.name in AT_THE_END else 0
        return tuple(float(month == due) for month in range(plan.horizon_months + 1))
    if line.name in WITH_DEMAND and sum(plan.demand) > 0:
        return plan.demand
    return (0.0, *(1.0 for _ in range(plan.horizon_months)))


def _central(result: Assessment, name: str) -> float:
    """Central value of an input, 0 when nothing depended on it."""
    for row in result.assumptions:
        if row.name == name:
            if isinstance(row.value, Interval):
                return row.value.p50
            if isinstance(row.value, float):
                return row.value
    if name == "requests_per_month":
        value = result.case.use_case.requests_per_month
        return value if isinstance(value, float) else value.central
    return _fallback(name)


def _fallback(name: str) -> float:
    """The catalogue's value of an input that the assessment does not list."""
    from advisor.catalog import lookup
    from advisor.catalog.load import load_catalog

    return float(lookup.parameter(load_catalog(), name).central)
