"""One costed candidate as the row of an Assessment: its figures as intervals, its gates and risks in words.

Enter at `option_row`.
"""

import numpy as np

from advisor.cash_flow import cash_flow
from advisor.contracts.assessment import (
    CostLine,
    Option,
    OptionCarbon,
    OptionCost,
    OptionEnergy,
    OptionQuality,
)
from advisor.contracts.base import Interval
from advisor.contracts.catalog import Catalog
from advisor.core.candidates import LINES, Candidate
from advisor.core.costing import Outcome
from advisor.core.impact import Impact
from advisor.core.sampling import Array
from advisor.gate_text import gate_of
from advisor.risks import risks_of
from advisor.solve import Problem, Solved
from advisor.summaries import interval, quantiles, rounded

_Known = dict[int | tuple[float, float, float, float], dict[str, float]]


def option_row(problem: Problem, catalog: Catalog, solved: Solved, index: int, place: int) -> Option:
    """The candidate at a position, with its place in the ranking."""
    option, outcome, ranking = solved.candidates[index], solved.outcomes[index], solved.ranking
    feasible, limits = solved.feasible(index), problem.limits
    budget = limits.budget_total
    return Option(
        id=option.id,
        kind=option.kind,
        label=option.label,
        model=option.model,
        provider=option.provider,
        retrieval=option.retrieval,
        hardware=_hardware(option, outcome),
        accelerator=option.hosting.accelerator if option.hosting is not None else None,
        accelerator_count=round(outcome.median("peak_devices")) if option.hosting is not None else None,
        feasible=feasible,
        rank=place,
        gates=tuple(gate_of(finding) for finding in solved.gates[index]),
        cost=_cost(problem, solved, outcome),
        energy=_energy(outcome.impact),
        carbon=_carbon(outcome.impact),
        time_to_value_months=interval(outcome.months_to_value, digits=3),
        quality=_quality(problem, solved, option, outcome),
        risks=risks_of(problem.case, catalog, option, outcome, solved.design, limits, problem.setting.country),
        p_best=round(float(ranking.p_best[index]), 3),
        p_within_budget=round(float(np.mean(outcome.total <= budget)), 3) if budget is not None else None,
        p_meets_quality=round(float(np.mean(outcome.quality >= solved.design["quality_floor_fraction"])), 3),
        expected_regret=rounded(max(0.0, float(ranking.expected_regret[index]))) if feasible else None,
        p95_regret=rounded(max(0.0, float(ranking.p95_regret[index]))) if feasible else None,
        cash_flow=cash_flow(outcome, solved.demand),
    )


def _cost(problem: Problem, solved: Solved, outcome: Outcome) -> OptionCost:
    requests = solved.demand.total_requests
    per_1k = np.divide(outcome.total * 1000.0, requests, out=np.zeros_like(requests), where=requests > 0)
    phases = dict(LINES)
    known: _Known = solved.demand.shared.setdefault("quantiles", {})
    return OptionCost(
        currency=problem.setting.currency,
        total=interval(outcome.total),
        upfront=interval(outcome.upfront),
        per_1k_requests=interval(per_1k),
        lines=tuple(
            CostLine(name=name, phase=phases[name], **_of_line(values, known)) for name, values in outcome.lines.items()
        ),
    )


def _of_line(values: Array, known: _Known) -> dict[str, float]:
    """Quantiles of a line; many options pay the same one, as the same array or draw by draw, so it is looked up."""
    if id(values) not in known:
        key = (float(values[0]), float(values[-1]), float(values.sum()), float(values @ values))
        known[id(values)] = known[key] = known.get(key) or quantiles(values)
    return known[id(values)]


def _energy(impact: Impact) -> OptionEnergy:
    use = impact.use
    return OptionEnergy(
        kwh=_maybe(impact.kwh),
        boundary=impact.boundary,
        it_kwh=_maybe(impact.it_kwh),
        training_it_kwh=None if use is None else interval(use.training_it_kwh),
        serving_busy_it_kwh=None if use is None else interval(use.busy_it_kwh),
        serving_idle_it_kwh=None if use is None else interval(use.idle_it_kwh),
        cooling_kwh=_maybe(impact.cooling_kwh),
        water_l=_maybe(impact.water_l),
    )


def _carbon(impact: Impact) -> OptionCarbon:
    return OptionCarbon(
        kg_co2e_location=_maybe(impact.location_kgco2e),
        kg_co2e_market=_maybe(impact.market_kgco2e),
        kg_co2e_embodied=_maybe(impact.embodied),
        sci_g_per_request=_maybe(impact.sci_g_per_request),
    )


def _maybe(values: Array | None) -> Interval | None:
    return None if values is None else interval(values)


def _quality(problem: Problem, solved: Solved, option: Candidate, outcome: Outcome) -> OptionQuality:
    wanted = problem.case.use_case.quality
    measured = option.measured_quality_input in solved.design
    return OptionQuality(
        metric=wanted.metric if wanted is not None else "human_acceptance",
        score_fraction=interval(outcome.quality, digits=3),
        floor_fraction=problem.limits.quality_floor_fraction,
        origin="measured" if measured else "assumed",
        note="measured on held-out items" if measured else _expected_from(option),
    )


def _expected_from(option: Candidate) -> str:
    """What the expectation rests on, all of it assumed."""
    model = option.quality
    if model.knows_domain:
        return "what people reach who do the work by hand"
    parts = ["model class", "domain gap"]
    parts += ["age of the model"] if model.age_years else []
    parts += ["benchmark of the model"] if model.ability_fraction is not None else []
    parts += ["languages that are not listed"] if model.language_gap_fraction else []
    parts += ["retrieval"] if option.retrieval else []
    parts += ["examples and their cleanliness"] if option.training is not None else []
    parts += ["text for adaptation"] if model.adapts_to_domain else []
    return f"assumed, until measured: {', '.join(parts)}"


def _hardware(option: Candidate, outcome: Outcome) -> str | None:
    if option.hosting is None:
        return None
    count = outcome.median("peak_devices")
    verb = "bought" if option.hosting.bought else "rented"
    if option.hosting.owned_devices >= count:
        verb = "owned"
    return f"{count:.0f} x {option.hosting.accelerator}, {verb}"
