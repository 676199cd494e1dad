"""Several comparisons, shared sources, and what a comparison of this size can find at all."""

import numpy as np
import pytest

from advisor.baseline.differences import Scores, paired_differences
from advisor.contracts.baseline import SuiteItem
from advisor.intervals import compare_pairs, detectable_difference, holm, mcnemar_exact, sign_flip_p


def items(n, sources=None):
    return [
        SuiteItem(id=str(k), messages=({"role": "user", "content": "?"},), expected="", source=sources and sources[k])
        for k in range(n)
    ]


def scores(name, values):
    return Scores(name, {str(place): float(value) for place, value in enumerate(values)})


def test_holm_raises_the_smallest_most_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_one_difference_that_alone_would_count_is_open_among_six():
    """Seven more right answers of 40: p = 0.016 alone, 0.094 among the six pairs of four targets."""
    base = [1.0] * 20 + [0.0] * 20
    better = [1.0] * 27 + [0.0] * 13
    alone = paired_differences([scores("a", better), scores("b", base)], items(40), exact=True)
    assert alone[0].verdict == "first_better" and alone[0].p_adjusted == alone[0].p_value
    same = [scores(name, base) for name in ("b", "c", "d")]
    among = paired_differences([scores("a", better), *same], items(40), exact=True)
    assert len(among) == 6
    assert among[0].p_value == pytest.approx(mcnemar_exact(7, 0)) and among[0].p_adjusted == pytest.approx(6 / 64)
    assert among[0].verdict == "undecided"


def test_ten_questions_of_one_document_are_one_piece_of_evidence():
    first, second = [1.0] * 40, [0.0] * 20 + [1.0] * 20
    free = paired_differences([scores("a", first), scores("b", second)], items(40), exact=True)[0]
    assert free.verdict == "first_better" and free.clusters is None and free.test == "mcnemar"
    sources = [f"document {k // 10}" for k in range(40)]
    tied = paired_differences([scores("a", first), scores("b", second)], items(40, sources), exact=True)[0]
    assert tied.clusters == 4 and tied.test == "sign_flip"
    assert tied.verdict == "undecided", "two documents of four say so: not enough for any test"
    assert tied.high - tied.low > free.high - free.low


def test_sources_of_one_item_each_change_nothing():
    first, second = [1.0] * 30, [0.0] * 10 + [1.0] * 20
    plain = compare_pairs(first, second, right_or_wrong=True)
    assert compare_pairs(first, second, right_or_wrong=True, clusters=[str(k) for k in range(30)]) == plain


def test_sign_flips_agree_with_counting_all_signs():
    """Of 2^6 patterns of signs, only all plus and all minus sum as far out as six equal differences."""
    assert sign_flip_p(np.ones(6)) == pytest.approx(2 / 64, abs=0.006)
    assert sign_flip_p(np.zeros(5)) == 1.0
    assert sign_flip_p(np.array([0.3, -0.3])) == 1.0


def test_the_detectable_difference_is_found_four_times_of_five():
    """Drawn a thousand times at the size that the formula names, the interval of the mean excludes 0 in 80 %."""
    random = np.random.default_rng(5)
    n, spread = 200, 0.5
    size = detectable_difference(random.normal(0, spread, n), n)
    draws = random.normal(size, spread, (1000, n))
    found = np.abs(draws.mean(axis=1)) > 1.96 * draws.std(axis=1, ddof=1) / np.sqrt(n)
    assert found.mean() == pytest.approx(0.8, abs=0.06)


def test_what_never_differed_has_no_detectable_size():
    assert compare_pairs([1.0] * 20, [1.0] * 20, right_or_wrong=True).detectable is None
