"""Criteria beside the money: fixed scales, swing weights, an additive value.

Enter at `additive_value`, `log_score` and `turning_weight`. Scores are never rescaled to the options present, so an
option that comes or goes changes no order among the others.
"""

from collections.abc import Sequence
from math import log

SCALE = 10.0


def additive_value(scores: Sequence[float], weights: Sequence[float]) -> float:
    """Value of an option on a scale of 0 to 10.

    v = sum_i w_i s_i / sum_i w_i
    units: scores 0..10, weights of any common scale -> 0..10.   source: additive value, Keeney & Raiffa 1976.
    validity: criteria that do not depend on each other; no weight at all gives 0.
    """
    total = sum(weights)
    return sum(w * s for w, s in zip(weights, scores, strict=True)) / total if total > 0 else 0.0


def log_score(amount: float, *, worst: float, best: float) -> float:
    """An amount on the fixed scale between two anchors, every tenth of it worth the same step.

    s = 10 ln(worst / x) / ln(worst / best), kept within 0..10
    units: the anchors' unit -> 0..10.   source: definition.   validity: less is better, best < worst, both positive.
    """
    if amount <= best:
        return SCALE
    return min(SCALE, max(0.0, SCALE * log(worst / amount) / log(worst / best)))


def turning_weight(mine: Sequence[float], other: Sequence[float], weights: Sequence[float], index: int) -> float | None:
    """Weight of one criterion from which on the other option has the higher value, all other weights kept.

    w_i = -sum over j != i of w_j (m_j - o_j) / (m_i - o_i)
    units: those of the weights, 0..10.   source: linear in one weight.   validity: None outside 0..10, or never;
    at 0 itself the two are equal.
    """
    gap = mine[index] - other[index]
    if gap == 0.0:
        return None
    pairs = zip(mine, other, weights, strict=True)
    rest = sum(w * (m - o) for j, (m, o, w) in enumerate(pairs) if j != index)
    found = -rest / gap
    return found if 0.0 < found <= SCALE else None
