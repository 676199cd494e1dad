"""What must hold for every option of a case, whatever its figures."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.assess import catalog_date
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.core.costing import Outcome, evaluate
from advisor.core.demand import Frame, demand_of
from advisor.core.sampling import central_design
from advisor.files import read_contract
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
CASES = ("law_publisher.yaml", "insurer_claims_letters.yaml")
RUNNING = ("inference", "electricity", "manual_work", "storage")
"""Lines that may depend on how many requests come; the fleet's own two depend on the busiest month."""
FLEET = ("hardware", "hardware_upkeep")
factors = st.floats(1.0, 20.0)
few = settings(max_examples=15, deadline=None)


@lru_cache
def prepared(name: str):
    """Inputs, setting and one candidate of each kind of an example."""
    case, catalog = read_contract(EXAMPLES / name, Case), load_catalog()
    setting = setting_of(case, catalog)
    inputs = inputs_of(case, catalog, setting)
    found = candidates_of(case, catalog, inputs, setting, catalog_date(catalog))
    one_each = {(option.kind, option.retrieval): option for option in found}
    return inputs, setting, list(one_each.values())


def outcomes(name: str, frame: Frame | None = None, **scales: float) -> dict[str, Outcome]:
    """Every option at central values, some inputs scaled; a scaled name ending in * covers all that begin so."""
    inputs, setting, options = prepared(name)
    design = central_design(inputs)
    for key, factor in scales.items():
        for item in inputs:
            if item.name == key or (key.endswith("_all") and item.name.startswith(key.removesuffix("_all"))):
                design[item.name] = design[item.name] * factor
    used = frame or setting.frame
    return {option.id: evaluate(option, design, demand_of(design, used), used) for option in options}


@pytest.mark.parametrize("name", CASES)
@few
@given(
    factor=factors,
    field=st.sampled_from(["input_tokens_per_request", "output_tokens_per_request", "requests_per_month"]),
)
def test_more_demand_never_costs_less(name, factor, field):
    before, after = outcomes(name), outcomes(name, **{field: factor})
    for option, outcome in before.items():
        assert after[option].total[0] >= outcome.total[0] * (1 - 1e-9)


@pytest.mark.parametrize("name", CASES)
def test_no_demand_costs_only_what_is_fixed(name):
    full, none = outcomes(name), outcomes(name, requests_per_month=0.0)
    for option, outcome in none.items():
        for line, value in outcome.lines.items():
            if line in ("inference", "electricity", "manual_work"):
                assert value[0] == 0, (option, line)
            elif line not in (*RUNNING, *FLEET):
                assert value[0] == pytest.approx(full[option].lines[line][0]), (option, line)
            else:
                assert value[0] <= full[option].lines[line][0]


@pytest.mark.parametrize("name", CASES)
@few
@given(rate=st.floats(0.1, 10.0))
def test_another_currency_scales_every_option_alike(name, rate):
    frame = prepared(name)[1].frame
    scaled = Frame(frame.horizon_months, frame.per_usd * rate, frame.per_eur * rate)
    before = outcomes(name)
    after = outcomes(name, scaled, loaded_cost_per_fte_month_all=rate, status_quo_cost_per_request=rate)
    for option, outcome in before.items():
        np.testing.assert_allclose(after[option].total, outcome.total * rate, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
@few
@given(factor=factors)
def test_dearer_electricity_never_favours_own_hosting(name, factor):
    before, after = outcomes(name), outcomes(name, electricity_price_eur_per_kwh=factor)
    for option, outcome in before.items():
        grown = after[option].total[0] - outcome.total[0]
        assert grown >= 0
        if outcome.impact.boundary != "facility":
            assert grown == 0


@pytest.mark.parametrize("name", CASES)
@few
@given(factor=st.floats(1.0, 2.0))
def test_the_facility_takes_exactly_the_servers_energy_times_pue(name, factor):
    inputs = {item.name: item.central for item in prepared(name)[0]}
    for outcome in outcomes(name, pue_ratio=factor).values():
        impact = outcome.impact
        if impact.boundary == "facility":
            np.testing.assert_allclose(impact.kwh, impact.it_kwh * inputs["pue_ratio"] * factor, rtol=1e-12)
            np.testing.assert_allclose(impact.use.it_kwh, impact.it_kwh, rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
@few
@given(factor=factors)
def test_place_and_contract_differ_by_their_factors_alone(name, factor):
    inputs = {item.name: item.central for item in prepared(name)[0]}
    ratio = inputs["grid_market_gco2e_per_kwh.DE"] / inputs["grid_gco2e_per_kwh.DE"]
    for outcome in outcomes(name, requests_per_month=factor).values():
        if outcome.impact.boundary == "facility":
            np.testing.assert_allclose(outcome.impact.market_kgco2e, outcome.impact.location_kgco2e * ratio, rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
@few
@given(factor=factors)
def test_what_was_made_grows_with_the_devices_that_are_held(name, factor):
    before, after = outcomes(name), outcomes(name, requests_per_month=factor)
    for option, outcome in before.items():
        if outcome.impact.embodied is None:
            continue
        held = after[option].impact.use.held_hours / outcome.impact.use.held_hours
        assert held[0] >= 1 - 1e-12
        np.testing.assert_allclose(after[option].impact.embodied, outcome.impact.embodied * held, rtol=1e-9)


@few
@given(factor=st.floats(1.0, 50.0))
def test_more_text_to_train_on_never_takes_fewer_hours(factor):
    before, after = outcomes("law_publisher.yaml"), outcomes("law_publisher.yaml", labelled_examples=factor)
    for option, outcome in before.items():
        assert after[option].training_hours[0] >= outcome.training_hours[0] * (1 - 1e-9)
