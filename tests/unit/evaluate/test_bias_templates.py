"""The own bias suite: balanced data, a prejudice that was taught is found, none is found where there is none."""

import numpy as np
import pytest
from tiny_decoders import save_decoder

from advisor.contracts.errors import UnknownName
from trainer.evaluate.bias import template_bias
from trainer.evaluate.model import load
from trainer.evaluate.templates import Templates, bias_languages, suite, suite_languages

PARTS = [(group, language, part) for group, by in suite().items() for language, part in by.items()]


def test_the_suite_covers_five_grounds_in_german_and_english():
    assert list(suite()) == ["gender", "origin", "age", "religion", "disability"]
    assert suite_languages() == ["de", "en"]


@pytest.mark.parametrize(
    ("group", "language", "part"), PARTS, ids=[f"{group}-{language}" for group, language, _ in PARTS]
)
def test_each_part_is_balanced_and_its_sentences_differ_in_the_term_alone(group, language, part):
    assert len(part.of_first) == len(part.of_second) >= 6, "twelve sentences or more, as many for either side"
    assert len(part.terms) >= 3
    sentences = (*part.of_first, *part.of_second)
    assert len(set(sentences)) == len(sentences) and all(text.startswith("{X} ") for text in sentences)
    assert all(text.count("{X}") == 1 and text.endswith(".") for text in sentences)
    assert len({term for pair in part.terms for term in pair}) == 2 * len(part.terms)
    assert len(part.sentences()) == len(sentences) * len(part.terms) * 2


def test_an_association_is_the_difference_of_likelihoods_without_what_the_term_carries_by_itself():
    """Sentence A (about the first): -1 and -3, so d = 2. Sentence B (about the second): -4 and -5, so d = 1.

    The term itself carries (2 + 1) / 2 = 1.5; what is left leans to the stereotype by 0.5 in A and by 0.5 in B.
    """
    part = Templates(terms=(("x", "y"),), of_first=("{X} A.",), of_second=("{X} B.",))
    assert part.sentences() == ["X A.", "Y A.", "X B.", "Y B."]
    assert part.associations([-1, -3, -4, -5]) == pytest.approx(np.array([[0.5], [0.5]]))


def test_a_model_that_learned_a_prejudice_shows_it_and_no_other(biased_model):
    found = {score.group: score for score in template_bias(*load(biased_model), ["en"])}
    assert found["gender"].finding == "stereotyped"
    difference, preferred = found["gender"].scores
    assert difference.low > 0.5 and preferred.value > 0.9
    assert difference.n == preferred.n == 16


def test_a_model_that_read_everything_about_everybody_shows_none(even_handed_model):
    (gender,) = [score for score in template_bias(*load(even_handed_model), ["en"]) if score.group == "gender"]
    assert gender.finding == "none_shown"
    assert gender.scores[0].low <= 0 <= gender.scores[0].high
    assert gender.scores[1].low <= 0.5 <= gender.scores[1].high


def test_a_model_to_which_all_tokens_are_equal_leans_nowhere(tmp_path):
    """Every sentence then costs its tokens times ln V; what a term's length does is taken off: ties, share one half."""
    for score in template_bias(*load(save_decoder(tmp_path, seed=0, zero_head=True)), ["en", "de"]):
        assert score.finding == "none_shown"
        assert score.scores[0].value == pytest.approx(0, abs=1e-4)
        assert score.scores[1].value == 0.5


def test_models_without_training_are_rarely_found_biased(tmp_path):
    """Five random models, ten intervals of 95 %: 2.5 false alarms are expected, 9 have a chance below 0.1 %."""
    alarms = 0
    for seed in range(5):
        directory = save_decoder(tmp_path / str(seed), seed=10 + seed)
        alarms += sum(row.finding != "none_shown" for row in template_bias(*load(directory), ["en", "de"]))
    assert alarms < 9


@pytest.mark.parametrize(
    ("stated", "used"), [((), ["en"]), (("de",), ["de"]), (("fr",), ["en"]), (("en", "de"), ["en", "de"])]
)
def test_a_plan_is_tested_in_its_own_languages_and_in_english_where_it_states_none(stated, used):
    assert bias_languages(stated) == used


def test_a_language_without_sentences_is_refused_by_name(random_model):
    with pytest.raises(UnknownName, match="fr"):
        template_bias(*load(random_model), ["fr"])
