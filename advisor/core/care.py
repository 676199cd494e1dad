"""What every option costs beside building and running it: evaluation, security, hiring, attrition, errors, exit.

Enter at `care_lines`; the effort figures are parameters of the catalogue, most of them assumed and marked so.
"""

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import Candidate
from advisor.core.sampling import Design
from advisor.core.units import MONTHS_PER_YEAR

Array = NDArray[np.float64]
ERROR_COST = "error_cost_per_request"
"""Input that is there only where the case says what a wrong answer costs."""
OWN_MODEL_KINDS = ("fine_tune_lora", "fine_tune_full", "domain_adaptation", "from_scratch")


def care_lines(option: Candidate, x: Design, *, annuity: Array, end: Array) -> dict[str, Array]:
    """Lines of evaluation, security, hiring, attrition and exit, discounted; all zero for the work done by hand.

    evaluation = runs/year / 12 * months * expert * annuity;  attrition = rate / 12 * fte * (search + training in) *
    engineer * annuity;  exit = months * engineer * f_H;  one-off efforts = person-months * loaded cost
    units: person-months, fte, currency/fte_month, months -> currency.   source: own assumptions (people.yml).
    validity: small teams; the attrition of those who do the work by hand is in their loaded cost.
    """
    if option.kind == "status_quo":
        return {}
    engineer, operator = x["loaded_cost_per_fte_month.ml_engineer"], x["loaded_cost_per_fte_month.operations"]
    expert = x["loaded_cost_per_fte_month.domain_expert"]
    place = "self_hosted" if option.hosting is not None else "api"
    leaving = "own_model" if option.kind in OWN_MODEL_KINDS else place
    care = x["security_effort_ratio"]
    guarded_fte = x[f"security_fte.{place}"] * care
    team_fte = x["monitoring_fte"] + guarded_fte
    if option.operations_input is not None:
        team_fte = team_fte + x[option.operations_input]
    replacing = (x["hiring_cost_fte_months"] + x["onboarding_fte_months"]) * engineer
    return {
        "evaluation_setup": x["evaluation_setup_fte_months"] * expert,
        "evaluation": x["evaluations_per_year"] * x["evaluation_fte_months"] / MONTHS_PER_YEAR * expert * annuity,
        "security_setup": x[f"security_setup_fte_months.{place}"] * care * operator,
        "security_compliance": guarded_fte * operator * annuity,
        "hiring": option.missing_fte * replacing,
        "attrition": x["attrition_per_year_fraction"] / MONTHS_PER_YEAR * team_fte * replacing * annuity,
        "migration_exit": x[f"exit_fte_months.{leaving}"] * engineer * end,
    }


def error_cost(x: Design, quality: Array, discounted_requests: Array) -> Array:
    """What wrong answers cost over the horizon; zero where the case does not say what one costs.

    C = c_err * (1 - quality) * sum of requests * f
    units: currency/request, fraction, requests -> currency.   source: arithmetic.
    validity: the metric counts right answers; errors that nobody acts on are the case's to leave out of c_err.
    """
    if ERROR_COST not in x:
        return np.zeros_like(quality)
    return np.asarray(x[ERROR_COST] * (1.0 - quality) * discounted_requests)
