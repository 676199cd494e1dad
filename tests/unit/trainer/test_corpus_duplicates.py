"""Near duplicates are those of an exact comparison of all pairs: none invented, hardly any missed."""

import random
import re

import pytest

from advisor.contracts.data_plan import NearDuplicates as Rules
from trainer.corpus.document import Document
from trainer.corpus.runfilter import RunFilter
from trainer.corpus.runs import jaccard, shared_runs, windows, word_hashes, word_runs
from trainer.corpus.state import State
from trainer.corpus.steps.duplicates import NearDuplicates, band_shape
from trainer.corpus.steps.step import Drop


def texts(count=300):
    """Texts of 40 to 80 words, each third a copy of an earlier one with some words changed."""
    rng = random.Random(5)
    made = []
    for number in range(count):
        if number % 3 == 2:
            words = rng.choice(made).split()
            for _ in range(rng.randint(0, 6)):
                words[rng.randrange(len(words))] = f"new{number}"
            made.append(" ".join(words))
        else:
            made.append(" ".join(f"w{rng.randrange(2000)}" for _ in range(rng.randint(40, 80))))
    return made


def runs_of(text, length=5):
    """The same runs in plain Python, as texts."""
    words = re.findall(r"\w+", text.lower())
    count = max(1, len(words) - length + 1)
    return {" ".join(words[start : start + length]) for start in range(count)}


def dropped_by_all_pairs(rows, least):
    """Which texts go when each is compared with every earlier one that stays."""
    stay, gone = [], []
    for number, text in enumerate(rows):
        own = runs_of(text)
        if any(len(own & other) / len(own | other) >= least for other in stay):
            gone.append(number)
        else:
            stay.append(own)
    return gone


def dropped_by_step(rows, rules, path):
    with State(path) as state:
        step = NearDuplicates(rules, state)
        return [n for n, text in enumerate(rows) if isinstance(step.apply(Document(str(n), text)), Drop)]


@pytest.mark.parametrize("least", [0.5, 0.7, 0.9])
def test_the_step_drops_what_a_comparison_of_all_pairs_drops(tmp_path, least):
    rows = texts()
    expected = dropped_by_all_pairs(rows, least)
    assert len(expected) > 10
    assert dropped_by_step(rows, Rules(min_jaccard_fraction=least), tmp_path / "state") == expected


def test_fingerprints_of_passages_survive_the_process_only_when_committed(tmp_path):
    text = " ".join(f"w{n}" for n in range(50))
    outcomes = []
    for commit in (False, True, True):
        with State(tmp_path / "state") as state:
            outcomes.append(NearDuplicates(Rules(), state).apply(Document("a", text)))
            if commit:
                state.commit()
    assert not isinstance(outcomes[1], Drop), "the first was forgotten with its process"
    assert outcomes[2] == Drop("near_duplicate")


@pytest.mark.parametrize(("least", "permutations"), [(0.5, 128), (0.7, 64), (0.7, 128), (0.7, 256), (0.95, 128)])
def test_the_bands_propose_999_of_1000_pairs_at_the_threshold(least, permutations):
    bands, rows = band_shape(least, permutations)
    assert bands * rows <= permutations
    assert 1 - (1 - least**rows) ** bands >= 0.999


def test_hashed_runs_have_the_jaccard_similarity_of_the_words():
    first, second = texts(3)[0], " ".join(texts(3)[0].split()[10:] + ["tail"] * 7)
    own, other = runs_of(first), runs_of(second)
    assert jaccard(word_runs(first, 5), word_runs(second, 5)) == len(own & other) / len(own | other)
    assert shared_runs(word_runs(first, 5), word_runs(second, 5)) == len(own & other)


def test_a_run_knows_its_length_and_the_order_of_its_words():
    assert word_runs("a b c", 5).tolist() == windows(word_hashes("A  B, c"), 3).tolist()
    assert word_runs("a b", 5).tolist() != word_runs("b a", 5).tolist()
    assert len(word_runs("", 5)) == 1


def test_the_hash_of_a_text_is_the_same_in_every_process():
    assert word_runs("the quick brown fox", 5).tolist() == [7301938706781686553]


def test_the_filter_forgets_nothing_and_lets_little_else_through():
    known, others = (word_runs(" ".join(f"{word}{n}" for n in range(20_000)), 2) for word in "ab")
    found = RunFilter(known.view("int64").tolist())
    assert found.may_hold(known).all()
    assert found.may_hold(others).mean() < 0.001
