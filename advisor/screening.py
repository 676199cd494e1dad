"""Which candidates are shown, and what stands for those that are not.

Enter at `chosen_of` and `pruned_by`. A candidate is dominated by one of its kind that is no worse in any respect and
better in one; what is dominated is not shown, the best of each kind always is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.contracts.assessment import Pruned
from advisor.contracts.outlook import Respect
from advisor.core.candidates import Candidate
from advisor.summaries import rounded

SHOWN = 18
"""Options that a reader still takes in; beyond the best of each kind, clearly better candidates fill up to it."""
CLEARLY_BETTER_FRACTION = 0.03
"""Expected quality by which a dearer candidate must lead to be shown beside the best of its kind."""
MARGIN_FRACTION = 1e-3
"""Costs, months and qualities this near count as equal."""
WORDS: dict[Respect, str] = {
    "cost": "costs less on average",
    "quality": "is expected to be better",
    "time": "is there sooner",
    "gates": "passes gates that it fails",
}
WORSE: dict[Respect, str] = {
    "cost": "cheaper",
    "quality": "better",
    "time": "sooner there",
    "gates": "through gates that the other fails",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A candidate on the screening draws."""

    option: Candidate
    cost: float
    quality: float
    months: float
    failed: frozenset[str]
    """Rules of the gates that exclude it."""

    @property
    def group(self) -> tuple[str, bool]:
        """Kind, with or without retrieval."""
        return self.option.kind, self.option.retrieval


def better_in(one: Standing, other: Standing) -> tuple[Respect, ...]:
    """The respects in which one candidate is better than the other."""
    near = 1.0 - MARGIN_FRACTION
    found: list[Respect] = []
    if one.cost < other.cost * near:
        found.append("cost")
    if one.quality * near > other.quality:
        found.append("quality")
    if one.months < other.months * near:
        found.append("time")
    if other.failed - one.failed:
        found.append("gates")
    return tuple(found)


def dominates(one: Standing, other: Standing) -> bool:
    """True when one is better in some respect and worse in none."""
    return bool(better_in(one, other)) and not better_in(other, one)


def chosen_of(standings: Sequence[Standing], order: Sequence[int], keep_ids: set[str]) -> set[int]:
    """Positions of the candidates that are shown.

    The best of each kind with and without retrieval, the best open model of the case's own domain, those in
    `keep_ids`, and, up to `SHOWN`, feasible ones that are clearly better than what is shown of their kind, at whatever
    price. Near doubles of the best are left out: they would only split its probability of being the cheapest.
    """
    first: dict[tuple[str, bool], int] = {}
    for index in order:
        first.setdefault(standings[index].group, index)
    chosen = set(first.values())
    chosen |= {index for index, each in enumerate(standings) if each.option.id in keep_ids}
    own = [index for index in order if standings[index].option.quality.is_domain_model]
    chosen |= set(sorted(own, key=lambda place: (len(standings[place].failed), -standings[place].quality))[:1])
    for index in order:
        each = standings[index]
        if len(chosen) >= SHOWN:
            break
        best = max(standings[place].quality for place in chosen if standings[place].group == each.group)
        rivals = (other for other in standings if other.group == each.group and other is not each)
        clearly = not each.failed and each.quality > best + CLEARLY_BETTER_FRACTION
        if clearly and not any(dominates(other, each) for other in rivals):
            chosen.add(index)
    return chosen


def pruned_by(standings: Sequence[Standing], order: Sequence[int], chosen: set[int], index: int) -> Pruned:
    """What stands for a candidate that is not shown: who dominates it, else the best of its kind, and in what."""
    each = standings[index]
    shown = [standings[place] for place in order if place in chosen]
    kin = [other for other in shown if other.group == each.group]
    by = next((other for other in kin if dominates(other, each)), kin[0])
    respects, despite = better_in(by, each), better_in(each, by)
    reason = f"{by.option.id} {' and '.join(WORDS[each] for each in respects) or 'does the same'}"
    if despite:
        reason += f", though this one is {' and '.join(WORSE[each] for each in despite)}"
    return Pruned(
        option_id=each.option.id,
        total_p50=rounded(each.cost),
        reason=reason,
        by=by.option.id,
        respects=respects,
        despite=despite,
    )
