"""The ten steps of the process for the recommended option, with months, people and money.

Enter at `roadmap_of`. Months add up to the option's median time to value; the money of the one-off steps adds up to
its one-off cost lines; the last step goes on for good and says what a month costs. People follow from the money of
the lines that pay for work, divided by the loaded cost of the role.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from advisor.contracts.advice import RoadmapStep, StepPeople
from advisor.contracts.assessment import Option
from advisor.core.sampling import Array, Design
from advisor.phrases import STEPS, Language
from advisor.reason_words import WORDS
from advisor.summaries import interval, rounded

MONTH_SHARES = (0.08, 0.2, 0.08, 0.1, 0.06, 0.2, 0.1, 0.06, 0.12, 0.0)
"""Share of the time to value that each of the ten steps takes; own judgement, step 10 goes on for good."""
LAST = 10
FULL_COURSE = ("domain_adaptation", "from_scratch")
TUNED = ("fine_tune_lora", "fine_tune_full", "proprietary_api_tuned")
OMITTED = {"tuned": (6,), "bought": (5, 6, 8), "status_quo": (2, 3, 4, 5, 6, 7, 8, 9)}
"""Steps that a family of options leaves out: who tunes a finished model has no training before the fine-tuning."""
TRAINING_PARTS = {"full": {5: 0.15, 6: 0.7, 8: 0.15}, "tuned": {5: 0.25, 8: 0.75}}
PARTS: dict[str, dict[int, float]] = {
    "integration": {1: 0.1, 3: 0.1, 7: 0.2, 9: 0.6},
    "data_preparation": {2: 1.0},
    "annotation": {2: 1.0},
    "hardware": {4: 1.0},
    "retrieval_setup": {2: 1.0},
    "hiring": {4: 1.0},
    "evaluation_setup": {2: 0.5, 7: 0.5},
    "security_setup": {4: 0.5, 9: 0.5},
}
"""In which steps a one-off line is spent; own judgement. A line without a row is provided for at the deployment."""
TRAINING_LINES = ("training_compute", "training_staff", "failure_reserve")
ROLE_OF_LINE = {
    "integration": "ml_engineer",
    "data_preparation": "data_engineer",
    "annotation": "annotator",
    "training_staff": "ml_engineer",
    "retrieval_setup": "data_engineer",
    "evaluation_setup": "domain_expert",
    "security_setup": "operations",
    "operations_staff": "operations",
    "monitoring": "ml_engineer",
    "evaluation": "domain_expert",
    "security_compliance": "operations",
}
"""Who does the work that a line pays for; lines without a row pay for things, or for work that others do."""
INPUTS_OF_LINE = {
    "integration": "integration_fte_months.",
    "data_preparation": "data_fte_months.",
    "annotation": "examples_needed.",
    "training_staff": "training_fte_months.",
    "training_compute": "development_factor.",
    "failure_reserve": "failure_reserve_ratio",
    "retrieval_setup": "retrieval_fte_months",
    "evaluation_setup": "evaluation_setup_fte_months",
    "security_setup": "security_setup_fte_months.",
    "hiring": "hiring_cost_fte_months",
    "migration_exit": "exit_fte_months.",
    "operations_staff": "operations_fte.",
    "monitoring": "monitoring_fte",
    "evaluation": "evaluations_per_year",
    "security_compliance": "security_fte.",
    "attrition": "attrition_per_year_fraction",
    "hardware": "purchase_usd.",
}


@dataclass(frozen=True)
class Spending:
    """The draws of the recommended option that the roadmap divides."""

    lines: Mapping[str, Array]
    """Discounted, over the horizon."""
    annuity: Array
    """Sum of the monthly discount factors."""
    horizon_months: int
    design: Design
    asked: frozenset[str]
    """Names of the inputs that the option's calculation asks for."""
    figures: dict[int, dict[str, object]] = field(default_factory=dict, compare=False, repr=False)
    """Money, people, lines and inputs by step: the same in every language."""


def roadmap_of(best: Option, spent: Spending | None, language: Language) -> tuple[RoadmapStep, ...]:
    """The steps in order; without draws (`spent` is None) they carry months alone."""
    used = steps_used(best)
    shares = [part if step in used else 0.0 for step, part in enumerate(MONTH_SHARES, 1)]
    months = months_of(shares, best.time_to_value_months.p50)
    phases = {line.name: line.phase for line in best.cost.lines}
    steps = []
    for step, (name, detail) in enumerate(STEPS[language], 1):
        text = detail if step in used else WORDS[language]["not_needed"]
        plain = RoadmapStep(step=step, title=name, months=months[step - 1], detail=text)
        if spent is not None and step in used:
            if step not in spent.figures:
                spent.figures[step] = _filled(best, phases, spent, step, months[step - 1])
            plain = plain.model_copy(update=spent.figures[step])
        steps.append(plain)
    return tuple(steps)


def steps_used(option: Option) -> tuple[int, ...]:
    """Numbers of the steps that the kind of option takes."""
    omitted = OMITTED.get(_family(option), ())
    return tuple(step for step in range(1, LAST + 1) if step not in omitted)


def months_of(shares: Iterable[float], total: float) -> list[float]:
    """`total` divided by `shares`, each to a hundredth, the last remainder in the longest step.

    m_k = total * s_k / sum(s);  months -> months.   source: none needed.
    validity: the sum is `total` to a hundredth; no share at all puts everything into the first step.
    """
    weights = list(shares)
    whole = sum(weights)
    if whole == 0 or total == 0:
        return [total if place == 0 else 0.0 for place in range(len(weights))]
    parts = [round(total * weight / whole, 2) for weight in weights]
    longest = max(range(len(parts)), key=parts.__getitem__)
    parts[longest] = round(parts[longest] + total - sum(parts), 4)
    return parts


def parts_of_line(line: str, option: Option) -> dict[int, float]:
    """The steps in which a one-off line is spent, with shares that add up to one, omitted steps left out."""
    family = _family(option)
    used = steps_used(option)
    parts = TRAINING_PARTS.get(family, {9: 1.0}) if line in TRAINING_LINES else PARTS.get(line, {9: 1.0})
    kept = {step: part for step, part in parts.items() if step in used} or {used[0]: 1.0}
    whole = sum(kept.values())
    return {step: part / whole for step, part in kept.items()}


def _family(option: Option) -> str:
    if option.kind == "status_quo":
        return "status_quo"
    if option.kind in FULL_COURSE:
        return "full"
    return "tuned" if option.kind in TUNED else "bought"


def _filled(best: Option, phases: Mapping[str, str], spent: Spending, step: int, months: float) -> dict[str, object]:
    """Money, people, lines and inputs of one step."""
    recurring = step == LAST
    amounts: dict[str, Array] = {}
    for name, values in spent.lines.items():
        if recurring and phases[name] == "recurring":
            amounts[name] = values / spent.horizon_months
        elif not recurring and phases[name] == "one_off":
            part = parts_of_line(name, best).get(step, 0.0)
            if part:
                amounts[name] = values * part
    present = {name: values for name, values in amounts.items() if float(np.abs(values).max()) > 0}
    total = np.asarray(sum(present.values(), np.zeros_like(spent.annuity)))
    return {
        "cost": interval(total),
        "cost_per": "month" if recurring else "step",
        "lines": tuple(present),
        "people": _people(present, spent, months, recurring=recurring),
        "inputs": _inputs(present, spent, best, recurring=recurring),
    }


def _people(present: Mapping[str, Array], spent: Spending, months: float, *, recurring: bool) -> tuple[StepPeople, ...]:
    """Person-months by role: money of a line of work over the loaded cost of its role."""
    by_role: dict[str, float] = {}
    for name, values in present.items():
        role = ROLE_OF_LINE.get(name)
        if role is None:
            continue
        wage = spent.design[f"loaded_cost_per_fte_month.{role}"]
        # Recurring money is discounted; the annuity brings it back to the months in which people work.
        paid = values * spent.horizon_months / spent.annuity if recurring else values
        by_role[role] = by_role.get(role, 0.0) + float(np.mean(paid / wage))
    return tuple(
        StepPeople(
            role=role,
            fte_months=rounded(amount, 3),
            fte=rounded(amount, 3) if recurring else rounded(amount / months, 3) if months > 0 else None,
        )
        for role, amount in by_role.items()
    )


def _inputs(present: Mapping[str, Array], spent: Spending, best: Option, *, recurring: bool) -> tuple[str, ...]:
    prefixes = [INPUTS_OF_LINE[name] for name in present if name in INPUTS_OF_LINE]
    prefixes += [f"loaded_cost_per_fte_month.{ROLE_OF_LINE[name]}" for name in present if name in ROLE_OF_LINE]
    if not recurring and best.kind != "status_quo":
        prefixes.append("months_to_value.")
    return tuple(sorted(name for name in spent.asked if name.startswith(tuple(prefixes)))) if prefixes else ()
