"""Staged paths of an assessment: pilot on an interface, then an own model when a trigger is pulled.

Enter at `staged_paths`. A path is no option of its own: it is reckoned from two options on their draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from advisor.contracts.assessment import BreakEven, InformationValue
from advisor.contracts.outlook import StagedPath
from advisor.core.cash import MONTHLY_DRAWS, Payments, payments_of
from advisor.core.sampling import Array
from advisor.core.staged import Both, Path, Timing, both_ways, plan
from advisor.core.units import MONTHS_PER_YEAR
from advisor.solve import Solved
from advisor.summaries import interval, rounded

PILOTS = ("proprietary_api", "hosted_open_api", "proprietary_api_tuned")
TARGETS = ("self_hosted_open", "fine_tune_lora", "fine_tune_full", "domain_adaptation", "from_scratch")
SHOWN = 3
SEEN_IN_PILOT = ("requests_per_month", "input_tokens", "output_tokens", "quality_", "domain_gap", "growth")
"""Inputs that running the pilot tells."""
USUALLY_SEEN = ("requests_per_month", "quality_fraction")


def staged_paths(
    solved: Solved,
    information: Sequence[InformationValue],
    crossings: Sequence[BreakEven],
    on: date,
    running_months: float,
) -> tuple[StagedPath, ...]:
    """The best pilot before the best feasible option of each kind that is run in-house; best path first.

    Paths that nothing would trigger are left out, but for one where there is no other: it says so.
    """
    ranked = solved.ranking.order
    pilots = [index for index in ranked if solved.candidates[index].kind in PILOTS and _may_pilot(solved, index)]
    targets: dict[str, int] = {}
    for index in solved.feasible_order():
        if solved.candidates[index].kind in TARGETS:
            targets.setdefault(solved.candidates[index].kind, index)
    if not pilots or not targets:
        return ()
    seen = [row.input for row in information if row.input.startswith(SEEN_IN_PILOT)] or list(USUALLY_SEEN)
    equal = {row.between: row.value for row in crossings}
    draws = min(MONTHLY_DRAWS, len(solved.demand.discount))
    start = _Start(
        pilots[0], payments_of(solved.outcomes[pilots[0]], solved.demand, draws), _fallback(solved, draws), tuple(seen)
    )
    found = [_path(solved, start, target, equal, on, running_months) for target in targets.values()]
    kept = [path for path in found if path is not None]
    ordered = sorted(kept, key=lambda path: -path.saving_over_best)
    triggered = [path for path in ordered if _has_trigger(path)]
    return tuple(triggered[:SHOWN] or ordered[:1])


@dataclass(frozen=True)
class _Start:
    """What all paths from one pilot share; of the first draws."""

    pilot: int
    payments: Payments
    fallback: Array
    seen: tuple[str, ...]


def _has_trigger(path: StagedPath) -> bool:
    return path.trigger_requests_per_month is not None or path.trigger_quality_fraction is not None


def _may_pilot(solved: Solved, index: int) -> bool:
    """A pilot may fail on its expected quality alone: measuring that is what it is for."""
    return all(gate.passed is not False or gate.rule == "quality_floor" for gate in solved.gates[index])


def _path(
    solved: Solved,
    start: _Start,
    target: int,
    equal: Mapping[tuple[str, str], float | None],
    on: date,
    running_months: float,
) -> StagedPath | None:
    pilot, draws = start.pilot, len(start.fallback)
    first, second = solved.outcomes[pilot], solved.outcomes[target]
    discount = solved.demand.discount[:draws]
    decision = int(np.ceil(first.median("months_to_value") + running_months))
    change = decision + int(np.ceil(second.median("months_to_value")))
    if change >= discount.shape[1]:
        return None
    both = both_ways(
        start.payments,
        payments_of(second, solved.demand, draws),
        pilot_exit=first.lines["migration_exit"][:draws] / discount[:, -1],
        kept=second.lines["evaluation_setup"][:draws],
        discount=discount,
        timing=Timing(decision=decision, change=change),
    )
    floor = solved.design["quality_floor_fraction"][:draws]
    found = plan(
        both,
        requests=solved.design["requests_per_month"][:draws],
        pilot_meets=first.quality[:draws] >= floor,
        target_meets=second.quality[:draws] >= floor,
        fallback=start.fallback,
        break_even_requests_per_month=equal.get((solved.candidates[pilot].id, solved.candidates[target].id)),
    )
    return _written(solved, start, target, both, found, decision, on)


def _written(
    solved: Solved,
    begun: _Start,
    target: int,
    both: Both,
    found: Path,
    decision: int,
    on: date,
) -> StagedPath:
    draws = len(begun.fallback)
    floor = solved.design["quality_floor_fraction"][:draws]
    start, goal = solved.candidates[begun.pilot], solved.candidates[target]
    best = solved.outcomes[solved.best]
    best_loss = best.total[:draws] + np.where(best.quality[:draws] >= floor, 0.0, begun.fallback)
    month = on.year * MONTHS_PER_YEAR + on.month - 1 + decision
    left = both.leaving[found.changes] if found.changes.any() else both.leaving
    stays = ("evaluation_set", "interface", "request_logs")
    return StagedPath(
        id=f"staged:{start.id}:{goal.id}",
        pilot_option_id=start.id,
        target_option_id=goal.id,
        pilot_months=float(decision),
        decision_date=f"{int(month // MONTHS_PER_YEAR):04d}-{int(month % MONTHS_PER_YEAR) + 1:02d}",
        measures=begun.seen,
        trigger_requests_per_month=(
            None if found.trigger_requests_per_month is None else rounded(found.trigger_requests_per_month, 3)
        ),
        trigger_quality_fraction=round(float(floor[0]), 3) if found.on_quality else None,
        p_triggered=round(float(found.changes.mean()), 3),
        pilot_cost=interval(both.pilot),
        exit_cost=interval(left),
        total=interval(found.total),
        p_meets_quality=round(float(found.meets_quality.mean()), 3),
        saving_over_best=rounded(round(float((best_loss - found.loss).mean()), 2)),
        stays_usable=(*stays, "retrieval_index") if start.retrieval and goal.retrieval else stays,
    )


def _fallback(solved: Solved, draws: int) -> Array:
    """Cheapest feasible option that reaches the floor, per draw; nothing where none does, as in the ranking."""
    floor = solved.design["quality_floor_fraction"][:draws]
    outcomes = [solved.outcomes[k] for k in solved.feasible_order()]
    costs = [np.where(each.quality[:draws] >= floor, each.total[:draws], np.inf) for each in outcomes]
    least = np.min(costs, axis=0)
    return np.where(np.isfinite(least), least, 0.0)
