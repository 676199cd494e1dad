"""The whole assessment on the worked cases: gates, ranking, origins, measurements, repeatability."""

from pathlib import Path

import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import OPTION_KINDS, Assessment
from advisor.contracts.case import Case
from advisor.contracts.errors import BadInput, UnknownName
from advisor.files import read_contract

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
DRAWS = 1000


@pytest.fixture(scope="module")
def results() -> dict[str, Assessment]:
    catalog = load_catalog()
    return {
        name: assess(read_contract(EXAMPLES / f"{name}.yaml", Case), catalog=catalog, draws=DRAWS) for name in NAMES
    }


def _bare_case(**use_case: object) -> Case:
    return Case.model_validate({"name": "bare", "use_case": {"task": "chat", "requests_per_month": 10000, **use_case}})


def test_there_are_at_least_four_worked_cases():
    assert len(NAMES) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_each_case_answers_with_every_kind_of_option(results, name):
    kinds = {option.kind for option in results[name].options}
    assert kinds == set(OPTION_KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_each_option_is_costed_with_the_same_lines_that_sum_to_its_mean(results, name):
    options = results[name].options
    names = [line.name for line in options[0].cost.lines]
    for option in options:
        assert [line.name for line in option.cost.lines] == names
        total = sum(line.mean for line in option.cost.lines)
        assert total == pytest.approx(option.cost.total.mean, rel=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_ranks_are_consecutive_and_feasible_options_come_first(results, name):
    options = results[name].options
    assert [option.rank for option in options] == list(range(1, len(options) + 1))
    flags = [option.feasible for option in options]
    assert flags == sorted(flags, reverse=True)
    assert results[name].recommendation.option_id == options[0].id


@pytest.mark.parametrize("name", NAMES)
def test_each_gate_and_each_assumption_has_a_reason_or_a_source(results, name):
    result = results[name]
    assert all(gate.reason for option in result.options for gate in option.gates)
    assert all(row.source for row in result.assumptions)
    assert {row.origin for row in result.assumptions} >= {"given", "catalogue", "assumed"}


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_of_being_best_do_not_exceed_one(results, name):
    assert sum(option.p_best for option in results[name].options) <= 1.0 + 1e-9


def test_data_that_must_stay_on_the_premises_never_go_to_a_provider(results):
    result = results["insurer_claims_letters"]
    for option in result.options:
        if option.provider is not None:
            assert not option.feasible
            assert any(gate.rule == "residency" and gate.passed is False for gate in option.gates)
    assert result.recommendation.kind not in ("proprietary_api", "proprietary_api_tuned", "hosted_open_api")


def test_a_small_shop_is_not_told_to_train(results):
    assert results["shop_product_texts"].recommendation.kind in ("proprietary_api", "hosted_open_api", "status_quo")


def test_the_same_seed_gives_the_same_bytes():
    case, catalog = _bare_case(), load_catalog()
    one, two = (assess(case, catalog=catalog, draws=500, seed=3).model_dump_json() for _ in range(2))
    assert one == two
    assert assess(case, catalog=catalog, draws=500, seed=4).model_dump_json() != one


def test_an_assessment_survives_its_own_json(results):
    for result in results.values():
        assert Assessment.model_validate_json(result.model_dump_json()) == result


def test_a_case_of_three_fields_is_answered_and_lists_what_it_assumed():
    result = assess(_bare_case(), catalog=load_catalog(), draws=500)
    assumed = {row.name for row in result.assumptions if row.origin == "assumed"}
    assert {"input_tokens_per_request", "peak_to_mean_ratio", "domain_gap_fraction"} <= assumed
    assert any(warning.code.startswith("open_question.staff") for warning in result.warnings)


def test_no_demand_costs_fixed_lines_only():
    result = assess(_bare_case(requests_per_month=0), catalog=load_catalog(), draws=500)
    for option in result.options:
        amounts = {line.name: line.p95 for line in option.cost.lines}
        assert amounts["inference"] == 0
        assert amounts["manual_work"] == 0
        assert option.cost.per_1k_requests.p95 == 0


def test_more_requests_never_cost_less():
    catalog = load_catalog()
    small, large = (assess(_bare_case(requests_per_month=n), catalog=catalog, draws=500) for n in (1e4, 1e6))
    costs = {option.id: option.cost.total.p50 for option in small.options}
    assert costs.keys() & {option.id for option in large.options}
    for option in large.options:
        if option.id in costs:
            assert option.cost.total.p50 >= costs[option.id] * 0.999


def test_dollars_and_euros_give_the_same_order():
    catalog = load_catalog()
    orders = []
    for currency in ("EUR", "USD"):
        case = Case.model_validate(
            {
                "name": "x",
                "use_case": {"task": "extraction", "requests_per_month": 50000},
                "staff": {"country": "DE"},
                "budget": {"currency": currency},
            }
        )
        orders.append([option.id for option in assess(case, catalog=catalog, draws=500).options])
    assert orders[0] == orders[1]


def test_an_unknown_accelerator_names_the_nearest_one():
    case = Case.model_validate(
        {
            "name": "x",
            "use_case": {"task": "chat", "requests_per_month": 1},
            "hardware": {"owned": [{"accelerator": "h100-smx-80gb", "count": 2}]},
        }
    )
    with pytest.raises(UnknownName, match="did you mean"):
        assess(case, catalog=load_catalog(), draws=500)


def test_a_country_without_salaries_is_an_error_and_not_germany():
    case = Case.model_validate(
        {"name": "x", "use_case": {"task": "chat", "requests_per_month": 1}, "staff": {"country": "ZZ"}}
    )
    with pytest.raises(BadInput, match="ZZ"):
        assess(case, catalog=load_catalog(), draws=500)


def test_german_texts_say_the_same_figures(results):
    for result in results.values():
        german = result.recommendation.translations[0]
        assert german.language == "de"
        assert len(german.reasons) == len(result.recommendation.reasons)
        assert len(german.roadmap) == 10
        assert "Monate" in german.headline


def test_an_excluded_option_has_no_regret_and_no_chance_to_be_best(results):
    for result in results.values():
        for option in result.options:
            if not option.feasible:
                assert option.p_best == 0
                assert option.expected_regret is None


def test_a_bought_fleet_of_linked_parts_comes_in_whole_servers(results):
    """The insurer keeps everything on its premises: eight A100 a server, never three."""
    found = [option for option in results["insurer_claims_letters"].options if option.accelerator == "a100-sxm-80gb"]
    assert found
    for option in found:
        count = int(option.hardware.split(" x ")[0])
        assert count % 8 == 0
        assert "bought" in option.hardware
