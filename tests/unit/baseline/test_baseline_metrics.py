"""Scores of single answers."""

from typing import get_args

import pytest

from advisor.answer_text import normalise
from advisor.baseline.metrics import is_exact, metrics_for, score_answers
from advisor.contracts.case import Task


@pytest.mark.parametrize(
    ("answer", "expected", "right"),
    [
        ("Schaden", "schaden", 1.0),
        ("  Schaden \n", "Schaden", 1.0),
        ("Schaden.", "Schaden", 1.0),
        ("„Schaden“!", "Schaden", 1.0),
        ("Straße", "STRASSE", 1.0),
        ("two  words", "two words", 1.0),
        ("u\u0308ber", "\u00fcber", 1.0),
        ("Schaden und Kosten", "Schaden", 0.0),
        ("", "Schaden", 0.0),
        ("3.5", "35", 0.0),
        ("C++", "C", 0.0),
        ("-5", "5", 0.0),
    ],
)
def test_exact_match_forgives_form_and_nothing_else(answer, expected, right):
    assert score_answers("accuracy", [answer], [expected]) == [right]


def test_normalise_twice_is_normalise_once():
    for text in ('"A b."', "x .", "...", "„Ja.“ ", "' '"):
        assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize("task", get_args(Task))
def test_every_task_has_metrics(task):
    names = metrics_for(task)
    assert names and len(set(names)) == len(names)
    assert (names == ("accuracy",)) is is_exact(task)


@pytest.mark.parametrize("metric", ["chrf", "rouge_l"])
def test_overlap_is_one_for_equal_and_zero_for_foreign_text(metric):
    scores = score_answers(metric, ["der große Hund", "xyz", ""], ["der große Hund", "abc", "abc"])
    assert scores == pytest.approx([1.0, 0.0, 0.0])


def test_rouge_l_by_hand_with_umlauts():
    """Longest common subsequence 4 of 4 and 5 words: precision 1, recall 0.8, F1 = 2 * 0.8 / 1.8 = 0.8889."""
    (score,) = score_answers("rouge_l", ["der große Hund läuft"], ["der große Hund läuft schnell"])
    assert score == pytest.approx(0.8889, abs=1e-4)


def test_chrf_is_sacrebleus_over_one_hundred():
    from sacrebleu import sentence_chrf

    (score,) = score_answers("chrf", ["guten Tag"], ["guten Abend"])
    assert score == pytest.approx(sentence_chrf("guten Tag", ["guten Abend"]).score / 100)
    assert 0 < score < 1
