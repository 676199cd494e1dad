"""What the choice hangs on: tornado, value of information, break-even volumes.

Enter at `influences_of` and `break_evens`. All figures are differences between options, never one option's cost.
"""

from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

import numpy as np

from advisor.contracts.assessment import BreakEven, InformationValue, SensitivityRow
from advisor.core.candidates import Candidate
from advisor.core.costing import total_of
from advisor.core.decide import crossings, information_values, loss, perfect_information_value, tornado
from advisor.core.demand import Demand, Frame, demand_of
from advisor.core.sampling import Array, Design, Input, central_design, one_at_a_time, with_values
from advisor.core.units import MONTHS_PER_YEAR
from advisor.measures import suggested_measurement
from advisor.rerun import FLOOR, Rerun
from advisor.solve import Solved
from advisor.summaries import rounded

SHOWN = 10
RIVALS = 4
VOLUME_SPAN = 1e3
"""Break-even volumes are searched from a thousandth to a thousand times the case's own volume."""
WITHOUT_MONEY = ("grid_", "water_", "embodied_", "api_energy_")
"""Inputs of the footprint alone: no choice by cost and quality hangs on them."""
NEGLIGIBLE_FRACTION = 0.01
"""Information worth less than this share of the EVPI is not listed."""


@dataclass(frozen=True)
class Influence:
    """What the choice hangs on, for further work: nothing rounded, nothing left out."""

    evpi: float
    worth: dict[str, float]
    """EVPPI by input, highest first, where it is more than noise."""
    swings: tuple[str, ...]
    """Inputs by their swing in the tornado, largest first."""
    strongest: tuple[Input, ...]
    """Inputs by EVPPI or swing, taken in turns."""
    sensitivity: tuple[SensitivityRow, ...] = ()
    information: tuple[InformationValue, ...] = ()


def influences_of(rerun: Rerun, seed: int) -> Influence:
    """Tornado on (recommended minus runner-up) and EVPPI over the feasible options; empty with fewer than two."""
    solved, frame, places = rerun.solved, rerun.frame, rerun.places
    if len(places) < 2:
        return Influence(0.0, {}, (), ())
    asked = rerun.by_demand.union(*rerun.asked, {FLOOR})
    moving = [
        item
        for item in solved.inputs
        if item.name in asked and not item.is_certain and not item.name.startswith(WITHOUT_MONEY)
    ]
    design = central_design(solved.inputs, 2 * len(moving) + 1) | one_at_a_time(moving)
    demand = demand_of(design, frame)
    first, second = (total_of(solved.candidates[k], design, demand, frame) for k in places[:2])
    effects = tornado(moving, first - second)
    rows = tuple(
        SensitivityRow(input=row.name, low_effect=rounded(row.low_effect), high_effect=rounded(row.high_effect))
        for row in effects[:SHOWN]
    )
    cost = loss(
        np.stack([solved.outcomes[k].total for k in places], axis=1),
        np.stack([solved.outcomes[k].quality >= solved.design["quality_floor_fraction"] for k in places], axis=1),
        np.ones(len(places), bool),
    )
    ceiling = perfect_information_value(cost)
    found = information_values(solved.design, cost, [item.name for item in moving], seed)
    worth = dict(sorted(found.items(), key=lambda pair: -pair[1]))
    information = tuple(
        InformationValue(input=name, evppi=rounded(value), suggested_measurement=suggested_measurement(name))
        for name, value in list(worth.items())[:SHOWN]
        if value > NEGLIGIBLE_FRACTION * ceiling
    )
    by_name = {item.name: item for item in moving}
    listed = [name for name, value in worth.items() if value > NEGLIGIBLE_FRACTION * ceiling]
    swings = tuple(effect.name for effect in effects)
    turns = dict.fromkeys(name for pair in zip_longest(listed, swings) for name in pair if name is not None)
    worth_it = {name: value for name, value in worth.items() if value > NEGLIGIBLE_FRACTION * ceiling}
    strongest = tuple(by_name[name] for name in turns)
    return Influence(ceiling, worth_it, swings, strongest, rows, information)


def break_evens(solved: Solved, frame: Frame, on: date) -> tuple[BreakEven, ...]:
    """Volumes at which the recommended option and its nearest feasible rivals cost the same."""
    places = solved.feasible_order()
    volume = next(item for item in solved.inputs if item.name == "requests_per_month")
    if len(places) < 2 or volume.central <= 0:
        return ()
    growth = next(item.central for item in solved.inputs if item.name == "growth_per_year_fraction")
    best = solved.candidates[places[0]]
    costs = _Costs(solved.inputs, frame)
    found: list[BreakEven] = []
    for place in places[1 : 1 + RIVALS]:
        found += _pair(best, solved.candidates[place], costs, volume.central, growth, frame, on)
    return tuple(found)


class _Costs:
    """Totals at central values, by volume; all rivals begin with the same ones."""

    def __init__(self, inputs: list[Input], frame: Frame) -> None:
        self._inputs, self._frame = inputs, frame
        self._known: dict[bytes, tuple[Design, Demand, dict[str, Array]]] = {}

    def total(self, option: Candidate, volumes: Array) -> Array:
        """Totals of an option."""
        key = volumes.tobytes()
        if key not in self._known:
            design = with_values(self._inputs, "requests_per_month", volumes)
            self._known[key] = design, demand_of(design, self._frame), {}
        design, demand, totals = self._known[key]
        if option.id not in totals:
            totals[option.id] = total_of(option, design, demand, self._frame)
        return totals[option.id]


def _pair(
    best: Candidate, rival: Candidate, costs: _Costs, volume: float, growth: float, frame: Frame, on: date
) -> list[BreakEven]:
    def difference(values: Array) -> Array:
        return costs.total(best, values) - costs.total(rival, values)

    low, high = volume / VOLUME_SPAN, volume * VOLUME_SPAN
    rows = [
        BreakEven(
            between=(best.id, rival.id) if crossing.second_cheaper_above else (rival.id, best.id),
            variable="requests_per_month",
            value=rounded(crossing.value, 3),
            date=_reached(crossing.value, volume, growth, frame.horizon_months, on),
            reason="capacity comes in whole replicas: the cost jumps here" if crossing.is_step else "costs cross here",
        )
        for crossing in crossings(difference, low, high)
    ]
    if rows:
        return rows
    cheaper = best if float(difference(np.array([volume]))[0]) <= 0 else rival
    reason = f"{cheaper.id} is cheaper everywhere between {low:,.4g} and {high:,.4g} requests a month"
    return [BreakEven(between=(best.id, rival.id), variable="requests_per_month", value=None, date=None, reason=reason)]


def _reached(value: float, volume: float, growth: float, horizon_months: int, on: date) -> str | None:
    """Month in which the growing demand reaches `value`; None when it is passed already, or not within the horizon."""
    if value <= volume or growth <= 0:
        return None
    months = int(np.ceil(MONTHS_PER_YEAR * np.log(value / volume) / np.log1p(growth)))
    if months > horizon_months:
        return None
    index = on.year * 12 + on.month - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"
