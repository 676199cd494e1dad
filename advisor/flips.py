"""The smallest change that turns the choice: of one input inside its plausible range, else of two.

Enter at `flips_of`. Candidates come from a grid on some of the draws; what is told was confirmed on all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from advisor.contracts.analysis import Flip, InputChange
from advisor.core.demand import demand_of
from advisor.core.sampling import Array, Input
from advisor.rerun import Rerun
from advisor.summaries import rounded

PART = 128
"""Draws on which the grid is searched."""
STEPS = 9
RIVALS = 4
"""Options, the recommended one included, among which the grid looks for the new first one."""
TRIED = 6
"""Inputs that are searched, those whose knowledge or swing is largest."""
PAIRED = 3
"""Ends of ranges, those that leave least, of which pairs are made."""
FURTHER = (1.05, 1.5)
"""How much larger than the grid says a change is tried on all draws."""
ATTEMPTS = 3
"""Changes that are tried on all draws: each is a simulation of its own."""


@dataclass(frozen=True)
class _Side:
    """One input on its way from the centre to one end of its range."""

    item: Input
    end: float
    reach: float | None
    """Share of the way at which the choice turns, as the grid says; None: it does not."""
    left: float
    """Lead of the first option at the end."""


def flips_of(rerun: Rerun, inputs: Sequence[Input]) -> tuple[Flip, ...]:
    """The smallest single change that turns the choice, else the smallest of two; empty where none does."""
    tried = list(inputs)[:TRIED]
    if len(rerun.places) < 2 or not tried:
        return ()
    search = _Search(rerun)
    sides = search.sides(tried)
    singles = sorted((side for side in sides if side.reach is not None), key=_size)
    attempts = [((side,), min(1.0, (side.reach or 1.0) * factor)) for side in singles for factor in FURTHER]
    if not singles:
        towards = sorted(sides, key=lambda side: side.left)[:PAIRED]
        pairs = [pair for pair in combinations(towards, 2) if pair[0].item.name != pair[1].item.name]
        reached = [(pair, share) for pair in pairs if (share := search.pair(pair)) is not None]
        attempts = [(pair, share) for pair, share in sorted(reached, key=lambda found: found[1])]
    for moved, share in attempts[:ATTEMPTS]:
        found = _confirmed(rerun, moved, share)
        if found is not None:
            return (found,)
    return ()


def _size(side: _Side) -> float:
    """The move in units of the plausible range."""
    return (side.reach or 1.0) * abs(side.end - side.item.central) / (side.item.high - side.item.low)


class _Search:
    """The lead of the first option on some of the draws, as inputs move.

    D(v) = mean over draws of min over rivals (L_rival - L_best) with the input at v; the choice turns where it is
    below 0. The draws are few, so D is shifted by what they miss at the unchanged input.
    """

    def __init__(self, rerun: Rerun) -> None:
        self.rerun, self.draws = rerun, min(PART, len(rerun.known[0][0]))
        self.count = min(RIVALS, len(rerun.places))
        once = rerun.part(self.draws, 1)
        here = self._gaps(rerun.losses(once, demand_of(once, rerun.frame), self.count))[0]
        means = rerun.mean_losses({})
        self.shift = (means[1:] - means[0])[: self.count - 1] - here
        self.design = rerun.part(self.draws, STEPS)
        self.demand = demand_of(self.design, rerun.frame)

    def sides(self, tried: Sequence[Input]) -> list[_Side]:
        """Both sides of every input."""
        found = []
        for item in tried:
            values = np.linspace(item.low, item.high, STEPS)
            left = self._left({item.name: values})
            for end in (item.low, item.high):
                if end != item.central:
                    along = np.interp(np.linspace(item.central, end, STEPS), values, left)
                    found.append(_Side(item, end, _first_below(along), float(along[-1])))
        return found

    def pair(self, pair: Sequence[_Side]) -> float | None:
        """Share of the way to both ends at which the choice turns."""
        return _first_below(
            self._left({side.item.name: np.linspace(side.item.central, side.end, STEPS) for side in pair})
        )

    def _left(self, values: Mapping[str, Array]) -> Array:
        rerun = self.rerun
        changed = self.design | {name: np.repeat(steps, self.draws) for name, steps in values.items()}
        moved = rerun.by_demand & values.keys()
        demand = demand_of(changed, rerun.frame) if moved else self.demand.for_another_design()
        return np.asarray((self._gaps(rerun.losses(changed, demand, self.count)) + self.shift).min(axis=1))

    def _gaps(self, losses: Array) -> Array:
        """Mean loss of each rival over that of the first option, per block of draws; (blocks, rivals)."""
        means = losses.reshape(-1, self.draws, losses.shape[1]).mean(axis=1)
        return np.asarray(means[:, 1:] - means[:, :1])


def _first_below(along: Array) -> float | None:
    """Share of the way at which a sequence first falls below zero."""
    below = np.flatnonzero(along < 0.0)
    if not len(below):
        return None
    at = int(below[0])
    return (at - along[at] / (along[at] - along[at - 1]) if at else 1.0) / (len(along) - 1)


def _confirmed(rerun: Rerun, sides: Sequence[_Side], share: float) -> Flip | None:
    """The change at a share of the way to the ends, if all draws agree that it turns the choice."""
    changes = {side.item.name: rounded(side.item.central + share * (side.end - side.item.central)) for side in sides}
    new = int(np.argmin(rerun.mean_losses(changes)))
    if new == 0:
        return None
    return Flip(
        changes=tuple(
            InputChange(
                input=side.item.name,
                unit=side.item.unit,
                from_value=side.item.central,
                to_value=changes[side.item.name],
                range_fraction=rounded(
                    abs(changes[side.item.name] - side.item.central) / (side.item.high - side.item.low), 3
                ),
            )
            for side in sides
        ),
        new_option_id=rerun.solved.candidates[rerun.places[new]].id,
    )
