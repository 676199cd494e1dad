"""Simulation of a set of candidates: limits, screening, draws, gates, ranking.

Enter at `screen`, which keeps the best of each kind, and `solve`, which costs and ranks the kept ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.contracts.assessment import Pruned
from advisor.contracts.case import Case
from advisor.contracts.catalog import Catalog
from advisor.core.candidates import Candidate
from advisor.core.costing import Outcome, evaluate
from advisor.core.decide import Ranking, rank
from advisor.core.demand import Demand, Frame, demand_of
from advisor.core.gates import Finding, Limits, gates_of, is_feasible
from advisor.core.sampling import Array, Design, Input, central_design, random_design
from advisor.inputs import Setting
from advisor.limits import thresholds
from advisor.screening import Standing, chosen_of, pruned_by

SCREENING_DRAWS = 400


@dataclass(frozen=True)
class Solved:
    """Everything that one pass over the options found; lists run parallel to `candidates`."""

    inputs: list[Input]
    design: Design
    demand: Demand
    candidates: list[Candidate]
    outcomes: list[Outcome]
    gates: list[tuple[Finding, ...]]
    ranking: Ranking

    @property
    def best(self) -> int:
        """Position of the recommended option."""
        return self.ranking.order[0]

    def feasible(self, index: int) -> bool:
        """True when no gate excludes the option."""
        return is_feasible(self.gates[index])

    def feasible_order(self) -> list[int]:
        """Positions of the feasible options, best first."""
        return [index for index in self.ranking.order if self.feasible(index)]


@dataclass(frozen=True)
class Problem:
    """What all passes over the options share."""

    case: Case
    setting: Setting
    limits: Limits
    seed: int


def limits_of(case: Case, inputs: list[Input], setting: Setting, catalog: Catalog | None = None) -> Limits:
    """Thresholds of the gates: from the case where it states them, else from the catalogue."""
    return thresholds(case, inputs, setting, catalog)


def solve(
    problem: Problem, candidates: Sequence[Candidate], inputs: list[Input], draws: int, *, with_impact: bool = True
) -> Solved:
    """Cost, gate and rank the candidates on one common set of draws."""
    design = random_design(inputs, draws=draws, seed=problem.seed)
    demand = demand_of(design, problem.setting.frame)
    options = [_with_hiring(option, design, problem) for option in candidates]
    frame = problem.setting.frame
    outcomes = [evaluate(option, design, demand, frame, with_impact=with_impact) for option in options]
    gates = [
        gates_of(problem.case, option, outcome, design, problem.limits)
        for option, outcome in zip(options, outcomes, strict=True)
    ]
    cost = np.stack([outcome.total for outcome in outcomes], axis=1)
    meets = np.stack([outcome.quality >= design["quality_floor_fraction"] for outcome in outcomes], axis=1)
    feasible = np.array([is_feasible(found) for found in gates])
    return Solved(inputs, design, demand, options, outcomes, gates, rank(cost, meets, feasible))


def screen(
    problem: Problem, candidates: list[Candidate], inputs: list[Input], keep_ids: set[str]
) -> tuple[list[Candidate], tuple[Pruned, ...]]:
    """Keep what `screening.chosen_of` shows; say what stands for the rest, and in which respects."""
    solved = solve(problem, candidates, inputs, SCREENING_DRAWS, with_impact=False)
    standings = [
        Standing(
            option=option,
            cost=outcome.median("total"),
            quality=outcome.median("quality"),
            months=outcome.median("months_to_value"),
            failed=frozenset(gate.rule for gate in gates if gate.passed is False),
        )
        for option, outcome, gates in zip(candidates, solved.outcomes, solved.gates, strict=True)
    ]
    order = solved.ranking.order
    chosen = chosen_of(standings, order, keep_ids)
    kept = [option for index, option in enumerate(candidates) if index in chosen]
    rest = [index for index in range(len(candidates)) if index not in chosen]
    return kept, tuple(pruned_by(standings, order, chosen, index) for index in rest)


def used_names(candidates: Sequence[Candidate], inputs: list[Input], setting: Setting) -> set[str]:
    """Names of the inputs that any of the candidates asks for; the others have no influence at all."""
    asked = asked_names(candidates, inputs, setting.frame, with_impact=True)
    by_gates = {"quality_floor_fraction", "gate_min_p_meets_quality", "ttft_ms_p95", "tpot_ms_p95"}
    measured = {option.measured_quality_input for option in candidates}
    return asked | by_gates | (measured & {item.name for item in inputs})


def asked_names(
    candidates: Sequence[Candidate], inputs: list[Input], frame: Frame, *, with_impact: bool = False
) -> set[str]:
    """Names of the inputs from which the costs and qualities of candidates, or the demand alone, are reckoned."""
    design = _Recorder(central_design(inputs))
    demand = demand_of(design, frame)
    for option in candidates:
        evaluate(option, design, demand, frame, with_impact=with_impact)
    return design.asked


def asked_by_each(
    candidates: Sequence[Candidate], inputs: list[Input], frame: Frame
) -> tuple[set[str], tuple[set[str], ...]]:
    """Names of the inputs that the demand asks for, and those for which the demand and each of the candidates do."""
    design = _Recorder(central_design(inputs))
    demand = demand_of(design, frame)
    by_demand, found = design.asked, []
    for option in candidates:
        design.asked = set(by_demand)
        evaluate(option, design, demand.for_another_design(), frame, with_impact=False)
        found.append(design.asked)
    return by_demand, tuple(found)


class _Recorder(dict[str, Array]):
    """A design that remembers which inputs were asked for."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Array:
        self.asked.add(name)
        return super().__getitem__(name)


def _with_hiring(option: Candidate, design: Design, problem: Problem) -> Candidate:
    """Mark options whose people must be hired first: their time to value waits for it."""
    have = problem.limits.available_ml_fte
    if option.staff_needed_input is None or have is None or not problem.case.staff.can_hire:
        return option
    missing = max(0.0, float(design[option.staff_needed_input][0]) - have)
    return replace(option, needs_hiring=missing > 0, missing_fte=missing)
