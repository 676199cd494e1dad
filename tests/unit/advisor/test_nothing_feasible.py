"""Contradictory cases: the answer says that nothing is feasible, what to relax and by how much, and what costs most."""

import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import Assessment
from advisor.contracts.case import Case
from advisor.report import markdown, table_text

IMPOSSIBLE = {
    "budget below every option": {"budget": {"total": 10}},
    "deadline before anything works": {"budget": {"deadline_months": 0.1}},
    "hiring later than the deadline": {
        "data": {"residency": "on_premises"},
        "staff": {"ml_engineers_fte": 0, "can_hire": True},
        "budget": {"deadline_months": 1},
    },
    "a floor that nobody reaches": {
        "use_case": {
            "task": "chat",
            "requests_per_month": 5000,
            "quality": {"floor_fraction": 1.0},
            "domain_gap_fraction": 1.0,
        }
    },
}


def assessed(parts: dict[str, object]) -> Assessment:
    document = {"name": "contradiction", "use_case": {"task": "chat", "requests_per_month": 5000}} | parts
    return assess(Case.model_validate(document), catalog=load_catalog(), draws=400)


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_contradiction_is_answered_and_named_in_both_languages(name):
    result = assessed(IMPOSSIBLE[name])
    nothing, advice = result.nothing_feasible, result.recommendation
    assert advice.verdict == "none" and advice.headline.startswith("Nothing is feasible")
    assert advice.translations[0].headline.startswith("Nichts ist zulässig")
    new = {option.id: option for option in result.options if option.kind != "status_quo"}
    assert {lift.option_id for lift in nothing.options} == set(new)
    for lift in nothing.options:
        failed = [gate for gate in new[lift.option_id].gates if gate.result == "failed"]
        assert lift.rules == tuple(gate.rule for gate in failed)
        assert lift.relaxations == tuple(gate.relaxation for gate in failed)
    assert nothing.options[0] == nothing.cheapest
    relaxed = nothing.cheapest.relaxations
    assert advice.what_would_change_it == tuple(each.text for each in relaxed)
    assert advice.translations[0].what_would_change_it == tuple(each.translations[0].text for each in relaxed)
    assert Assessment.model_validate_json(result.model_dump_json()) == result
    assert "Nothing is feasible" in table_text(result, "en") and "Nichts ist zulässig" in markdown(result, "de")


def test_the_missing_money_is_the_cheapest_option_less_the_budget():
    result = assessed(IMPOSSIBLE["budget below every option"])
    cheapest = min(option.cost.total.p50 for option in result.options if option.kind != "status_quo")
    found = result.nothing_feasible.cheapest.relaxations[0]
    assert found.condition == "budget.total" and found.unit == "EUR"
    assert found.by == pytest.approx(cheapest - 10, rel=2e-3)
    assert found.cost == found.by


def test_relaxing_what_is_named_by_how_much_is_named_makes_the_option_feasible():
    case = IMPOSSIBLE["deadline before anything works"]
    nothing = assessed(case).nothing_feasible
    assert nothing.hardest_rule == "deadline" and nothing.cheapest.rules == ("deadline",)
    needed = nothing.cheapest.relaxations[0].needed
    relaxed = assessed({"budget": {"deadline_months": needed * 1.001}})
    assert relaxed.nothing_feasible is None and relaxed.recommendation.verdict == "recommended"
    assert next(option for option in relaxed.options if option.id == nothing.cheapest.option_id).feasible
    still = assessed({"budget": {"deadline_months": needed * 0.98}})
    assert not next(option for option in still.options if option.id == nothing.cheapest.option_id).feasible


def test_a_condition_without_a_price_has_none():
    """Where the data must stay has no price, so such an option stands behind those that money can lift."""
    nothing = assessed(IMPOSSIBLE["hiring later than the deadline"]).nothing_feasible
    for lift in nothing.options:
        if "residency" in lift.rules:
            assert lift.cost is None and not lift.can_be_bought
    prices = [lift.cost is None for lift in nothing.options]
    assert prices == sorted(prices) and not prices[0]
    assert nothing.hardest_rule in ("staff", "deadline")


def test_a_case_with_a_way_says_nothing_of_the_kind():
    result = assessed({})
    assert result.nothing_feasible is None and result.recommendation.verdict == "recommended"
