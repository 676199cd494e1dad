"""From a Case and the catalogue to concrete candidates of every kind.

Enter at `candidates_of`. Everything sensible is generated; `advisor.solve` screens the list and keeps the best of
each kind. Hardware is chosen per model: the cheapest accelerator that holds it and meets the latency.
"""

from datetime import date

from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.core.candidates import Candidate
from advisor.core.sampling import Input
from advisor.inputs import Setting
from advisor.options.bought import api_candidates, status_quo
from advisor.options.hosted import domain_fits, open_model_candidates
from advisor.options.scratch import from_scratch
from advisor.options.workshop import Workshop


def candidates_of(case: Case, catalog: Catalog, inputs: list[Input], setting: Setting, on: date) -> list[Candidate]:
    """All candidates of a case: status quo, bought tokens, own hosting, own training."""
    workshop = Workshop(case, catalog, inputs, setting, on)
    found = [status_quo()]
    for row in catalog.api_models:
        found += api_candidates(row, workshop, on)
    for model in catalog.base_models:
        if model.offered and model.family == "decoder" and domain_fits(model, case):
            found += open_model_candidates(model, workshop)
    found += from_scratch(workshop)
    return found
