"""The criteria beside the money, for one assessment: scores on fixed scales, swing weights, values, turning weights.

Enter at `criteria_of`. Anchors, weights and scores of the kinds of option are parameters of the catalogue
(`criterion_*`); the case's `strategic` weights win; energy is scored from the option's own kWh per request.
"""

from collections.abc import Sequence

import numpy as np

from advisor.contracts.analysis import Criteria, CriteriaValue, CriterionRow, CriterionScore
from advisor.contracts.case import Case
from advisor.contracts.catalog import Parameter
from advisor.core.criteria import additive_value, log_score, turning_weight
from advisor.core.order import median_of
from advisor.estimate.draws import Draws
from advisor.solve import Solved
from advisor.summaries import rounded

CRITERIA = ("control", "independence", "explainability", "bias", "energy")
WH_PER_KWH = 1000.0


def criteria_of(case: Case, pool: Draws, solved: Solved) -> Criteria | None:
    """Values of the feasible options; None where only one is feasible."""
    places = solved.feasible_order()
    if len(places) < 2:
        return None
    given = {
        "control": case.strategic.model_control,
        "independence": case.strategic.vendor_independence,
        "explainability": case.strategic.explainability,
        "bias": case.strategic.bias_control,
        "energy": case.strategic.energy_saving,
    }
    weights = [
        stated if (stated := given[name]) is not None else pool.value(f"criterion_weight.{name}") for name in CRITERIA
    ]
    values = [_value(pool, solved, place, weights) for place in places]
    known = [value for value in values if value.value_0_10 is not None]
    known.sort(key=lambda value: -(value.value_0_10 or 0.0))
    total = sum(weights)
    rows = []
    for index, name in enumerate(CRITERIA):
        weight, then = _turn(known, weights, index)
        rows.append(
            CriterionRow(
                criterion=name,
                worst=_anchor(pool, name, "worst").note or name,
                best=_anchor(pool, name, "best").note or name,
                weight_0_10=weights[index],
                weight_fraction=rounded(weights[index] / total, 3) if total > 0 else 0.0,
                weight_origin="assumed" if given[name] is None else "given",
                flips_at_0_10=weight,
                first_then=then,
            )
        )
    unknown = [value for value in values if value.value_0_10 is None]
    return Criteria(rows=tuple(rows), options=(*known, *unknown))


def _anchor(pool: Draws, criterion: str, end: str) -> Parameter:
    return pool.row(f"criterion_anchor.{criterion}.{end}")


def _value(pool: Draws, solved: Solved, place: int, weights: Sequence[float]) -> CriteriaValue:
    option = solved.candidates[place]
    scores: list[float | None] = [
        _energy(pool, solved, place) if name == "energy" else pool.value(f"criterion_score.{name}.{option.kind}")
        for name in CRITERIA
    ]
    asked = [(score, weight) for score, weight in zip(scores, weights, strict=True) if weight > 0]
    stated = [score for score, _ in asked if score is not None]
    full = additive_value(stated, [weight for _, weight in asked]) if len(stated) == len(asked) else None
    return CriteriaValue(
        option_id=option.id,
        scores=tuple(
            CriterionScore(criterion=name, score_0_10=score) for name, score in zip(CRITERIA, scores, strict=True)
        ),
        value_0_10=None if full is None else rounded(full, 3),
    )


def _energy(pool: Draws, solved: Solved, place: int) -> float | None:
    """Of the median energy per request; None where it is not known."""
    kwh, requests = solved.outcomes[place].impact.kwh, solved.demand.total_requests
    if kwh is None or not bool(np.all(requests > 0)):
        return None
    wh = median_of(kwh / requests) * WH_PER_KWH
    worst, best = _anchor(pool, "energy", "worst").central, _anchor(pool, "energy", "best").central
    return rounded(log_score(wh, worst=worst, best=best), 3)


def _turn(known: Sequence[CriteriaValue], weights: Sequence[float], index: int) -> tuple[float | None, str | None]:
    """The nearest weight of one criterion at which another option comes first, and which one."""
    found: list[tuple[float, float, str]] = []
    if known:
        mine = [score.score_0_10 or 0.0 for score in known[0].scores]
        for other in known[1:]:
            weight = turning_weight(mine, [score.score_0_10 or 0.0 for score in other.scores], weights, index)
            if weight is not None:
                found.append((abs(weight - weights[index]), weight, other.option_id))
    if not found:
        return None, None
    _, weight, name = min(found)
    return rounded(weight, 3), name
