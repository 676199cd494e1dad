"""Which candidates are shown, and what stands for the others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.assess import assess
from advisor.catalog.load import load_catalog
from advisor.contracts.assessment import OPTION_KINDS
from advisor.contracts.case import Case
from advisor.core.decide import rank
from advisor.files import read_contract
from advisor.options.bought import status_quo
from advisor.screening import SHOWN, Standing, better_in, chosen_of, dominates, pruned_by

EXAMPLES = Path(__file__).parents[3] / "data" / "examples"
PLAIN = status_quo()


def standing(name: str, cost: float, quality: float, months: float = 2.0, *failed: str) -> Standing:
    option = replace(PLAIN, id=name, kind="proprietary_api")
    return Standing(option=option, cost=cost, quality=quality, months=months, failed=frozenset(failed))


def test_who_is_cheaper_and_worse_in_nothing_dominates():
    cheap, dear = standing("cheap", 90, 0.8), standing("dear", 100, 0.8)
    assert dominates(cheap, dear)
    assert better_in(cheap, dear) == ("cost",)
    assert not dominates(cheap, cheap)


def test_who_is_cheaper_but_worse_does_not_dominate():
    cheap, good = standing("cheap", 90, 0.7), standing("good", 100, 0.8)
    assert not dominates(cheap, good)
    assert not dominates(good, cheap)
    assert better_in(good, cheap) == ("quality",)


def test_a_gate_is_a_respect_and_never_a_number():
    passing, failing = standing("passing", 100, 0.8), standing("failing", 10, 0.8, 2.0, "residency")
    assert better_in(passing, failing) == ("gates",)
    assert better_in(failing, passing) == ("cost",)


def test_the_best_is_shown_with_what_is_clearly_better_but_no_near_doubles():
    found = [standing("best", 100, 0.8), standing("double", 99, 0.79), standing("better", 300, 0.9)]
    assert chosen_of(found, [0, 1, 2], set()) == {0, 2}
    assert chosen_of(found, [0, 1, 2], {"double"}) == {0, 1, 2}


def test_what_is_left_out_names_who_stands_for_it_and_in_what():
    found = [standing("best", 100, 0.8), standing("worse", 200, 0.7), standing("sooner", 150, 0.7, 1.0)]
    dominated, traded = (pruned_by(found, [0, 1, 2], {0}, index) for index in (1, 2))
    assert (dominated.by, dominated.respects, dominated.despite) == ("best", ("cost", "quality"), ())
    assert (traded.respects, traded.despite) == (("cost", "quality"), ("time",))
    assert traded.reason == "best costs less on average and is expected to be better, though this one is sooner there"


@pytest.fixture(scope="module")
def found():
    return assess(read_contract(EXAMPLES / "law_publisher.yaml", Case), catalog=load_catalog(), draws=500)


def test_every_kind_is_shown_and_the_list_stays_readable(found):
    assert {option.kind for option in found.options} == set(OPTION_KINDS)
    assert 12 <= len(found.options) <= SHOWN


def test_the_pruned_and_the_shown_are_all_candidates_once(found):
    shown, pruned = {option.id for option in found.options}, [row.option_id for row in found.pruned]
    assert not shown & set(pruned)
    assert len(pruned) == len(set(pruned))
    assert {row.by for row in found.pruned} <= shown


def test_an_open_model_of_the_cases_domain_is_shown_before_own_training(found):
    assert any(option.model == "saullm-7b-instruct" for option in found.options)


def test_a_dominated_option_never_changes_the_order_of_the_others():
    """Dearer in every draw and no better in any: each order of three options stays as it was."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        cost, meets = rng.lognormal(3, 1, (60, 3)), rng.random((60, 3)) < rng.random(3)
        feasible = np.array([True, True, bool(rng.random() < 0.7)])
        copied = int(rng.integers(3))
        worse = cost[:, [copied]] * rng.uniform(1.01, 2, (60, 1))
        less = meets[:, [copied]] & (rng.random((60, 1)) < 0.7)
        more = rank(np.hstack([cost, worse]), np.hstack([meets, less]), np.append(feasible, feasible[copied]))
        assert tuple(k for k in more.order if k < 3) == rank(cost, meets, feasible).order
