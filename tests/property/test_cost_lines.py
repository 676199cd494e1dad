"""Lines and payments of every option: the same lines, nothing lost between them and the months."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from advisor.assess import catalog_date
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.core.candidates import LINES
from advisor.core.care import ERROR_COST
from advisor.core.cash import by_year, payments_of
from advisor.core.costing import evaluate
from advisor.core.demand import Frame, demand_of
from advisor.core.sampling import Input, central_design, random_design, with_values
from advisor.files import read_contract
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
CASES = ("law_publisher.yaml", "insurer_claims_letters.yaml")
DRAWS = 50


@lru_cache
def prepared(name: str):
    """Inputs, setting and one candidate of each kind of an example."""
    case, catalog = read_contract(EXAMPLES / name, Case), load_catalog()
    setting = setting_of(case, catalog)
    inputs = inputs_of(case, catalog, setting)
    found = candidates_of(case, catalog, inputs, setting, catalog_date(catalog))
    return inputs, setting.frame, list({(option.kind, option.retrieval): option for option in found}.values())


def outcomes(name: str, **values: float):
    """Every option on a few draws, some inputs set to one value."""
    inputs, frame, options = prepared(name)
    design = random_design(inputs, draws=DRAWS, seed=1)
    design.update({key: np.full(DRAWS, value) for key, value in values.items()})
    demand = demand_of(design, frame)
    return {option.id: (option, evaluate(option, design, demand, frame)) for option in options}, demand, design


@pytest.mark.parametrize("name", CASES)
def test_every_option_fills_the_same_lines_in_the_same_order(name):
    found, _, _ = outcomes(name)
    for _, outcome in found.values():
        assert tuple(outcome.lines) == tuple(line for line, _ in LINES)
        assert all((value >= 0).all() for value in outcome.lines.values())


@pytest.mark.parametrize("name", CASES)
def test_discounted_payments_of_every_draw_are_its_lines(name):
    found, demand, _ = outcomes(name, requests_per_month=9e4)
    factors = np.concatenate([np.ones((DRAWS, 1)), demand.discount], axis=1)
    for _, outcome in found.values():
        flow = payments_of(outcome, demand).of_draws()
        np.testing.assert_allclose((flow * factors).sum(axis=1), outcome.total, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_means_of_months_are_means_of_draws_and_years_lose_nothing(name):
    found, demand, _ = outcomes(name)
    for _, outcome in found.values():
        payments = payments_of(outcome, demand)
        np.testing.assert_allclose(payments.mean(), payments.of_draws().mean(axis=0), rtol=1e-9)
        assert by_year(payments.mean()).sum() == pytest.approx(payments.mean().sum())
        assert len(by_year(payments.mean())) == 4 if name == CASES[0] else 3


@pytest.mark.parametrize("name", CASES)
def test_means_agree_with_the_lines_of_all_draws_though_fewer_are_walked_through(name):
    found, demand, _ = outcomes(name)
    factors = np.concatenate([[1.0], demand.discount[0]])
    for _, outcome in found.values():
        flow = payments_of(outcome, demand, 20).mean()
        assert (flow * factors).sum() == pytest.approx(outcome.total.mean(), rel=1e-9)


def test_a_year_holds_twelve_months_and_the_first_also_the_start():
    """Month 0 to 25: thirteen payments, twelve, then one."""
    assert by_year(np.ones(26)).tolist() == [13, 12, 1]


def test_without_a_trend_bought_tokens_cost_todays_price_in_every_month():
    found, demand, _ = outcomes("law_publisher.yaml", token_price_change_per_year_fraction=0.0)
    falling, _, _ = outcomes("law_publisher.yaml", token_price_change_per_year_fraction=-0.2)
    rising, _, _ = outcomes("law_publisher.yaml", token_price_change_per_year_fraction=0.2)
    bought = [key for key, (option, _) in found.items() if option.offer is not None]
    assert bought
    for key in bought:
        np.testing.assert_array_equal(found[key][1].monthly_use(DRAWS), demand.requests)
        now, less, more = (each[key][1].lines["inference"] for each in (found, falling, rising))
        assert (less < now).all()
        assert (now < more).all()


def test_a_trend_of_tokens_moves_no_line_of_own_hosting():
    flat, _, _ = outcomes("law_publisher.yaml", token_price_change_per_year_fraction=0.0)
    fallen, _, _ = outcomes("law_publisher.yaml", token_price_change_per_year_fraction=-0.3)
    for key, (option, outcome) in flat.items():
        if option.offer is None:
            np.testing.assert_array_equal(fallen[key][1].total, outcome.total)


def test_errors_cost_what_the_case_says_and_nothing_where_it_is_silent():
    silent, _, _ = outcomes("law_publisher.yaml")
    told, demand, _ = outcomes("law_publisher.yaml", **{ERROR_COST: 0.5})
    for key, (_, outcome) in told.items():
        wrong = (1 - outcome.quality) * demand.discounted_requests
        np.testing.assert_allclose(outcome.lines["error_cost"], 0.5 * wrong)
        assert not silent[key][1].lines["error_cost"].any()


def test_the_reserve_and_the_trials_are_the_whole_compute_of_training():
    """Reserve 0.5 beside a development factor of 4.5: a tenth of the compute."""
    names = {"failure_reserve_ratio": 0.5, "development_factor.fine_tuning": 4.5}
    found, _, _ = outcomes("law_publisher.yaml", **names)
    tuned = [outcome for option, outcome in found.values() if option.kind == "fine_tune_lora"]
    assert tuned
    for outcome in tuned:
        np.testing.assert_allclose(outcome.lines["training_compute"], 9 * outcome.lines["failure_reserve"])


def test_people_who_are_there_need_not_be_hired():
    found, _, _ = outcomes("law_publisher.yaml")
    assert not any(outcome.lines["hiring"].any() for _, outcome in found.values())


def test_inputs_of_new_lines_say_that_they_are_assumed():
    inputs: dict[str, Input] = {item.name: item for item in prepared("law_publisher.yaml")[0]}
    for name in ("evaluation_setup_fte_months", "attrition_per_year_fraction", "exit_fte_months.api"):
        assert inputs[name].origin == "assumed"
    assert ERROR_COST not in inputs


def at_volumes(name: str, volumes: np.ndarray):
    """Total of every candidate at central values, one column a volume."""
    inputs, frame, options = prepared(name)
    design = with_values(inputs, "requests_per_month", volumes)
    demand = demand_of(design, frame)
    return {option.id: (option, evaluate(option, design, demand, frame).total) for option in options}


@pytest.mark.parametrize("name", CASES)
def test_more_volume_never_takes_from_own_hosting_what_it_has_won(name):
    """Volumes triple from 1,000 to 19 million: who hosts and is cheaper than an interface once stays so."""
    totals = at_volumes(name, 1e3 * 3.0 ** np.arange(10)).values()
    hosted = [total for option, total in totals if option.kind == "self_hosted_open"]
    bought = [total for option, total in totals if option.offer is not None]
    assert any((own < other).any() for own in hosted for other in bought)
    for own in hosted:
        for other in bought:
            won = own < other
            assert (np.diff(won.astype(int)) >= 0).all()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rate", [0.1, 0.9, 7.0])
def test_another_currency_keeps_the_ranking(name, rate):
    """Every amount in the case's currency times one rate: the order by cost stays."""
    inputs, frame, options = prepared(name)
    money = ("loaded_cost_per_fte_month", "status_quo_cost_per_request", ERROR_COST)

    def order(factor: float) -> list[str]:
        design = central_design(inputs)
        for key in design:
            if key.startswith(money):
                design[key] = design[key] * factor
        used = Frame(frame.horizon_months, frame.per_usd * factor, frame.per_eur * factor)
        demand = demand_of(design, used)
        totals = {option.id: float(evaluate(option, design, demand, used).total[0]) for option in options}
        return sorted(totals, key=lambda option: totals[option])

    assert order(rate) == order(1.0)


@pytest.mark.parametrize("name", CASES)
def test_without_demand_only_fixed_lines_are_left(name):
    found, _, _ = outcomes(name, requests_per_month=0.0, **{ERROR_COST: 2.0})
    for _, outcome in found.values():
        for line in ("inference", "electricity", "manual_work", "error_cost"):
            assert not outcome.lines[line].any()
