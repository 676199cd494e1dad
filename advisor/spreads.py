"""Break-even volumes over the draws: how sure a crossing is, and when the growing demand passes it.

Enter at `break_even_spreads`. The roots at central values come from `advisor.influences.break_evens`.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from advisor.contracts.analysis import BreakEvenSpread
from advisor.contracts.assessment import BreakEven
from advisor.core.costing import total_of
from advisor.core.decide import first_crossings
from advisor.core.demand import Frame, demand_of
from advisor.core.sampling import Array
from advisor.core.units import MONTHS_PER_YEAR
from advisor.rerun import Rerun
from advisor.summaries import interval, rounded

PART = 160
"""Draws in which crossings are looked for: shares to four points, P5 and P95 roughly."""
POINTS = 25
SPAN = 1e3
FEWEST = 20
"""Draws with a crossing below which no interval is told."""
HELD_FIXED = "all other inputs of the same draw; prices of today, the horizon and the growth of the case"


def break_even_spreads(
    rerun: Rerun, central: Sequence[BreakEven], frame: Frame, on: date
) -> tuple[BreakEvenSpread, ...]:
    """One row per rival that `central` names."""
    solved = rerun.solved
    by_id = {option.id: option for option in solved.candidates}
    best = solved.candidates[solved.best]
    rivals = list(dict.fromkeys(name for row in central for name in row.between if name != best.id))
    if not rivals:
        return ()
    draws = min(PART, len(rerun.known[0][0]))
    design = rerun.part(draws, POINTS)
    own = design["requests_per_month"][:draws]
    grid = np.geomspace(1.0 / SPAN, SPAN, POINTS)
    design["requests_per_month"] = (grid[:, None] * own).ravel()
    demand = demand_of(design, frame)

    def totals(name: str) -> Array:
        return total_of(by_id[name], design, demand, frame).reshape(POINTS, draws)

    mine = totals(best.id)
    return tuple(
        _row(best.id, name, [row for row in central if name in row.between], mine - totals(name), grid, rerun, on)
        for name in rivals
    )


def _row(
    best: str, rival: str, central: list[BreakEven], difference: Array, grid: Array, rerun: Rerun, on: date
) -> BreakEvenSpread:
    values = tuple(row.value for row in central if row.value is not None)
    factor, count = first_crossings(grid, difference)
    crossed = count > 0
    draws = len(count)
    volume = rerun.solved.design["requests_per_month"][:draws]
    growth = rerun.solved.design["growth_per_year_fraction"][:draws]
    roots = factor * volume
    passes = crossed & (factor > 1.0) & (growth > 0.0)
    months = np.full(draws, np.inf)
    months[passes] = np.ceil(MONTHS_PER_YEAR * np.log(factor[passes]) / np.log1p(growth[passes]))
    within = months <= rerun.frame.horizon_months
    enough = int(within.sum()) >= FEWEST
    dates = [_month(on, float(np.quantile(months[within], share))) if enough else None for share in (0.05, 0.95)]
    return BreakEvenSpread(
        between=(best, rival),
        found="none" if not values else "one" if len(values) == 1 else "several",
        values=values,
        without_crossing_fraction=rounded(float(1.0 - crossed.mean()), 3),
        several_fraction=rounded(float((count > 1).mean()), 3),
        first_requests_per_month=interval(roots[crossed], digits=3) if int(crossed.sum()) >= FEWEST else None,
        within_horizon_fraction=rounded(float(within.mean()), 3),
        date_p5=dates[0],
        date_p95=dates[1],
    )


def _month(on: date, months: float) -> str:
    index = on.year * 12 + on.month - 1 + round(months)
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
