"""All gates of one option, in the order in which a reader asks. Enter at `gates_of`."""

from advisor.contracts.case import Case
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome
from advisor.core.gates import data, model, people, volume, worth
from advisor.core.gates.finding import Finding, Limits
from advisor.core.sampling import Design


def gates_of(case: Case, option: Candidate, outcome: Outcome, x: Design, limits: Limits) -> tuple[Finding, ...]:
    """All gates that apply to an option; the status quo passes, because it is what happens anyway."""
    if option.kind == "status_quo":
        return (Finding("status_quo", True, "status_quo"),)
    found = (
        data.residency(case, option),
        data.sensitivity(case, option),
        model.languages(case, option),
        model.licence(option),
        model.output_licence(option, limits),
        model.availability(option, limits),
        model.context(option, x, limits),
        people.staff(case, option, x, limits),
        people.deadline(outcome, limits),
        worth.budget("budget_upfront", outcome, limits.budget_upfront, limits.currency),
        worth.budget("budget_total", outcome, limits.budget_total, limits.currency),
        worth.quality_floor(option, outcome, x, limits),
        worth.latency(option, x, limits),
        worth.hardware(option, x, limits),
        volume.data_volume(case, option, x, limits),
    )
    return tuple(gate for gate in found if gate is not None)
