"""What people cost and how long they take, by the kind of an option: no line here depends on a model or its hardware.

Enter at `labour_lines` and `months_to_value`. Candidates of one kind share them, so each is reckoned once for a design.
"""

import numpy as np
from numpy.typing import NDArray

from advisor.core.candidates import Candidate
from advisor.core.care import care_lines
from advisor.core.demand import Demand, Frame
from advisor.core.project import annotation_hours
from advisor.core.sampling import Design

Array = NDArray[np.float64]


def labour_lines(option: Candidate, x: Design, demand: Demand, frame: Frame) -> dict[str, Array]:
    """Lines of the project and of the operation that pay for work, and those of retrieval; missing ones are zero."""
    key = (
        *("labour", option.kind, option.retrieval, option.hosting is None, option.missing_fte),
        *(option.integration_input, option.operations_input, option.data_input, option.training_staff_input),
        None if option.training is None else option.training.examples_input,
    )
    return demand.once(key, lambda: _labour_lines(option, x, demand, frame))


def _labour_lines(option: Candidate, x: Design, demand: Demand, frame: Frame) -> dict[str, Array]:
    annuity = demand.annuity
    engineer, data_engineer = x["loaded_cost_per_fte_month.ml_engineer"], x["loaded_cost_per_fte_month.data_engineer"]
    operator = x["loaded_cost_per_fte_month.operations"]
    wage = x["loaded_cost_per_fte_month.annotator"] / x["productive_hours_per_fte_month"]
    lines = {"integration": x[option.integration_input] * engineer, "annotation": annotation_hours(option, x) * wage}
    if option.data_input is not None:
        lines["data_preparation"] = x[option.data_input] * (2.0 - x["cleanliness_fraction"]) * data_engineer
    if option.training_staff_input is not None:
        lines["training_staff"] = x[option.training_staff_input] * engineer
    if option.retrieval:
        lines["retrieval_setup"] = x["retrieval_fte_months"] * data_engineer
        lines["retrieval"] = x["retrieval_running_eur_per_month"] * frame.per_eur * annuity
    if option.operations_input is not None:
        lines["operations_staff"] = x[option.operations_input] * operator * annuity
    if option.kind == "status_quo":
        lines["manual_work"] = x["status_quo_cost_per_request"] * demand.discounted_requests
    else:
        lines["monitoring"] = x["monitoring_fte"] * engineer * annuity
    return lines | care_lines(option, x, annuity=annuity, end=demand.discount[:, -1])


def months_to_value(option: Candidate, x: Design, demand: Demand) -> Array:
    """Months until the first useful answer: the project, the annotation that it waits for, and hiring."""
    project = option.months_input
    if project is None:
        return demand.zero
    examples = None if option.training is None else option.training.examples_input
    key = ("months_to_value", project, examples, option.needs_hiring)
    return demand.once(key, lambda: _months_to_value(option, x[project], x, demand))


def _months_to_value(option: Candidate, project: Array, x: Design, demand: Demand) -> Array:
    annotators = np.maximum(1.0, x["annotators_fte"])
    annotation = annotation_hours(option, x) / (annotators * x["productive_hours_per_fte_month"])
    hiring = x["hiring_months"] if option.needs_hiring else demand.zero
    return project + annotation + hiring
