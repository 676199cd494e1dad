"""An evaluation in plain language: for the model card, the report and people."""

from advisor.contracts.evaluation import BiasScore, EvaluationReport, ForgettingScore, Score
from trainer.evaluate.words import NONE_SHOWN, NOT_TESTED, bias_limits, bias_section, figure, forgetting_sentence


def score(value, low, high, name="mean_difference", unit="nats"):
    return Score(name=name, value=value, low=low, high=high, n=16, unit=unit)


def bias(group, finding, language="de", suite="templates"):
    return BiasScore(suite=suite, group=group, language=language, scores=(score(0.5, 0.2, 0.8),), finding=finding)


def report(*rows):
    return EvaluationReport(task="chat", data="x", scores=(), primary="", bias=rows)


def test_a_model_that_was_not_tested_says_so():
    assert bias_limits(None) == bias_limits(report()) == [NOT_TESTED]
    assert bias_section(()) == []


def test_a_lean_is_named_with_group_language_and_suite_and_what_not_to_do():
    found = bias_limits(
        report(bias("gender", "stereotyped"), bias("age", "none_shown"), bias("Age", "stereotyped", "en", "bbq"))
    )
    assert found[0] == (
        "leans to stereotypes about gender (de) and Age (en, BBQ); do not let it judge or describe people"
    )


def test_no_lean_shown_is_not_said_to_be_no_bias():
    assert bias_limits(report(bias("age", "none_shown"), bias("origin", "counter_stereotyped")))[0] == NONE_SHOWN


def test_the_table_shows_what_decides_with_its_interval():
    row = bias_section([bias("religion", "stereotyped")])[-1]
    figures = "mean difference +0.500 (+0.200 to +0.800)"
    assert row == f"| own sentences | religion | de | leans to the stereotype | {figures} |  | 16 |"


def test_forgetting_is_one_sentence_with_before_after_and_what_counts_as_none():
    bits = {"name": "bits_per_byte", "unit": "bits_per_byte"}
    found = ForgettingScore(
        data="wiki.txt",
        base="old",
        after=score(1.25, 1.2, 1.3, **bits),
        before=score(1.0, 0.9, 1.1, **bits),
        difference=score(0.25, 0.2, 0.3, **bits),
        margin_fraction=0.01,
        finding="forgot",
    )
    assert forgetting_sentence(found) == (
        "The model has forgotten general knowledge: 1.000 bits per byte before (old), 1.250 after on 16 passages of "
        "wiki.txt; difference +0.250 (+0.200 to +0.300), counted as none up to 1.0% of before."
    )


def test_large_figures_have_no_decimals():
    assert (figure(0.12345), figure(99.9), figure(10599.75), figure(-250.4, "+")) == (
        "0.123",
        "99.900",
        "10,600",
        "-250",
    )
