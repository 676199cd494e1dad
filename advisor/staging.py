"""Staged paths of an assessment: pilot on an interface, then an own model when a trigger is pulled.

Enter at `staged_paths`. A path is no option of its own: it is reckoned from two options on their draws.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from advisor.contracts.assessment import BreakEven, InformationValue
from advisor.contracts.outlook import StagedPath
from advisor.core.cash import MONTHLY_DRAWS, payments_of
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
    found = [_path(solved, pilots[0], target, tuple(seen), equal, on, running_months) for target in targets.values()]
    kept = [path for path in found if path is not None]
    ordered = sorted(kept, key=lambda path: -path.saving_over_best)
    triggered = [path for path in ordered if _has_trigger(path)]
    return tuple(triggered[:SHOWN] or ordered[:1])


def _has_trigger(path: StagedPath) -> bool:
    return path.trigger_requests_per_month is not None or path.trigger_quality_fraction is not None


def _may_pilot(solved: Solved, index: int) -> bool:
    """A pilot may fail on its expected quality alone: measuring that is what it is for."""
    return all(gate.passed is not False or gate.rule == "quality_floor" for gate in solved.gates[index])


def _path(
    solved: Solved,
    pilot: int,
    target: int,
    seen: tuple[str, ...],
    equal: Mapping[tuple[str, str], float | None],
    on: date,
    running_months: float,
) -> StagedPath | None:
    first, second = solved.outcomes[pilot], solved.outcomes[target]
    draws = min(MONTHLY_DRAWS, len(solved.demand.discount))
    discount = solved.demand.discount[:draws]
    decision = int(np.ceil(first.median("months_to_value") + running_months))
    change = decision + int(np.ceil(second.median("months_to_value")))
    if change >= discount.shape[1]:
        return None
    both = both_ways(
        payments_of(first, solved.demand, draws),
        payments_of(second, solved.demand, draws),
        pilot_exit=first.lines["migration_exit"][:draws] / discount[:, -1],
        kept=second.lines["evaluation_setup"][:draws],
        discount=discount,
        timing=Timing(decision=decision, change=change),
    )
    floor = solved.design["quality_floor_fraction"][:draws]
    fallback = _fallback(solved)[:draws]
    found = plan(
        both,
        requests=solved.design["requests_per_month"][:draws],
        pilot_meets=first.quality[:draws] >= floor,
        target_meets=second.quality[:draws] >= floor,
        fallback=fallback,
        break_even_requests_per_month=equal.get((solved.candidates[pilot].id, solved.candidates[target].id)),
    )
    return _written(solved, pilot, target, both, found, fallback, decision, seen, on)


def _written(
    solved: Solved,
    pilot: int,
    target: int,
    both: Both,
    found: Path,
    fallback: Array,
    decision: int,
    seen: tuple[str, ...],
    on: date,
) -> StagedPath:
    draws = len(fallback)
    floor = solved.design["quality_floor_fraction"][:draws]
    start, goal = solved.candidates[pilot], solved.candidates[target]
    best = solved.outcomes[solved.best]
    best_loss = best.total[:draws] + np.where(best.quality[:draws] >= floor, 0.0, fallback)
    month = on.year * MONTHS_PER_YEAR + on.month - 1 + decision
    left = both.leaving[found.changes] if found.changes.any() else both.leaving
    stays = ("evaluation_set", "interface", "request_logs")
    return StagedPath(
        id=f"staged:{start.id}:{goal.id}",
        pilot_option_id=start.id,
        target_option_id=goal.id,
        pilot_months=float(decision),
        decision_date=f"{int(month // MONTHS_PER_YEAR):04d}-{int(month % MONTHS_PER_YEAR) + 1:02d}",
        measures=seen,
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


def _fallback(solved: Solved) -> Array:
    """Cheapest feasible option that reaches the floor, per draw; nothing where none does, as in the ranking."""
    floor = solved.design["quality_floor_fraction"]
    costs = [
        np.where(solved.outcomes[k].quality >= floor, solved.outcomes[k].total, np.inf) for k in solved.feasible_order()
    ]
    least = np.min(costs, axis=0)
    return np.where(np.isfinite(least), least, 0.0)
