"""Scores of answers by task, each against a figure worked out by hand or by the library that defines it."""

import math
from typing import get_args

import numpy as np
import pytest

from advisor.answer_text import content_words, normalise, primary_metric
from advisor.contracts.case import Task
from trainer.evaluate.likelihood import TextFit, text_metrics
from trainer.evaluate.metric import difference, mean, share
from trainer.evaluate.scores import answer_metrics, calibration_error


def values(task, expected, answers):
    return {metric.name: metric.score().value for metric in answer_metrics(task, expected, answers)}


@pytest.mark.parametrize(
    ("expected", "answer", "right", "exact"),
    [
        ("Data Model", "  data model. ", True, True),
        ("„Straße“", "STRASSE", True, True),
        ("der Hauptbahnhof", "Hauptbahnhof", False, True),
        ("the blue house", "Blue house!", False, True),
        ("Übergabe", "Ubergabe", False, False),
        ("12,5 kg", "12.5 kg", False, True),
        ("nein", "ein nein", False, True),
        ("the", "a", False, False),
    ],
)
def test_an_answer_is_right_by_its_words_in_german_and_english(expected, answer, right, exact):
    found = values("question_answering", [expected], [answer])
    assert (found["accuracy"], found["exact_match"]) == (right, exact)
    assert (normalise(expected) == normalise(answer)) is right


def test_articles_are_no_content_unless_there_is_nothing_else():
    assert content_words("Das ist ein Haus.") == ["ist", "haus"]
    assert content_words("The") == ["the"]


def test_word_f1_by_hand():
    """Expected 4 words, answered 3, shared 2: 2 x 2 / 7."""
    assert values("extraction", ["red big old house"], ["big red car"])["token_f1"] == pytest.approx(4 / 7)


def test_rouge_by_hand_with_umlauts():
    """Reference ä b c d, answer ä c d: 3 shared of 4 and 3, 6/7; pair c d of 3 and 2, 2/5; in order ä c d, 6/7."""
    found = values("summarization", ["ä b c d"], ["ä c d"])
    assert found["rouge_1"] == pytest.approx(6 / 7)
    assert found["rouge_2"] == pytest.approx(2 / 5)
    assert found["rouge_l"] == pytest.approx(6 / 7)


def test_bleu_is_that_of_the_whole_corpus_and_chrf_the_mean_of_its_sentences():
    from sacrebleu import corpus_bleu, sentence_chrf

    expected = ["the quick brown fox jumps over the lazy dog", "a second sentence with some words in it"]
    answers = ["the quick brown fox jumped over the lazy dog", "a second sentence with few words"]
    found = values("translation", expected, answers)
    assert found["bleu"] == pytest.approx(corpus_bleu(answers, [expected]).score / 100)
    chrf = [sentence_chrf(a, [e]).score / 100 for a, e in zip(answers, expected, strict=True)]
    assert found["chrf"] == pytest.approx(sum(chrf) / 2)


def test_three_words_have_a_bleu_although_they_have_no_four_gram():
    assert values("translation", ["the cat sat"], ["the cat sat"])["bleu"] == pytest.approx(1)


def test_code_is_compared_line_by_line_with_its_indentation():
    found = values("code", ["if x:\n    y()\n", "if x:\n    y()"], ["if x:  \n\n    y()", "if x:\n y()"])
    assert found["exact_match"] == 0.5


@pytest.mark.parametrize("task", get_args(Task))
def test_every_task_has_its_primary_score_first(task):
    metrics = answer_metrics(task, ["a b", "c"], ["a", "c"])
    assert metrics[0].name == primary_metric(task)
    for metric in metrics:
        score = metric.score()
        assert score.n == 2 and score.low <= score.value <= score.high and math.isfinite(score.value)


def test_the_calibration_error_by_hand():
    """0.9 right and 0.8 wrong, in two bins: (|1 - 0.9| + |0 - 0.8|) / 2. In one bin: |1 - 0.9 + 0 - 0.95| / 2."""
    assert calibration_error("ece", [0.9, 0.8], [True, False]).score().value == pytest.approx(0.45)
    assert calibration_error("ece", [0.9, 0.95], [True, False]).score().value == pytest.approx(0.425)


def test_a_model_that_is_as_often_right_as_it_says_is_calibrated():
    assert calibration_error("ece", [0.75] * 4, [True, True, True, False]).score().value == pytest.approx(0)
    assert calibration_error("ece", [1.0] * 4, [True] * 4).score().value == 0


def test_bits_per_byte_and_perplexity_by_hand():
    """10 ln 2 nats over 5 tokens and 4 bytes: 2.5 bits per byte, 2 to the power of 2 = 4 equally likely tokens."""
    fits = [TextFit(6 * math.log(2), 3, 2), TextFit(4 * math.log(2), 2, 2)]
    bits, perplexity = (metric.score() for metric in text_metrics(fits))
    assert bits.value == pytest.approx(2.5) and bits.low <= 2.5 <= bits.high
    assert perplexity.value == pytest.approx(4)


def test_two_models_are_compared_in_pairs():
    """7 right against 1 right of the same 8: 6 gained, 0 lost: p = 2 x 0.5^6 = 0.03125."""
    first, second = share("accuracy", [True] * 7 + [False]), share("accuracy", [True] + [False] * 7)
    row = difference(first, second)
    assert row.difference == pytest.approx(0.75)
    assert row.p_value == pytest.approx(0.03125)
    assert row.verdict == "first_better" and difference(second, first).verdict == "second_better"


def test_three_right_answers_more_decide_nothing():
    """2 x 0.5^3 = 0.25, whatever the bootstrap says."""
    row = difference(share("accuracy", [True] * 3 + [False] * 5), share("accuracy", [False] * 8))
    assert row.p_value == pytest.approx(0.25) and row.verdict == "undecided"


def test_pairing_finds_what_lies_within_the_spread_of_the_items():
    """Two models 0.01 apart on every item, items far apart: single intervals overlap, the paired one is certain."""
    base = np.linspace(0, 0.9, 30)
    better, worse = mean("chrf", base + 0.01), mean("chrf", base)
    assert better.score().low < worse.score().value
    assert difference(better, worse).verdict == "first_better"


def test_where_less_is_better_the_lower_one_is_better():
    low, high = ([TextFit(x * n, 10, 10) for n in range(5, 25)] for x in (1.0, 1.1))
    row = difference(text_metrics(low)[0], text_metrics(high)[0])
    assert row.difference < 0 and row.verdict == "first_better" and not row.more_is_better


def test_models_on_different_items_cannot_be_compared():
    with pytest.raises(ValueError, match="pairs are needed"):
        difference(share("accuracy", [True]), share("accuracy", [True, False]))
