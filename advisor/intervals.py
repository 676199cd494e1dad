"""Statistics of a comparison: Wilson interval, bootstrap, paired difference, tests, what could have been seen at all.

Enter at `wilson`, `bootstrap_mean`, `bootstrap_of_sums`, `compare_pairs` and `holm`. Pure: numbers in, numbers out,
seeds given. The comparison of endpoints and the trainer's evaluation share it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
SUM_RESAMPLES = 2_000
"""For statistics that are not a mean; the quantiles of 2,000 draws wander by some 3 % of the interval's width."""
CONFIDENCE = 0.95
MIN_PAIRS = 6
"""With fewer pairs no exact paired test reaches 5 %: even if all point one way, p is 2 * 0.5^5 = 0.0625."""
BATCH = 500
POWER = 0.8
"""Chance to see a difference of the size that is called detectable: the usual convention (Cohen 1988)."""
FLIPS = 10_000

Test = Literal["mcnemar", "sign_flip"]
Verdict = Literal["first_better", "second_better", "undecided"]


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedComparison:
    """First minus second, item by item."""

    difference: Estimate
    p_value: float
    test: Test
    n: int
    verdict: Verdict
    clusters: int | None = None
    """Groups of items that share a source and were drawn together; None: every item for itself."""
    detectable: float | None = None
    """Smallest true difference that as many items find four times of five; None where the items never differed."""


def wilson(right: float, n: int) -> Estimate:
    """Share of right answers with its score interval.

    centre = (x + z^2/2) / (n + z^2);  half = z/(n + z^2) sqrt(x (n - x)/n + z^2/4)
    units: counts -> share of one.   source: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.
    Holds for independent items; also at 0 and n right answers, where the usual formula has no width. Items that are
    shares themselves may be added up as `right`: they spread less than right and wrong ones, so it is wide enough.
    """
    if not 0 <= right <= n or n == 0:
        raise ValueError(f"0 <= right <= n and n > 0 are required, got {right} of {n}")
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    centre = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(right * (n - right) / n + z * z / 4)
    low = 0.0 if right == 0 else max(0.0, centre - half)
    high = 1.0 if right == n else min(1.0, centre + half)
    return Estimate(right / n, low, high)


def bootstrap_mean(values: Sequence[float], seed: int = 0) -> Estimate:
    """Mean with its percentile bootstrap interval over the items.

    quantiles 2.5 % and 97.5 % of the means of `RESAMPLES` samples of n items drawn with replacement
    units: those of the values.   source: Efron (1979), Ann. Stat. 7, 1-26.
    Too narrow below some 20 items; one item has no width at all.
    """
    array = np.asarray(values, float)
    if array.size == 0:
        raise ValueError("a mean needs at least one value")
    random = np.random.default_rng(seed)
    # In batches, so that a long suite does not fill the memory with resamples.
    means = np.concatenate(
        [
            array[random.integers(0, array.size, (min(BATCH, RESAMPLES - start), array.size))].mean(axis=1)
            for start in range(0, RESAMPLES, BATCH)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    mean = float(array.mean())
    # Rounding may put a quantile of equal values a hair beyond their mean.
    return Estimate(mean, min(float(low), mean), max(float(high), mean))


def resampled_sums(rows: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Column sums of `SUM_RESAMPLES` samples of the rows, drawn with replacement; the same draws for equal n."""
    random, n = np.random.default_rng(seed), len(rows)
    even = np.full(n, 1.0 / n)
    parts = [
        random.multinomial(n, even, size=min(BATCH, SUM_RESAMPLES - start)).astype(np.float64) @ rows
        for start in range(0, SUM_RESAMPLES, BATCH)
    ]
    return np.concatenate(parts)


def bootstrap_of_sums(
    rows: NDArray[np.float64], of: Callable[[NDArray[np.float64]], NDArray[np.float64]], seed: int = 0
) -> Estimate:
    """A statistic that is a function of sums over items (a ratio, F1, BLEU), with its percentile interval.

    value = of(sum of the rows); quantiles 2.5 % and 97.5 % of of(sums of a resample)
    units: those of the statistic.   source: Efron (1979), Ann. Stat. 7, 1-26.
    `of` takes a matrix, one row of sums a draw, and returns one value a row. Too narrow below some 20 items.
    """
    if len(rows) == 0:
        raise ValueError("a statistic needs at least one item")
    return interval_around(float(of(rows.sum(axis=0, keepdims=True))[0]), of(resampled_sums(rows, seed)))


def interval_around(value: float, draws: NDArray[np.float64]) -> Estimate:
    """The value with the 2.5 % and 97.5 % quantiles of its resamples."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    # Rounding, or the bias of a resampled statistic, may put a quantile beyond the value itself.
    return Estimate(value, min(float(low), value), max(float(high), value))


def mcnemar_exact(first_only: int, second_only: int) -> float:
    """Two-sided p of the exact McNemar test, from the items that exactly one of the two got right.

    p = min(1, 2 * sum_{k <= min(b, c)} C(b + c, k) / 2^(b + c))
    units: counts -> probability.   source: McNemar (1947), Psychometrika 12, 153-157, in its binomial form.
    Items that both got right, or both wrong, say nothing about which is better and are not used.
    """
    n = first_only + second_only
    tail = sum(math.comb(n, k) for k in range(min(first_only, second_only) + 1))
    return min(1.0, float(2 * tail / 2**n))


def sign_flip_p(sums: NDArray[np.float64], seed: int = 0) -> float:
    """Two-sided p of a paired difference by flipping signs at random.

    p = (1 + #{|sum s_k d_k| >= |sum d_k|}) / (1 + FLIPS), s_k = +1 or -1 with equal chance
    units: differences of items, or their sums by cluster -> probability.
    source: Fisher (1935), The Design of Experiments, section 21, drawn at random where he counted all.
    Holds where each difference is as likely to have either sign if the two are equally good.
    """
    moved = sums[sums != 0]
    if moved.size == 0:
        return 1.0
    random, seen = np.random.default_rng(seed), abs(float(moved.sum())) * (1 - 1e-12)
    at_least = 0
    for start in range(0, FLIPS, BATCH):
        signs = random.choice((-1.0, 1.0), size=(min(BATCH, FLIPS - start), moved.size))
        at_least += int((np.abs(signs @ moved) >= seen).sum())
    return (1 + at_least) / (1 + FLIPS)


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p, raised for the number of differences that were tested with it.

    in ascending order: p'_k = max(p'_{k-1}, min(1, (m - k + 1) p_k))
    units: probability.   source: Holm (1979), Scand. J. Stat. 6, 65-70.   Holds however the tests depend on each other.
    """
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def detectable_difference(sums: NDArray[np.float64], n: int) -> float | None:
    """Smallest true difference that a comparison of this size finds with the chance `POWER`.

    delta = (z_{0.975} + z_{power}) s sqrt(m) / n
    units: those of the score; s the standard deviation of the m sums by cluster (or of the m = n single differences).
    source: Miller (2024), Adding Error Bars to Evals, arXiv 2411.00640, section 5. None where no item differed.
    """
    if sums.size < 2 or not (spread := float(sums.std(ddof=1))):
        return None
    normal = NormalDist()
    quantiles = normal.inv_cdf(0.5 + CONFIDENCE / 2) + normal.inv_cdf(POWER)
    return quantiles * spread * math.sqrt(sums.size) / n


def compare_pairs(
    first: Sequence[float],
    second: Sequence[float],
    *,
    right_or_wrong: bool,
    clusters: Sequence[str] | None = None,
) -> PairedComparison:
    """Difference of two targets on the same items, in the same order.

    A verdict needs an interval without 0, at least `MIN_PAIRS` pairs and p < 5 % (exact McNemar for right/wrong
    scores, else sign flips); the bootstrap alone would call two right answers against two wrong ones a certain win.
    Items of one cluster (pages of one document, turns of one customer) are resampled and flipped together.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs are needed, got {len(first)} and {len(second)} scores")
    differences = np.asarray(first, float) - np.asarray(second, float)
    n = len(first)
    if clusters is not None and len(set(clusters)) < n:
        return _compare_clusters(differences, clusters)
    estimate = bootstrap_mean(differences.tolist())
    if right_or_wrong:
        p_value = mcnemar_exact(int((differences > 0).sum()), int((differences < 0).sum()))
    else:
        p_value = sign_flip_p(differences)
    return PairedComparison(
        estimate,
        p_value,
        "mcnemar" if right_or_wrong else "sign_flip",
        n,
        verdict_of(estimate, p_value, n),
        detectable=detectable_difference(differences, n),
    )


def _compare_clusters(differences: NDArray[np.float64], clusters: Sequence[str]) -> PairedComparison:
    names = {name: place for place, name in enumerate(dict.fromkeys(clusters))}
    rows = np.zeros((len(names), 2))
    for name, difference in zip(clusters, differences, strict=True):
        rows[names[name]] += (difference, 1.0)
    estimate = bootstrap_of_sums(rows, lambda sums: sums[:, 0] / sums[:, 1])
    p_value = sign_flip_p(rows[:, 0])
    return PairedComparison(
        estimate,
        p_value,
        "sign_flip",
        len(differences),
        verdict_of(estimate, p_value, len(names)),
        clusters=len(names),
        detectable=detectable_difference(rows[:, 0], len(differences)),
    )


def verdict_of(difference: Estimate, p_value: float | None, n: int) -> Verdict:
    """Which of two is better on a score where more is better; see `compare_pairs`."""
    open_by_test = p_value is not None and p_value >= 1 - CONFIDENCE
    if n < MIN_PAIRS or open_by_test or difference.low <= 0 <= difference.high:
        return "undecided"
    return "first_better" if difference.low > 0 else "second_better"
