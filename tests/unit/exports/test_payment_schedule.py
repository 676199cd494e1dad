"""Cost lines laid on the months add up to the lines again."""

import math
from datetime import date

import pytest
from documents import assessment

from advisor.contracts.assessment import Assumption, CostLine
from advisor.contracts.errors import Failed
from advisor.exports.schedule import first_day, month_start, plan_of, schedule_of

RATE, GROWTH, MONTHS = 0.05, 0.2, 24


def given(name, value, as_of=None):
    return Assumption(name=name, value=value, unit="1/year", origin="given", source="the case", as_of=as_of)


@pytest.fixture
def result():
    """Two years at 5 %, demand growing by 20 % a year, newest input of November 2026."""
    found = assessment()
    case = found.case.model_copy(update={"budget": found.case.budget.model_copy(update={"horizon_months": MONTHS})})
    inputs = (
        given("discount_rate_fraction", RATE),
        given("growth_per_year_fraction", GROWTH),
        given("requests_per_month", 1000.0, "2026-11-24"),
    )
    return found.model_copy(update={"case": case, "assumptions": inputs})


def lines_of(result, *lines):
    option = result.options[0]
    cost = option.cost.model_copy(
        update={
            "lines": tuple(
                CostLine(name=name, phase=phase, p5=mean, p50=mean, p95=mean, mean=mean) for name, phase, mean in lines
            )
        }
    )
    return schedule_of(option.model_copy(update={"cost": cost}), plan_of(result))


def test_every_line_of_every_option_adds_up_to_its_discounted_mean():
    result = assessment()
    plan = plan_of(result)
    for option in result.options:
        for line, payments in zip(option.cost.lines, schedule_of(option, plan), strict=True):
            assert math.fsum(payments.discounted) == pytest.approx(line.mean)


def test_discounted_is_nominal_times_the_factor_of_the_month(result):
    """(1.05)^(-12/12) = 0.95238 at the end of month 12."""
    (line,) = lines_of(result, ("monitoring", "recurring", 500.0))
    assert line.discounted[12] / line.nominal[12] == pytest.approx(1 / 1.05)
    assert plan_of(result).discount[0] == 1.0


def test_a_level_line_pays_the_same_each_month_and_nothing_at_the_start(result):
    (line,) = lines_of(result, ("operations_staff", "recurring", 500.0))
    assert line.nominal[0] == 0.0
    assert len(line.nominal) == MONTHS + 1
    assert max(line.nominal[1:]) == pytest.approx(min(line.nominal[1:]))


def test_a_line_of_the_demand_grows_with_it(result):
    """A year later the payment is 20 % higher."""
    (line,) = lines_of(result, ("inference", "recurring", 500.0))
    assert line.nominal[13] / line.nominal[1] == pytest.approx(1 + GROWTH)


def test_one_off_lines_fall_due_at_the_start_and_leaving_at_the_end(result):
    start, end = lines_of(result, ("integration", "one_off", 300.0), ("migration_exit", "one_off", 200.0))
    assert start.nominal[0] == start.discounted[0] == 300.0
    assert sum(start.nominal[1:]) == 0.0
    assert end.discounted[MONTHS] == pytest.approx(200.0)
    assert end.nominal[MONTHS] == pytest.approx(200.0 * 1.05**2)


def test_the_plan_begins_in_the_month_after_the_newest_input(result):
    plan = plan_of(result)
    assert plan.first_day == date(2026, 12, 1)
    assert [month_start(plan, month) for month in (0, 1, 2, 14)] == [
        date(2026, 12, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
        date(2028, 1, 1),
    ]


def test_without_any_date_the_months_cannot_be_named(result):
    undated = result.model_copy(update={"assumptions": (given("requests_per_month", 1000.0),)})
    with pytest.raises(Failed, match=r"a-0123456789abcdef: no input carries a date"):
        first_day(undated)
