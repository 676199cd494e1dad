"""Scores with their intervals, checked by hand."""

import math

import pytest

from trainer.evaluate.scores import answer_scores, bootstrap, macro_f1, wilson


def test_the_wilson_interval_is_that_of_the_published_example():
    """8 of 10: centre (0.8 + 3.8415/20) / (1 + 3.8415/10) = 0.71674, half width 0.22657: 0.4902 to 0.9433."""
    score = wilson("accuracy", 8, 10)
    assert score.value == 0.8
    assert score.low == pytest.approx(0.4902, abs=1e-4)
    assert score.high == pytest.approx(0.9433, abs=1e-4)


@pytest.mark.parametrize("successes", [0, 1, 5, 9, 10])
def test_a_share_lies_in_its_interval_and_the_interval_in_the_unit_range(successes):
    score = wilson("accuracy", successes, 10)
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert score.low < score.high


def test_macro_f1_of_three_answers_by_hand():
    """Label a: precision 1/2, recall 1, F1 2/3. Label b: never answered right, F1 0. Mean 1/3."""
    assert macro_f1(["a", "b"], ["a", "a"]) == pytest.approx(1 / 3)


def test_classification_is_scored_by_accuracy_beside_the_majority_class():
    expected = ["a"] * 6 + ["b"] * 4
    answers = ["a"] * 5 + ["b"] + ["b"] * 3 + ["nonsense"]
    scores, primary = answer_scores("classification", expected, answers)
    values = {score.name: score.value for score in scores}
    assert primary == "accuracy"
    assert values["accuracy"] == 0.8
    assert values["majority_class_accuracy"] == 0.6
    assert values["valid_answers"] == 0.9
    assert {score.n for score in scores} == {10}


def test_generated_text_is_scored_against_its_reference_and_equal_texts_score_one():
    texts = ["the cat sat on the mat today", "a dog ran over the wide field"]
    scores, primary = answer_scores("summarization", texts, texts)
    assert primary == "rouge_l"
    names = ("chrf", "bleu", "rouge_1", "rouge_2", "rouge_l")
    assert {score.name: score.value for score in scores} == pytest.approx(dict.fromkeys(names, 1))
    worse, _ = answer_scores("summarization", texts, ["no words in common", "no words in common"])
    assert all(score.value < 0.3 for score in worse)


def test_the_bootstrap_interval_of_a_mean_narrows_with_the_root_of_n():
    def width(n):
        values = [k % 2 for k in range(n)]
        score = bootstrap("x", n, lambda places: sum(values[k] for k in places) / n, unit="fraction")
        assert score.low <= score.value == 0.5 <= score.high
        return score.high - score.low

    assert width(100) / width(1600) == pytest.approx(4, rel=0.25)
    assert width(100) == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 100), rel=0.2)


def test_the_bootstrap_is_the_same_each_time():
    first, second = (bootstrap("x", 5, lambda places: float(sum(places)), unit="ratio") for _ in range(2))
    assert first == second
