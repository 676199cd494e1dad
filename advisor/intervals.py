"""Statistics of a comparison: Wilson interval, bootstrap, paired difference, exact McNemar test.

Enter at `wilson`, `bootstrap_mean`, `bootstrap_of_sums` and `compare_pairs`. Pure: numbers in, numbers out, seeds
given. The comparison of endpoints and the trainer's evaluation share it.
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
    p_value: float | None
    n: int
    verdict: Verdict


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


def compare_pairs(first: Sequence[float], second: Sequence[float], *, right_or_wrong: bool) -> PairedComparison:
    """Difference of two targets on the same items, in the same order.

    A verdict needs an interval without 0, at least `MIN_PAIRS` pairs and, for right/wrong scores, p < 5 %;
    the bootstrap alone would call two right answers against two wrong ones a certain win.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs are needed, got {len(first)} and {len(second)} scores")
    differences = np.asarray(first, float) - np.asarray(second, float)
    estimate = bootstrap_mean(differences.tolist())
    p_value = None
    if right_or_wrong:
        p_value = mcnemar_exact(int((differences > 0).sum()), int((differences < 0).sum()))
    return PairedComparison(estimate, p_value, len(first), verdict_of(estimate, p_value, len(first)))


def verdict_of(difference: Estimate, p_value: float | None, n: int) -> Verdict:
    """Which of two is better on a score where more is better; see `compare_pairs`."""
    open_by_test = p_value is not None and p_value >= 1 - CONFIDENCE
    if n < MIN_PAIRS or open_by_test or difference.low <= 0 <= difference.high:
        return "undecided"
    return "first_better" if difference.low > 0 else "second_better"
