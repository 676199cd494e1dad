"""What a comparison means at a case's volume: money of the requests, wrong answers and what they cost, a year.

Enter at `at_volume`.
"""

from advisor.baseline.metrics import is_exact
from advisor.contracts.base import Interval
from advisor.contracts.baseline import AtVolume, BaselineReport, TargetResult
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.inputs import Setting, setting_of, three_points

MONTHS_PER_YEAR = 12


def at_volume(report: BaselineReport, case: Case, catalog: Catalog) -> tuple[AtVolume, ...]:
    """One row a target, at today's volume.

    cost = requests a month * 12 * cost of the answered items / their number, USD to the case's currency;
    wrong = requests * (1 - score);  error cost = wrong * the case's cost of an error
    units: currency a year; the score's 95 % interval gives P5 and P95 (a little too wide).
    validity: requests like the items in length and difficulty; fixed cost of an in-house service is not in it.
    """
    setting = setting_of(case, catalog)
    _, monthly, _ = three_points(case.use_case.requests_per_month)
    yearly = monthly * MONTHS_PER_YEAR
    return tuple(_row(result, report, case, yearly, setting) for result in report.results)


def _row(result: TargetResult, report: BaselineReport, case: Case, yearly: float, setting: Setting) -> AtVolume:
    score = next((score for score in result.scores if score.name == result.primary), None)
    wrong = error_cost = None
    if score is not None and is_exact(report.task):
        wrong = Interval(p5=yearly * (1 - score.high), p50=yearly * (1 - score.value), p95=yearly * (1 - score.low))
        each = case.use_case.error_cost_per_request
        if each is not None:
            low, middle, high = three_points(each)
            error_cost = Interval(p5=wrong.p5 * low, p50=wrong.p50 * middle, p95=wrong.p95 * high)
    asked = result.answered + result.refused
    known = result.cost_usd is not None and asked > 0 and not result.target.stand_in
    notes = {
        "a stand-in has no price of its own": result.target.stand_in,
        "token price alone; `advisor assess` counts hardware and people": result.target.role == "in_house",
        "the case states no cost of a wrong answer": wrong is not None and error_cost is None,
    }
    return AtVolume(
        target=result.target.name,
        requests_per_year=yearly,
        cost_per_year=yearly * float(result.cost_usd or 0.0) / asked * setting.frame.per_usd if known else None,
        currency=setting.currency,
        wrong_per_year=wrong,
        error_cost_per_year=error_cost,
        note="; ".join(text for text, holds in notes.items() if holds),
    )
