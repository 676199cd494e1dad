"""How firm the choice is: regret with errors, worth of measurements, influences, break-even, flips, criteria.

Enter at `analysis_of`. Everything uses the draws of the assessment, so the same seed gives the same bytes.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from advisor.beside_money import criteria_of
from advisor.contracts.analysis import Analysis, InfluenceShare, MeasurementOffer, Standing
from advisor.contracts.assessment import BreakEven
from advisor.contracts.case import Case
from advisor.core.costing import total_of
from advisor.core.demand import demand_of
from advisor.core.sampling import Array, Design
from advisor.core.sobol import total_indices
from advisor.estimate.draws import Draws
from advisor.flips import flips_of
from advisor.influences import Influence
from advisor.measures import suggested_measurement
from advisor.measuring import PREFIX, measurement_cost
from advisor.rerun import Rerun
from advisor.solve import Solved
from advisor.spreads import HELD_FIXED, break_even_spreads
from advisor.summaries import rounded

SHOWN = 8
SOBOL_DRAWS = 384
ERRORS = 2.0
"""Standard errors within which two shares count as equal."""


def analysis_of(
    case: Case,
    pool: Draws,
    rerun: Rerun,
    influence: Influence,
    crossings: Sequence[BreakEven],
    on: date,
) -> Analysis:
    """Everything beyond costs and ranks; most lists are empty with fewer than two feasible options."""
    solved, frame = rerun.solved, rerun.frame
    sobol = _sobol(rerun, influence)
    return Analysis(
        evpi=rounded(max(0.0, influence.evpi)),
        standings=_standings(solved),
        measurements=_offers(pool, solved, influence),
        sobol=sobol,
        sobol_draws=SOBOL_DRAWS if sobol else 0,
        break_even=break_even_spreads(rerun, crossings, frame, on),
        held_fixed=HELD_FIXED,
        flips=flips_of(rerun, influence.strongest),
        criteria=criteria_of(case, pool, solved),
    )


def _standings(solved: Solved) -> tuple[Standing, ...]:
    """Regret and probability of being best, with the options that cannot be told apart."""
    ranking, draws = solved.ranking, len(solved.demand.requests)
    places = solved.feasible_order()

    def equal(one: int, two: int) -> bool:
        p, q = float(ranking.p_best[one]), float(ranking.p_best[two])
        error = np.sqrt(max(0.0, p + q - (p - q) ** 2) / draws)
        return p + q > 0 and abs(p - q) <= ERRORS * error

    return tuple(
        Standing(
            option_id=solved.candidates[k].id,
            expected_regret=rounded(max(0.0, float(ranking.expected_regret[k]))),
            regret_p95=rounded(max(0.0, float(ranking.p95_regret[k]))),
            p_best=round(float(ranking.p_best[k]), 3),
            p_best_error_fraction=rounded(float(np.sqrt(ranking.p_best[k] * (1 - ranking.p_best[k]) / draws)), 2),
            equal_to=tuple(solved.candidates[j].id for j in places if j != k and equal(k, j)),
        )
        for k in places
    )


def _offers(pool: Draws, solved: Solved, influence: Influence) -> tuple[MeasurementOffer, ...]:
    """What each measurement costs and is worth, best first."""
    per_month = next(item.central for item in solved.inputs if item.name == "loaded_cost_per_fte_month.ml_engineer")
    efforts = {PREFIX + kind: value for kind, value in pool.family(PREFIX).items()}
    found = []
    for name, worth in influence.worth.items():
        cost = measurement_cost(name, efforts, per_month)
        evppi = min(worth, influence.evpi)
        if evppi > 0.0:
            found.append(
                MeasurementOffer(
                    input=name,
                    measurement=suggested_measurement(name),
                    evppi=rounded(evppi),
                    evppi_fraction=rounded(evppi / influence.evpi, 3),
                    measurement_cost=rounded(cost),
                    net_worth=rounded(evppi - cost),
                )
            )
    return tuple(sorted(found, key=lambda offer: -offer.net_worth)[:SHOWN])


def _sobol(rerun: Rerun, influence: Influence) -> tuple[InfluenceShare, ...]:
    """Total indices on (recommended minus runner-up) of the inputs whose swing is largest."""
    solved, frame = rerun.solved, rerun.frame
    names = (
        [name for name in influence.swings if name in rerun.asked[0] | rerun.asked[1]][:SHOWN] if rerun.asked else []
    )
    draws = min(SOBOL_DRAWS, len(solved.demand.requests) // 2)
    if len(rerun.places) < 2 or not names or draws < 2:
        return ()
    first, second = (solved.candidates[k] for k in rerun.places[:2])
    wanted = rerun.asked[0] | rerun.asked[1] | rerun.by_demand
    one = {name: solved.design[name][:draws] for name in wanted}
    two = {name: solved.design[name][draws : 2 * draws] for name in wanted}

    def difference(design: Design) -> Array:
        demand = demand_of(design, frame)
        return np.asarray(total_of(first, design, demand, frame) - total_of(second, design, demand, frame))

    shares = total_indices(difference, one, two, names)
    rows = [
        InfluenceShare(input=name, total_fraction=rounded(float(share), 3))
        for name, share in zip(names, shares, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: -row.total_fraction))
