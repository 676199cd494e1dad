"""What must hold for every recommendation: residency, training with nothing to train on, volume and self-hosting."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import Assessment
from advisor.contracts.case import Case

HOSTED = ("proprietary_api", "proprietary_api_tuned", "hosted_open_api")
TASKS = ("chat", "classification", "summarization", "translation")
few = settings(max_examples=8, deadline=None)


def assessed(requests: float, task: str, **parts: object) -> Assessment:
    document = {"name": "property", "use_case": {"task": task, "requests_per_month": requests}} | parts
    return assess(Case.model_validate(document), catalog=load_catalog(), draws=300)


@few
@given(
    requests=st.floats(10, 1e7),
    task=st.sampled_from(TASKS),
    through_class=st.booleans(),
    budget=st.sampled_from([None, 1000.0, 1e7]),
)
def test_data_that_stay_on_the_premises_never_go_to_a_provider(requests, task, through_class, budget):
    data = {"residency": "on_premises"}
    if through_class:
        data = {"residency": "any", "classes": [{"name": "secret", "residency": "on_premises", "share_fraction": 0.1}]}
    result = assessed(requests, task, data=data, budget={"total": budget})
    assert result.recommendation.kind not in HOSTED
    assert not any(option.feasible for option in result.options if option.kind in HOSTED)
    assert result.nothing_feasible is None or result.nothing_feasible.cheapest.option_id not in {
        option.id for option in result.options if option.kind in HOSTED
    }


@few
@given(requests=st.floats(1, 500), task=st.sampled_from(TASKS), residency=st.sampled_from(["any", "eu", "on_premises"]))
def test_few_requests_without_data_and_staff_never_lead_to_training_from_scratch(requests, task, residency):
    result = assessed(
        requests,
        task,
        data={"residency": residency, "domain_tokens": 0, "labelled_examples": 0},
        staff={"ml_engineers_fte": 0, "can_hire": False},
    )
    assert result.recommendation.kind != "from_scratch"
    assert not any(option.feasible for option in result.options if option.kind == "from_scratch")


@pytest.mark.parametrize("task", TASKS)
def test_more_volume_never_worsens_the_cost_of_self_hosting_relative_to_tokens(task):
    """Median cost of the cheapest own hosting over that of the cheapest tokens, volumes a decade apart.

    Capacity comes in whole replicas, so a step may cost a little: two per cent are allowed.
    """
    ratios = []
    for requests in (1e3, 1e4, 1e5, 1e6, 1e7):
        result = assessed(requests, task, data={"residency": "any", "sensitivity": "internal"})
        cost = {
            kinds: min(option.cost.total.p50 for option in result.options if option.kind in kinds)
            for kinds in (("self_hosted_open",), ("proprietary_api",))
        }
        ratios.append(cost["self_hosted_open",] / cost["proprietary_api",])
    assert np.all(np.diff(ratios) <= 0.02 * np.array(ratios[:-1])), ratios
