"""What options share on a design changes no figure: each one alone says the same as among all the others."""

import numpy as np
import pytest

from advisor.assess import catalog_date
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.core import sampling
from advisor.core.costing import Outcome, evaluate
from advisor.core.demand import demand_of
from advisor.files import data_directory, read_contract
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of

CASES = sorted(path.name for path in (data_directory() / "examples").glob("*.yaml"))
DRAWS = 24


def figures(outcome: Outcome) -> dict[str, np.ndarray]:
    kept = {name: getattr(outcome, name) for name in ("total", "upfront", "quality", "months_to_value", "peak_devices")}
    kept |= {name: values for name, values in vars(outcome.impact).items() if isinstance(values, np.ndarray)}
    return kept | outcome.lines | {"use": outcome.monthly_use(DRAWS // 2)}


@pytest.mark.parametrize("name", CASES)
def test_an_option_alone_costs_what_it_costs_among_all_others(name):
    catalog = load_catalog()
    case = read_contract(data_directory() / "examples" / name, Case)
    setting = setting_of(case, catalog)
    inputs = inputs_of(case, catalog, setting)
    design = sampling.random_design(inputs, draws=DRAWS, seed=4)
    together = demand_of(design, setting.frame)
    for option in candidates_of(case, catalog, inputs, setting, catalog_date(catalog)):
        one = figures(evaluate(option, design, demand_of(design, setting.frame), setting.frame))
        other = figures(evaluate(option, design, together, setting.frame))
        assert one.keys() == other.keys()
        for key, values in one.items():
            np.testing.assert_array_equal(values, other[key], err_msg=f"{option.id}: {key}")


def test_a_demand_for_another_design_keeps_its_sums_and_forgets_what_options_shared():
    case = read_contract(data_directory() / "examples" / CASES[0], Case)
    setting = setting_of(case, load_catalog())
    design = sampling.central_design(inputs_of(case, load_catalog(), setting), 3)
    demand = demand_of(design, setting.frame)
    annuity = demand.annuity
    assert demand.once("figure", lambda: 1.0) == 1.0
    again = demand.for_another_design()
    assert again.annuity is annuity
    assert again.once("figure", lambda: 2.0) == 2.0
    assert demand.once("figure", lambda: 3.0) == 1.0


def test_equal_scores_keep_their_order(monkeypatch):
    scores = np.array([0.5, -1.0, 0.5, 0.0, -1.0, 0.5])
    monkeypatch.setattr(sampling, "_scores", lambda seed, name, draws: scores)
    sampling._order.cache_clear()
    try:
        assert sampling._order(1, "x", 6).tolist() == [1, 4, 3, 0, 2, 5]
    finally:
        sampling._order.cache_clear()
