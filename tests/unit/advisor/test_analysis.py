"""How firm the choice is, on the worked cases: errors, information, flips that really flip, criteria, repeatability."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from advisor.analysis_text import CRITERIA, analysis_lines
from advisor.assess import assess, catalog_date
from advisor.beside_money import criteria_of
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import Assessment
from advisor.contracts.case import Case
from advisor.core.sampling import Input, overridden
from advisor.core.units import MONTHS_PER_YEAR
from advisor.files import read_contract
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of
from advisor.options.pace import central_pool
from advisor.solve import Problem, Solved, limits_of, screen, solve
from advisor.spreads import break_even_spreads

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))
DRAWS = 2000


@pytest.fixture(scope="module")
def results() -> dict[str, Assessment]:
    catalog = load_catalog()
    return {
        name: assess(read_contract(EXAMPLES / f"{name}.yaml", Case), catalog=catalog, draws=DRAWS) for name in NAMES
    }


def solved_again(name: str, changes: dict[str, float]) -> Solved:
    """The kept options once more, with some inputs given as certain."""
    case, catalog = read_contract(EXAMPLES / f"{name}.yaml", Case), load_catalog()
    setting = setting_of(case, catalog)
    prior = inputs_of(case, catalog, setting)
    problem = Problem(case, setting, limits_of(case, prior, setting), 0)
    found = candidates_of(case, catalog, prior, setting, catalog_date(catalog))
    kept, _ = screen(problem, found, prior, set())
    units = {item.name: item for item in prior}
    given = {
        key: Input(key, value, value, value, units[key].unit, "given", "test", None, units[key].is_fraction)
        for key, value in changes.items()
    }
    return solve(problem, kept, overridden(prior, given), DRAWS)


@pytest.mark.parametrize("name", NAMES)
def test_the_chosen_options_regret_is_the_value_of_perfect_information(results, name):
    """EVPI = min mean loss - mean of the least loss = expected regret of the option with the least mean loss."""
    analysis = results[name].analysis
    assert analysis.standings[0].option_id == results[name].recommendation.option_id
    assert analysis.evpi == pytest.approx(analysis.standings[0].expected_regret, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_no_measurement_is_worth_more_than_perfect_information(results, name):
    analysis = results[name].analysis
    for offer in analysis.measurements:
        assert 0.0 < offer.evppi <= analysis.evpi
        assert offer.measurement_cost > 0
        assert offer.net_worth == pytest.approx(offer.evppi - offer.measurement_cost, rel=1e-3, abs=1e-3 * offer.evppi)
    worths = [offer.net_worth for offer in analysis.measurements]
    assert worths == sorted(worths, reverse=True)


@pytest.mark.parametrize("name", NAMES)
def test_options_are_called_equal_within_two_errors_of_their_difference(results, name):
    rows = {row.option_id: row for row in results[name].analysis.standings}
    for row in rows.values():
        assert row.regret_p95 >= 0
        expected = np.sqrt(row.p_best * (1 - row.p_best) / DRAWS)
        assert row.p_best_error_fraction == pytest.approx(expected, rel=0.1, abs=5e-4)
        for other in row.equal_to:
            assert row.option_id in rows[other].equal_to
            p, q = row.p_best, rows[other].p_best
            assert abs(p - q) <= 2.0 * np.sqrt((p + q) / DRAWS) + 1e-3


def test_a_told_change_really_turns_the_choice(results):
    """Each change is given to the simulation as the case would give it; the first option must be the told one."""
    turned = 0
    for name in NAMES:
        for flip in results[name].analysis.flips:
            again = solved_again(name, {change.input: change.to_value for change in flip.changes})
            feasible = [again.candidates[k].id for k in again.feasible_order()]
            assert feasible[0] != results[name].recommendation.option_id
            assert flip.new_option_id in feasible
            for change in flip.changes:
                assert 0.0 < change.range_fraction <= 1.0
            turned += 1
    assert turned >= 2


@pytest.mark.parametrize("name", NAMES)
def test_break_even_names_none_one_or_several_as_many_as_it_lists(results, name):
    for row in results[name].analysis.break_even:
        assert row.found == {0: "none", 1: "one"}.get(len(row.values), "several")
        assert row.between[0] == results[name].recommendation.option_id
        assert row.several_fraction <= 1.0 - row.without_crossing_fraction
        assert row.within_horizon_fraction <= 1.0 - row.without_crossing_fraction
        assert (row.date_p5 is None) == (row.date_p95 is None)


def test_a_growing_demand_passes_the_crossing_in_the_told_months():
    """The crossing lies above the volume in most draws; with growth of 150 % a year many pass it in time."""
    name = "machine_builder_service_desk"
    case = read_contract(EXAMPLES / f"{name}.yaml", Case)
    fast = case.model_copy(update={"use_case": case.use_case.model_copy(update={"growth_per_year_fraction": 1.5})})
    result = assess(fast, catalog=load_catalog(), draws=DRAWS)
    dated = [row for row in result.analysis.break_even if row.date_p5 is not None]
    on = catalog_date(load_catalog())
    for row in dated:
        for month in (row.date_p5, row.date_p95):
            year, number = (int(part) for part in month.split("-"))
            ahead = (year - on.year) * int(MONTHS_PER_YEAR) + number - on.month
            assert 0 < ahead <= 36
    assert dated


def test_criteria_are_scored_on_fixed_scales_and_never_rescaled(results):
    seen: dict[tuple[str, str], set[float]] = {}
    for result in results.values():
        for option in result.analysis.criteria.options if result.analysis.criteria else ():
            kind = next(row.kind for row in result.options if row.id == option.option_id)
            for score in option.scores:
                if score.criterion != "energy":
                    seen.setdefault((kind, score.criterion), set()).add(score.score_0_10)
    assert seen
    assert all(len(values) == 1 for values in seen.values())


def test_a_case_that_weighs_one_criterion_alone_orders_by_it():
    case = read_contract(EXAMPLES / "machine_builder_service_desk.yaml", Case)
    weights = {
        "model_control": 10, "vendor_independence": 0, "explainability": 0, "bias_control": 0, "energy_saving": 0,
    }  # fmt: skip
    only = case.model_copy(update={"strategic": case.strategic.model_copy(update=weights)})
    criteria = criteria_of(only, central_pool(load_catalog()), solved_again("machine_builder_service_desk", {}))
    values = [option.value_0_10 for option in criteria.options]
    control = [option.scores[0].score_0_10 for option in criteria.options]
    assert values == control
    assert values == sorted(values, reverse=True)
    assert [row.weight_origin for row in criteria.rows] == ["given"] * 5


def test_the_same_seed_gives_the_same_analysis_byte_for_byte():
    case, catalog = read_contract(EXAMPLES / "python_help_desk.yaml", Case), load_catalog()
    one, two = (assess(case, catalog=catalog, draws=DRAWS, seed=5).model_dump_json() for _ in range(2))
    assert one == two


def test_one_feasible_option_has_nothing_to_analyse():
    case = Case.model_validate(
        {
            "name": "alone",
            "use_case": {"task": "chat", "requests_per_month": 1000},
            "budget": {"total": 0, "upfront": 0},
        }
    )
    result = assess(case, catalog=load_catalog(), draws=200)
    assert not list(analysis_lines(result, "en"))
    assert result.analysis.break_even == ()
    assert result.analysis.flips == ()


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_as_many_lines_without_each_others_words(results, name):
    english, german = (list(analysis_lines(results[name], language)) for language in ("en", "de"))
    assert len(english) == len(german) > 0
    text = " ".join(german)
    assert not any(f" {word} " in text for word in ("the", "draws", "fraction", "worth", *CRITERIA["en"].values()))


def test_spreads_ask_for_a_central_row(results):
    rerun = type("Nothing", (), {"solved": solved_again("python_help_desk", {})})()
    assert break_even_spreads(rerun, [], results["python_help_desk"], date(2026, 1, 1)) == ()
