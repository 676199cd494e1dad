"""Expected quality: what a model's languages, its benchmark and a measurement do to it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.assess import catalog_date
from advisor.catalog.load import load_catalog
from advisor.contracts.case import Case
from advisor.core import quality
from advisor.core.costing import evaluate
from advisor.core.demand import demand_of
from advisor.core.sampling import random_design
from advisor.files import read_contract
from advisor.inputs import inputs_of, setting_of
from advisor.options.generate import candidates_of

EXAMPLE = Path(__file__).parents[3] / "data" / "examples" / "law_publisher.yaml"
DRAWS = 200


@pytest.fixture(scope="module")
def setup():
    case, catalog = read_contract(EXAMPLE, Case), load_catalog()
    setting = setting_of(case, catalog)
    inputs = inputs_of(case, catalog, setting)
    options = candidates_of(case, catalog, inputs, setting, catalog_date(catalog))
    return {option.id: option for option in options}, inputs, setting.frame


def found_quality(setup, option, **changes):
    _, inputs, frame = setup
    design = random_design(inputs, draws=DRAWS, seed=3)
    design.update(changes)
    return evaluate(option, design, demand_of(design, frame), frame).quality


def with_gap(option, share):
    return replace(option, quality=replace(option.quality, language_gap_fraction=share))


def test_half_of_the_languages_missing_costs_half_the_penalty():
    """Penalty 1.2, half missing, a third of it learned: 1.2 x 0.5 x 2/3 = 0.4."""
    assert quality.language_loss_logit(0.5, 1.2, 1 / 3) == pytest.approx(0.4)


def test_a_benchmark_shifts_by_its_lead_times_what_carries_over():
    """ln(0.8/0.2) - ln(0.5/0.5) = 1.386; a half of it carries over."""
    assert quality.evidence_logit(0.8, 0.5, 0.5) == pytest.approx(np.log(4) / 2)
    assert quality.evidence_logit(0.73, 0.73, 0.9) == pytest.approx(0.0)


@pytest.mark.parametrize("kind", ["self_hosted_open", "fine_tune_lora", "domain_adaptation", "hosted_open_api"])
def test_a_missing_language_lowers_quality_in_every_future(setup, kind):
    option = next(option for option in setup[0].values() if option.kind == kind and not option.retrieval)
    speaks, half, none = (found_quality(setup, with_gap(option, share)) for share in (0.0, 0.5, 1.0))
    assert (speaks > half).all()
    assert (half > none).all()


def test_text_for_adaptation_teaches_a_language_too(setup):
    tuned, adapted = (setup[0][f"{kind}:qwen3-8b"] for kind in ("fine_tune_full", "domain_adaptation"))
    loss = [
        np.median(found_quality(setup, option) - found_quality(setup, with_gap(option, 1.0)))
        for option in (tuned, adapted)
    ]
    assert loss[1] < loss[0]


def test_a_model_without_the_cases_language_says_so(setup):
    assert setup[0]["self_hosted_open:saullm-7b-instruct"].quality.language_gap_fraction == 1.0
    assert setup[0]["self_hosted_open:qwen3-8b"].quality.language_gap_fraction == 0.0


def test_a_better_benchmark_raises_the_expectation_and_none_leaves_it(setup):
    option = setup[0]["self_hosted_open:llama-3.3-70b-instruct"]
    plain = found_quality(setup, replace(option, quality=replace(option.quality, ability_fraction=None)))
    assert (found_quality(setup, option) > plain).all()
    same = setup[0]["self_hosted_open:mistral-small-3.2-24b-instruct"]
    none = replace(same, quality=replace(same.quality, ability_fraction=None))
    np.testing.assert_allclose(found_quality(setup, same), found_quality(setup, none), rtol=1e-12)


def test_people_know_the_language_of_their_work(setup):
    option = setup[0]["status_quo"]
    design = random_design(setup[1], draws=DRAWS, seed=3)
    np.testing.assert_allclose(found_quality(setup, option), design["quality_base_fraction.by_hand"])


def test_a_measured_quality_replaces_whatever_was_expected(setup):
    option = with_gap(setup[0]["fine_tune_lora:qwen3-8b"], 1.0)
    measured = np.full(DRAWS, 0.81)
    np.testing.assert_array_equal(found_quality(setup, option, **{option.measured_quality_input: measured}), measured)
