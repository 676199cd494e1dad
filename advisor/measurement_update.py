"""What measurements moved: inputs, intervals, ranks and the recommendation.

Enter at `update_of`.
"""

from collections.abc import Mapping, Sequence

from advisor.contracts.assessment import MeasurementUpdate, MovedInput, MovedOption
from advisor.core.sampling import Input
from advisor.solve import Solved
from advisor.summaries import interval, spread_of


def update_of(before: Solved, after: Solved, measured: Mapping[str, Input], files: Sequence[str]) -> MeasurementUpdate:
    """The options without the measurements against the same ones with them."""
    priors = {item.name: spread_of(item) for item in before.inputs}
    for option, outcome in zip(before.candidates, before.outcomes, strict=True):
        priors.setdefault(option.measured_quality_input, interval(outcome.quality, digits=3))
    rank_before = {index: place for place, index in enumerate(before.ranking.order, 1)}
    options = tuple(
        MovedOption(
            option_id=after.candidates[index].id,
            rank_before=rank_before[index],
            rank_after=place,
            total_before=interval(before.outcomes[index].total),
            total_after=interval(after.outcomes[index].total),
            quality_before=interval(before.outcomes[index].quality, digits=3),
            quality_after=interval(after.outcomes[index].quality, digits=3),
            p_best_before=round(float(before.ranking.p_best[index]), 3),
            p_best_after=round(float(after.ranking.p_best[index]), 3),
        )
        for place, index in enumerate(after.ranking.order, 1)
    )
    return MeasurementUpdate(
        files=tuple(files),
        inputs=tuple(
            MovedInput(name=name, before=priors[name], after=spread_of(item), source=item.source)
            for name, item in measured.items()
        ),
        options=options,
        recommended_before=before.candidates[before.best].id,
        recommended_after=after.candidates[after.best].id,
    )
