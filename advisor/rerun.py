"""The choice again, with some inputs changed: on the draws of the assessment, option by option.

Enter at `Rerun`. An option that does not ask for a changed input keeps its figures, so only the others are reckoned.
"""

from collections.abc import Mapping

import numpy as np

from advisor.core.costing import total_and_quality
from advisor.core.decide import loss
from advisor.core.demand import Demand, Frame, demand_of
from advisor.core.sampling import Array, Design
from advisor.solve import Solved, asked_by_each

FLOOR = "quality_floor_fraction"


class Rerun:
    """Losses of the feasible options with other values of some inputs; the gates stay as they were."""

    def __init__(self, solved: Solved, frame: Frame) -> None:
        self.solved, self.frame = solved, frame
        self.places = solved.feasible_order()
        candidates = [solved.candidates[k] for k in self.places]
        self.by_demand, self.asked = asked_by_each(candidates, solved.inputs, frame)
        self.known = [(solved.outcomes[k].total, solved.outcomes[k].quality) for k in self.places]

    def part(self, draws: int, copies: int) -> Design:
        """The first draws of every input that an option asks for, several copies one after the other."""
        names = set().union(*self.asked, self.by_demand, {FLOOR})
        once = {name: self.solved.design[name][:draws] for name in names}
        return once if copies == 1 else {name: np.tile(values, copies) for name, values in once.items()}

    def losses(self, design: Design, demand: Demand, count: int) -> Array:
        """Losses of the first `count` feasible options on a design; (points, options)."""
        found = [total_and_quality(self.solved.candidates[k], design, demand, self.frame) for k in self.places[:count]]
        return _losses(found, design[FLOOR])

    def mean_losses(self, changes: Mapping[str, float]) -> Array:
        """Mean loss of every feasible option, best first as before, on all draws with the changed inputs fixed."""
        design = self.part(len(self.solved.design[FLOOR]), 1)
        design.update({name: np.full_like(design[FLOOR], value) for name, value in changes.items()})
        moved = self.by_demand & changes.keys()
        demand = demand_of(design, self.frame) if moved else self.solved.demand.for_another_design()
        found = []
        for index, place in enumerate(self.places):
            if moved or self.asked[index] & changes.keys():
                found.append(total_and_quality(self.solved.candidates[place], design, demand, self.frame))
            else:
                found.append(self.known[index])
        return np.asarray(_losses(found, design[FLOOR]).mean(axis=0))


def _losses(found: list[tuple[Array, Array]], floor: Array) -> Array:
    cost = np.stack([total for total, _ in found], axis=1)
    meets = np.stack([quality >= floor for _, quality in found], axis=1)
    return loss(cost, meets, np.ones(len(found), bool))
