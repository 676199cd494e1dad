"""Signs of a reward that is exploited, a loss that runs away, and rewards that can be checked."""

import math
from decimal import Decimal

import pytest
import torch

from advisor.contracts.phases import RlGuard

STEADY = {"kl": 0.1, "completions/mean_length": 8.0, "completions/clipped_ratio": 0.1}


NAMES = {"kl": "kl", "length": "completions/mean_length", "clipped": "completions/clipped_ratio"}


def rows(count, **changes):
    return [{**STEADY, **{NAMES[name]: value for name, value in changes.items()}}] * count


def watch(logs, guard=None):
    from transformers import TrainerControl, TrainerState

    from trainer.phases.guard import GuardWatch

    seen = GuardWatch(guard or RlGuard(), [])
    control = TrainerControl()
    for step, log in enumerate(logs, 1):
        control = seen.on_log(None, TrainerState(global_step=step), control, log)
    return seen.breach, control.should_training_stop


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kl": 30.0}, "KL 12.1 nats, above max_kl_nats 10"),
        ({"length": 1.0}, "of the 8 at first"),
        ({"clipped": 1.0}, "of answers cut at their limit, above max_clipped_fraction 0.9"),
    ],
)
def test_each_sign_of_an_exploited_reward_stops_the_training(changes, words):
    breach, stopped = watch(rows(10) + rows(5, **changes))
    assert words in breach.text and stopped
    assert 11 <= breach.step <= 15


def test_a_guard_that_warns_lets_the_training_go_on():
    breach, stopped = watch(rows(10) + rows(5, kl=30.0), RlGuard(on_breach="warn"))
    assert breach is not None and not stopped


def test_a_limit_that_is_none_is_not_held():
    assert watch(rows(10) + rows(9, kl=30.0), RlGuard(max_kl_nats=None)) == (None, False)


@pytest.mark.parametrize("logs", [rows(40), rows(5) + rows(1, length=1.0) + rows(9), rows(40, clipped=1.0)])
def test_steady_figures_a_single_bad_step_and_answers_long_from_the_start_are_no_breach(logs):
    assert watch(logs) == (None, False)


class Losses:
    """What `compute_loss` of a trainer returns, one after the other."""

    def __init__(self, values):
        self._values = iter(values)

    def compute_loss(self, model, inputs, return_outputs=False):
        return torch.tensor(next(self._values))


def first_trouble(values, *, phase="pretrain", ratio=4.0, history=()):
    from trainer.phases.health import LossWatch

    health, trainer = LossWatch(phase, ratio, list(history)), Losses(values)
    health.attach(trainer)
    for step, _ in enumerate(values, 1):
        trainer.compute_loss(torch.nn.Module(), {})
        wrong = health.trouble()
        if wrong:
            return step, wrong
    return None


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_is_said_at_once(value):
    assert first_trouble([5.0, value]) == (2, f"the loss is {value}")


def test_a_loss_far_above_the_median_and_above_the_first_has_run_away():
    step, wrong = first_trouble([5.0, 4.0, 3.0, 2.0, 2.0, 2.0, 13.0])
    assert step == 7
    assert "5.2 times the median of 2.5 before (max_loss_ratio 4)" in wrong


def test_a_spike_below_the_first_loss_is_borne():
    assert first_trouble([5.0, 0.1, 0.1, 0.1, 0.1, 0.1, 4.9]) is None


def test_in_reinforcement_learning_a_loss_may_jump():
    assert first_trouble([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 9.0], phase="rl") is None


def test_a_resumed_phase_measures_by_the_losses_before():
    assert first_trouble([12.0], history=[5.0, 2.0, 2.0, 2.0, 2.0])[0] == 1


@pytest.mark.parametrize(
    ("name", "expected", "answer", "reward"),
    [
        ("exact_match", "Data model", "data model.", 1.0),
        ("exact_match", "data model", "the data model", 0.0),
        ("contains", "data model", "It is the data model, see there", 1.0),
        ("contains", "cat", "concatenate", 0.0),
        ("number", "The sum is 1,234.5", "so we get 1234.50", 1.0),
        ("number", "42", "42 or 43", 0.0),
        ("number", "42", "no idea", 0.0),
    ],
)
def test_a_verifiable_reward_is_one_for_the_expected_answer_and_else_zero(name, expected, answer, reward):
    from trainer.phases.rewards import verifiable

    function = verifiable(name)
    assert function([[{"role": "assistant", "content": answer}]], [expected]) == [reward]
    assert function.__name__ == name


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234", Decimal(1234)), ("3,5", Decimal("3.5")), ("-7.", Decimal(-7)), ("1.2.3", None), ("none", None)],
)
def test_the_last_number_is_read_in_both_spellings(text, number):
    from trainer.phases.rewards import last_number

    assert last_number(text) == number
