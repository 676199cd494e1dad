"""How far two samples are apart, and how far chance alone would put them: pure functions.

Enter at `population_stability`, `jensen_shannon`, `wilson` and `difference_of_shares`.
"""

import math
import random
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist

Counts = Mapping[Hashable, float]


def population_stability(baseline: Counts, current: Counts) -> float:
    """Distance of two distributions over the same bins.

    PSI = sum over bins of (q - p) ln(q / p), with half a count added to each bin so that an empty one is finite
    units: counts -> pure number, 0 for equal shares.
    source: Kullback and Leibler 1951 (their divergence J); as PSI: Siddiqi, Credit Risk Scorecards, 2006.
    validity: grows with the number of bins and shrinks with the samples, see `stability_by_chance`.
    """
    bins = sorted(set(baseline) | set(current), key=str)
    base = _shares(baseline, bins)
    now = _shares(current, bins)
    return sum((q - p) * math.log(q / p) for p, q in zip(base, now, strict=True))


def stability_by_chance(num_bins: int, n_baseline: int, n_current: int, confidence_fraction: float = 0.99) -> float:
    """PSI that two samples of one distribution exceed by chance in one case of a hundred.

    PSI ~ (1/n + 1/m) chi^2 with B - 1 degrees of freedom; its quantile by Wilson and Hilferty
    units: counts -> pure number.
    source: Yurdakul and Naranjo, Journal of Risk Model Validation 14(4), 2020; Wilson and Hilferty 1931.
    validity: the approximation of the quantile is within 1 % from three degrees of freedom on; for fewer it is high.
    """
    freedom = max(num_bins - 1, 1)
    z = NormalDist().inv_cdf(confidence_fraction)
    quantile = freedom * (1 - 2 / (9 * freedom) + z * math.sqrt(2 / (9 * freedom))) ** 3
    return (1 / n_baseline + 1 / n_current) * quantile


def jensen_shannon(baseline: Counts, current: Counts) -> float:
    """Distance of two distributions, 0 for equal shares and 1 where they have nothing in common.

    JSD = H((p + q) / 2) - (H(p) + H(q)) / 2 with logarithms to base 2
    units: counts -> bits.
    source: Lin, IEEE Transactions on Information Theory 37(1), 1991.
    validity: samples of rare words differ by chance; compare with `by_chance` of the same samples.
    """
    total_p, total_q = sum(baseline.values()), sum(current.values())
    found = 0.0
    for word in set(baseline) | set(current):
        p, q = baseline.get(word, 0) / total_p, current.get(word, 0) / total_q
        middle = (p + q) / 2
        found += sum(share / 2 * math.log2(share / middle) for share in (p, q) if share)
    return found


def by_chance(
    baseline: Sequence[Counter[str]], current: Sequence[Counter[str]], *, draws: int = 100, seed: int = 0
) -> float:
    """Jensen-Shannon distance that texts dealt out anew exceed in one case of twenty.

    the 95 % quantile over random divisions of all texts into groups of the two sizes
    units: counts by text -> bits.
    source: permutation test (Fisher 1935; Good, Permutation Tests, 2000).
    validity: texts are taken as independent; several of one conversation are not quite.
    """
    pool, first = [*baseline, *current], len(baseline)
    dice = random.Random(seed)
    found = []
    for _ in range(draws):
        dice.shuffle(pool)
        found.append(jensen_shannon(summed(pool[:first]), summed(pool[first:])))
    return sorted(found)[math.ceil(0.95 * draws) - 1]


def summed(texts: Sequence[Counter[str]]) -> Counter[str]:
    """Counts of all texts together."""
    whole: Counter[str] = Counter()
    for text in texts:
        whole.update(text)
    return whole


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share.

    (p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n)
    units: counts -> fractions.
    source: Wilson, Journal of the American Statistical Association 22, 1927.
    validity: independent trials; also for few of them.
    """
    share, square = hits / n, z * z / n
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / n + square / (4 * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def difference_of_shares(hits_before: int, n_before: int, hits_now: int, n_now: int) -> tuple[float, float]:
    """95 % interval of how much a share has grown.

    d -+ the Wilson bounds' distances, squared and added
    units: counts -> fractions.
    source: Newcombe, Statistics in Medicine 17, 1998, method 10.
    validity: independent samples.
    """
    before, now = hits_before / n_before, hits_now / n_now
    low_before, high_before = wilson(hits_before, n_before)
    low_now, high_now = wilson(hits_now, n_now)
    step = now - before
    return (
        step - math.hypot(now - low_now, high_before - before),
        step + math.hypot(high_now - now, before - low_before),
    )


def bins_of(values: Sequence[float], num_bins: int = 10) -> list[float]:
    """Upper edges that divide values evenly; fewer where values repeat."""
    ordered = sorted(values)
    edges = [ordered[min(len(ordered) - 1, len(ordered) * place // num_bins)] for place in range(1, num_bins)]
    return sorted(set(edges))


def binned(values: Sequence[float], edges: Sequence[float]) -> Counter[Hashable]:
    """How many values lie in each bin; every bin is there."""
    counts: Counter[Hashable] = Counter(dict.fromkeys(range(len(edges) + 1), 0))
    for value in values:
        counts[sum(value > edge for edge in edges)] += 1
    return counts


def _shares(counts: Counts, bins: Sequence[Hashable]) -> list[float]:
    total = sum(counts.values()) + 0.5 * len(bins)
    return [(counts.get(place, 0) + 0.5) / total for place in bins]
