"""How many examples a run's description names."""

import pytest

from advisor.estimate.samples import are_traces, examples_in

SETS = {"alpaca2k": 2_000.0, "alpaca": 52_002.0, "dolly": 15_011.0}


@pytest.mark.parametrize(
    ("text", "examples", "epochs"),
    [
        ("Qwen2.5 32B, 17k samples, 3 epochs", 17_000, 3),
        ("Llama-2-7B, Alpaca2k, 4 epoch(s)", 2_000, 4),
        ("s1-32B, 1,000 traces", 1_000, None),
        ("59,029 samples, 5 epochs", 59_029, 5),
        ("1.5 epochs of 2M examples", 2_000_000, 1.5),
        ("52k instructions", 52_000, None),
        ("10k preference pairs", 10_000, None),
        ("LLaMA 7B on Alpaca, 3 epochs", 52_002, 3),
        ("Dolly", 15_011, None),
        ("10 epochs", None, 10),
        ("Llama 2 7B", None, None),
        ("alpacas and llamas", None, None),
    ],
)
def test_examples_and_epochs_stand_in_the_description(text, examples, epochs):
    assert examples_in(text, SETS) == (examples, epochs)


def test_a_stated_number_beats_the_usual_size_of_a_named_set():
    assert examples_in("Alpaca, 500 samples", SETS)[0] == 500


def test_the_longer_name_of_a_set_counts():
    """`Alpaca2k` is a part of Alpaca, not the whole."""
    assert examples_in("Alpaca2k out of Alpaca", SETS)[0] == 2_000


def test_the_size_of_a_model_is_no_number_of_examples():
    assert examples_in("Llama 7B samples", SETS) == (None, None)


@pytest.mark.parametrize(
    ("text", "traces"), [("1,000 traces", True), ("reasoning data", True), ("17k samples", False), ("tracery", False)]
)
def test_chains_of_thought_are_told_from_answers(text, traces):
    assert are_traces(text) is traces
