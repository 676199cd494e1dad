"""Thresholds of the gates of a case, each with its source and date.

Enter at `thresholds`. What the case states wins; the rest stands in `data/parameters/rules.yml`.
"""

from advisor.contracts.base import Amount
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.core.gates.finding import Limits, Origin, OutputTerm
from advisor.core.sampling import Input
from advisor.input_rows import citation, three_points
from advisor.inputs import Setting


def thresholds(case: Case, inputs: list[Input], setting: Setting, catalog: Catalog | None = None) -> Limits:
    """Limits of a case; without a catalogue the terms for the use of answers stay a question."""
    central = {item.name: item.central for item in inputs}
    budget, staff, data = case.budget, case.staff, case.data
    engineers, operators = _middle(staff.ml_engineers_fte), _middle(staff.operations_fte)
    return Limits(
        min_p_meets_quality=central["gate_min_p_meets_quality"],
        min_domain_tokens_adaptation=central["gate_min_domain_tokens.domain_adaptation"],
        min_training_tokens_scratch=central["gate_min_training_tokens.from_scratch"],
        quality_floor_fraction=central["quality_floor_fraction"],
        deadline_months=_middle(budget.deadline_months),
        budget_total=_middle(budget.total),
        budget_upfront=_middle(budget.upfront),
        currency=setting.currency,
        available_ml_fte=None if engineers is None else engineers + (operators or 0.0),
        domain_tokens=_middle(data.domain_tokens),
        min_months_available=central["gate_min_months_available"],
        min_examples_lora=central["gate_min_examples.fine_tune_lora"],
        min_examples_full=central["gate_min_examples.fine_tune_full"],
        labelled_examples=_middle(data.labelled_examples),
        annotators_fte=_middle(staff.annotators_fte),
        attrition_per_year_fraction=central["gate_attrition_per_year_fraction"],
        horizon_months=float(setting.frame.horizon_months),
        status_quo_cost_per_month=central["status_quo_cost_per_request"] * central["requests_per_month"],
        origins={item.name: Origin(item.source, item.as_of) for item in inputs},
        output_terms={} if catalog is None else _terms(catalog),
    )


def _terms(catalog: Catalog) -> dict[str, OutputTerm]:
    return {
        row.name: OutputTerm(row.commercial_use, row.training_use, Origin(citation(row, catalog), row.as_of))
        for row in catalog.output_terms
    }


def _middle(value: Amount | None) -> float | None:
    return None if value is None else float(three_points(value)[1])
