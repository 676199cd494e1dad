"""Gates on people and time: who is there, who can be hired before the deadline, who leaves; and the deadline itself.

Enter at `staff` and `deadline`.
"""

from advisor.contracts.case import Case
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome
from advisor.core.gates.finding import OWN_CASE, Evidence, Finding, Lift, Limits, Money, Value
from advisor.core.sampling import Design, median_in
from advisor.core.units import MONTHS_PER_YEAR


def staff(case: Case, option: Candidate, x: Design, limits: Limits) -> Finding | None:
    """Whether the people are there, or can be hired in time and kept."""
    if option.staff_needed_input is None:
        return None
    needed, have = float(x[option.staff_needed_input][0]), limits.available_ml_fte
    origin = limits.origin(option.staff_needed_input)
    evidence = [Evidence("staff.ml_engineers_fte", have, needed, "fte", origin.source, origin.as_of)]
    values: dict[str, Value] = {"needed": needed, "have": have}
    if have is None:
        return Finding("staff", None, "staff_unknown", values, tuple(evidence))
    missing = max(0.0, needed - have)
    if missing == 0:
        return _kept(case, limits, needed, have, evidence)
    cost = missing * median_in(x, "loaded_cost_per_fte_month.ml_engineer") * limits.horizon_months
    lift = Lift("staff.ml_engineers_fte", have, needed, "fte", cost, {**values, "cost": Money(cost, limits.currency)})
    if case.staff.can_hire is None:
        return Finding("staff", None, "staff_ask", values, tuple(evidence))
    if not case.staff.can_hire:
        return Finding("staff", False, "staff_missing", values, tuple(evidence), lift)
    hiring = median_in(x, "hiring_months")
    origin = limits.origin("hiring_months")
    evidence.append(Evidence("hiring_months", hiring, limits.deadline_months, "months", origin.source, origin.as_of))
    values["hiring"] = hiring
    if limits.deadline_months is not None and hiring > limits.deadline_months:
        late: dict[str, Value] = {**values, "deadline": limits.deadline_months}
        lift = Lift(
            "budget.deadline_months",
            float(limits.deadline_months),
            hiring,
            "months",
            _waiting(hiring - limits.deadline_months, limits),
            late,
            "staff_late",
        )
        return Finding("staff", False, "staff_late", late, tuple(evidence), lift)
    return Finding("staff", True, "staff_hire", values, tuple(evidence))


def _kept(case: Case, limits: Limits, needed: float, have: float, evidence: list[Evidence]) -> Finding:
    """People leave: where nobody may be hired, it is a question who comes after them."""
    rate, years = limits.attrition_per_year_fraction, limits.horizon_months / MONTHS_PER_YEAR
    left = have * (1.0 - rate) ** years
    origin = limits.origin("gate_attrition_per_year_fraction")
    evidence.append(Evidence("attrition_per_year_fraction", rate, None, "1/year", origin.source, origin.as_of))
    values: dict[str, Value] = {"needed": needed, "have": have, "left": left, "months": limits.horizon_months}
    if left < needed and case.staff.can_hire is False:
        return Finding("staff", None, "staff_leaves", values, tuple(evidence))
    return Finding("staff", True, "staff", values, tuple(evidence))


def deadline(outcome: Outcome, limits: Limits) -> Finding | None:
    """Whether the first useful answer comes in time; hiring and annotation are part of the months."""
    wanted = limits.deadline_months
    if wanted is None:
        return None
    months = outcome.median("months_to_value")
    values: dict[str, Value] = {"months": months, "wanted": float(wanted)}
    evidence = (Evidence("months_to_value", months, float(wanted), "months", OWN_CASE),)
    if months <= wanted:
        return Finding("deadline", True, "deadline", values, evidence)
    lift = Lift("budget.deadline_months", float(wanted), months, "months", _waiting(months - wanted, limits), values)
    return Finding("deadline", False, "deadline", values, evidence, lift)


def _waiting(months: float, limits: Limits) -> float | None:
    monthly = limits.status_quo_cost_per_month
    return None if monthly is None else months * monthly
