"""What a search varies: ranges, settings put into a plan, and the rule that carries a rate to a wider model."""

import pytest
from test_trainer_plan import DOCUMENT, plan

from advisor.contracts.errors import BadInput
from trainer.tune.space import DERIVED, Settings, phase_to_tune, settings_of, space_of, with_settings
from trainer.tune.transfer import narrow

CHAIN = {
    "pretrain": {"max_steps": 100, "batch_sequences": 8, "learning_rate": 1e-3, "sequence_tokens": 64},
    "sft": {"epochs": 2.0, "batch_sequences": 16, "learning_rate": 2e-4},
    "reward": {"epochs": 0.5, "batch_pairs": 4, "learning_rate": 1e-4},
    "rl": {"max_steps": 20, "batch_completions": 16, "num_generations": 4, "learning_rate": 1e-5},
}
RATES = {"low": 1e-4, "central": 3e-4, "high": 1e-3}


def chain(**changes):
    return plan(phases=CHAIN, **changes)


def test_the_plans_own_range_is_searched():
    own = chain(search=[{"phase": "sft", "learning_rate": RATES, "batch_sequences": [32, 8]}])
    space = space_of(own, "sft")
    assert (space.rate_low, space.rate_high, space.batches) == (1e-4, 1e-3, (8, 32))
    assert space.source == "the plan's search"
    assert not space.start_lies_inside, "the plan's batch of 16 is not among its own choices"


@pytest.mark.parametrize(
    ("phase", "rate", "batches"),
    [
        ("pretrain", 1e-3, (4, 8, 16)),
        ("sft", 2e-4, (8, 16, 32)),
        ("reward", 1e-4, (2, 4, 8)),
        ("rl", 1e-5, (8, 16, 32)),
    ],
)
def test_without_a_range_one_is_derived_from_the_phase_and_says_its_rule(phase, rate, batches):
    space = space_of(chain(), phase)
    assert space.batches == batches
    assert (space.rate_low, space.rate_high) == pytest.approx((rate / 3, rate * 3))
    assert space.source == DERIVED and space.start_lies_inside


def test_batches_of_reinforcement_learning_stay_multiples_of_the_group():
    small = CHAIN["rl"] | {"batch_completions": 4}
    assert space_of(plan(phases=CHAIN | {"rl": small}), "rl").batches == (4, 8)
    own = chain(search=[{"phase": "rl", "learning_rate": RATES, "batch_sequences": [16, 18]}])
    with pytest.raises(BadInput, match=r"search\.0\.batch_sequences: 18 is no multiple of .*num_generations 4"):
        space_of(own, "rl")


def test_a_rate_of_zero_cannot_be_searched_on_a_log_scale():
    own = chain(search=[{"phase": "sft", "learning_rate": RATES | {"low": 0}, "batch_sequences": [8]}])
    with pytest.raises(BadInput, match=r"search\.0\.learning_rate\.low"):
        space_of(own, "sft")


def test_the_phase_is_the_one_asked_for_or_the_first_that_the_search_names():
    own = chain(search=[{"phase": "reward", "learning_rate": RATES, "batch_sequences": [8]}])
    assert phase_to_tune(own, None) == "reward"
    assert phase_to_tune(own, "rl") == "rl"
    assert phase_to_tune(chain(), None) == "pretrain"
    with pytest.raises(BadInput, match="--phase: the plan has no phase sft; it has pretrain"):
        phase_to_tune(plan(), "sft")


@pytest.mark.parametrize("phase", ["pretrain", "rl"])
def test_another_batch_takes_as_many_more_or_fewer_steps_so_that_the_data_stay_the_same(phase):
    own = chain()
    before = getattr(own.phases, phase)
    batch = settings_of(own, phase).batch_sequences
    changed = getattr(with_settings(own, phase, Settings(1e-2, batch * 2)).phases, phase)
    assert changed.max_steps == before.max_steps / 2 and changed.learning_rate == 1e-2
    quarter = getattr(with_settings(own, phase, Settings(1e-2, batch // 2), share=0.25).phases, phase)
    assert quarter.max_steps == before.max_steps / 2


def test_passes_over_the_data_do_not_depend_on_the_batch():
    sft = with_settings(chain(), "sft", Settings(1e-3, 32), share=0.5).phases.sft
    assert (sft.epochs, sft.batch_sequences, sft.learning_rate) == (1.0, 32, 1e-3)
    assert with_settings(chain(), "reward", Settings(1e-3, 2)).phases.reward.batch_pairs == 2


def test_the_rate_of_a_model_four_times_narrower_is_divided_by_four():
    """Width 64 to 16: heads of 16 stay, 4 heads become 1; the space moves up by the same factor."""
    model = DOCUMENT["model"] | {"hidden_size": 64, "num_heads": 4, "num_kv_heads": 2, "ffn_size": 128}
    own = plan(model=model, phases=CHAIN)
    small, space, scale = narrow(own, "pretrain", space_of(own, "pretrain"))
    assert (small.model.hidden_size, small.model.num_heads, small.model.num_kv_heads) == (16, 1, 1)
    assert (small.model.ffn_size, small.model.num_layers, small.model.vocab_size) == (32, 1, 512)
    assert space.rate_high == pytest.approx(4 * 3e-3) and space.batches == (8,)
    assert space.start == Settings(4e-3, 8)
    assert scale.to_full(Settings(4e-3, 8)) == Settings(1e-3, 8)
    assert "/ 4" in scale.rule and "2203.03466" in scale.rule


def test_the_rule_is_refused_where_it_does_not_hold():
    own = chain()
    with pytest.raises(BadInput, match="random weights alone"):
        narrow(own, "sft", space_of(own, "sft"))
    with pytest.raises(BadInput, match="cannot be divided"):
        narrow(own, "pretrain", space_of(own, "pretrain"))
