"""Differences of all pairs of targets, item by item, with what several tests and shared sources take away.

Enter at `paired_differences`.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.contracts.baseline import PairedDifference, SuiteItem
from advisor.intervals import PairedComparison, compare_pairs, holm, verdict_of


@dataclass(frozen=True)
class Scores:
    """What one target reached on each item that it did not fail on."""

    name: str
    by_item: Mapping[str, float]


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    compared: PairedComparison


def paired_differences(
    scores: Sequence[Scores], items: Sequence[SuiteItem], *, exact: bool
) -> tuple[PairedDifference, ...]:
    """Every pair with items in common, over the items that neither failed on; p adjusted over all pairs (Holm)."""
    sources = {item.id: item.source or f"item {item.id}" for item in items}
    pairs = [
        _Pair(first.name, second.name, compared)
        for first, second in itertools.combinations(scores, 2)
        if (compared := _compared(first, second, sources, exact=exact)) is not None
    ]
    adjusted = holm([pair.compared.p_value for pair in pairs])
    return tuple(_difference(pair, p) for pair, p in zip(pairs, adjusted, strict=True))


def _compared(first: Scores, second: Scores, sources: Mapping[str, str], *, exact: bool) -> PairedComparison | None:
    common = [name for name in first.by_item if name in second.by_item]
    if not common:
        return None
    return compare_pairs(
        [first.by_item[name] for name in common],
        [second.by_item[name] for name in common],
        right_or_wrong=exact,
        clusters=[sources[name] for name in common],
    )


def _difference(pair: _Pair, p_adjusted: float) -> PairedDifference:
    compared = pair.compared
    return PairedDifference(
        first=pair.first,
        second=pair.second,
        difference=compared.difference.value,
        low=compared.difference.low,
        high=compared.difference.high,
        p_value=compared.p_value,
        n=compared.n,
        verdict=verdict_of(compared.difference, p_adjusted, compared.clusters or compared.n),
        test=compared.test,
        p_adjusted=p_adjusted,
        clusters=compared.clusters,
        detectable=compared.detectable,
    )
