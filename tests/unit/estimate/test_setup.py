"""How the gaps of a training request are filled, and that each filled gap is listed."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.estimates import TrainingRequest
from advisor.core.memory import USABLE_FRACTION, training_memory_bytes
from advisor.estimate.coefficients import memory_fit
from advisor.estimate.draws import draws_of
from advisor.estimate.setup import setup_of

FULL = {
    "id": "r",
    "kind": "pretrain",
    "params_b": 7.0,
    "accelerator": "A100-80GB-SXM",
    "accelerator_count": 64,
    "tokens_b": 100.0,
    "seq_len": 4096,
    "batch": "4M tokens",
    "precision": "bf16",
    "year": 2024,
}


def pool():
    return draws_of(load_catalog(), draws=100, seed=0)


def setup(**changes):
    fields = {key: value for key, value in {**FULL, **changes}.items() if value is not None}
    return setup_of(TrainingRequest.model_validate(fields), pool())


def assumed(**changes):
    return {item.name for item in setup(**changes).assumptions} - {"model_shape"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, set()),
        ({"tokens_b": None}, {"tokens_b"}),
        ({"seq_len": None}, {"seq_len"}),
        ({"batch": None}, {"tokens_per_device_and_step"}),
        ({"accelerator_count": None}, {"accelerator_count"}),
        ({"precision": None}, {"precision"}),
        ({"precision": None, "year": 2026}, set()),
        ({"kind": "lora", "batch": None}, {"micro_batch_sequences"}),
        ({"kind": "lora", "tokens_b": None, "samples": 1000}, {"tokens_b"}),
        ({"kind": "lora", "tokens_b": None, "samples": 1000, "epochs": 2, "tokens_per_sample": 300}, set()),
        ({"kind": "grpo"}, {"generated_fraction"}),
        ({"kind": "grpo", "generated_fraction": 0.7}, set()),
        ({"kind": "throughput", "tokens_b": None}, set()),
        ({"kind": "memory", "tokens_b": None, "accelerator": None, "accelerator_count": None}, set()),
    ],
)
def test_exactly_the_open_quantities_are_assumed_and_listed(changes, names):
    assert assumed(**changes) == names


def test_an_unknown_part_is_a_warning():
    datasheet = {"peak_flop_per_s": 3e14, "memory_bytes": 8e10}
    assert "Chip X" in setup(accelerator="Chip X", **datasheet).warnings[0]
    assert setup().warnings == ()


def test_pairs_count_with_both_answers():
    """1,000 pairs * 2 epochs * 2 answers * 300 tokens."""
    amounts = {"tokens_b": None, "samples": 1000, "epochs": 2, "tokens_per_sample": 300}
    assert setup(kind="dpo", **amounts).amount.tokens == 1_200_000
    assert setup(kind="reward_model", **amounts).amount.tokens == 1_200_000
    assert setup(kind="full_ft", **amounts).amount.tokens == 600_000


def test_examples_named_in_the_text_are_counted_like_given_ones():
    """17,000 samples * 3 epochs * 512 tokens * the share of the length that examples fill."""
    text = setup(kind="full_ft", tokens_b=None, seq_len=512, model="Foo 7B, 17k samples, 3 epochs")
    given = setup(kind="full_ft", tokens_b=None, seq_len=512, samples=17_000, epochs=3)
    share = pool().value("example_fill_fraction")
    assert text.amount.tokens == pytest.approx(given.amount.tokens)
    assert text.amount.tokens == pytest.approx(17_000 * 3 * 512 * share)


def test_a_run_with_devices_and_no_tokens_is_given_the_usual_length():
    amount = setup(kind="full_ft", tokens_b=None).amount
    assert amount.tokens is None
    assert amount.wall_hours == pool().value("training_wall_hours.full_ft")


def test_packed_text_has_no_padding_and_short_examples_in_a_batch_have():
    assert setup().padding_ratio == 1.0
    short = setup(kind="lora", seq_len=512, batch="micro 4")
    assert (short.is_packed, short.padding_ratio > 1) == (False, True)
    assert setup(kind="lora", seq_len=512, batch="micro 1").padding_ratio == 1.0
    assert setup(kind="lora", seq_len=2048, batch="micro 4").is_packed


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({"kind": "lora"}, "lora"),
        ({"kind": "qlora"}, "qlora"),
        ({"kind": "full_ft"}, "full"),
        ({"kind": "dpo"}, "full"),
        ({"kind": "dpo", "lora_rank": 16}, "lora"),
        ({"kind": "memory", "model": "Foo 7B, LoRA"}, "lora"),
        ({"kind": "memory", "model": "Foo 7B", "precision": "nf4"}, "qlora"),
        ({"kind": "memory", "model": "Foo 7B"}, "full"),
    ],
)
def test_the_method_follows_from_kind_rank_and_text(changes, method):
    assert setup(**changes).method == method


@pytest.mark.parametrize(
    ("changes", "halvings"),
    [
        ({}, 0),
        ({"precision": "fp8"}, 1),
        ({"precision": "mxfp4"}, 2),
        ({"kind": "qlora", "precision": "fp4"}, 0),
    ],
)
def test_fewer_bits_of_the_products_are_halvings_and_unpacked_weights_are_none(changes, halvings):
    assert setup(**changes).halvings == halvings


def test_a_given_step_is_spread_over_the_devices_and_bounds_the_pass():
    """262,144 tokens over 64 devices are one sequence of 4,096 each; `micro 2` takes two at once."""
    assert (setup(batch=64).step_tokens, setup(batch=64).micro_tokens) == (4096, 4096)
    assert setup(kind="full_ft", batch="GBS 512 (micro 2)").micro_tokens == 2 * 4096
    assert setup(kind="full_ft", batch="GBS 512 (micro 2)").step_tokens == 8 * 4096


ONE = {
    "kind": "full_ft",
    "accelerator_count": 1,
    "seq_len": 1024,
    "batch": 2,
    "sharding": "none",
    "precision": "bf16-mixed",
}
ROOM = 1e15


def needed_bytes(**changes):
    """What the layout of a device without limits takes, over the share of a device that is filled."""
    plan = setup(memory_bytes=ROOM, **changes)
    return float(training_memory_bytes(plan.shape, plan.plan, memory_fit(pool().value))) / USABLE_FRACTION


def test_a_run_that_just_fits_one_device_keeps_32_bit_states_and_one_that_does_not_shrinks_them():
    limit = needed_bytes(**ONE)
    assert setup(**ONE, memory_bytes=limit * 1.0001).plan.optimizer == "adamw"
    assert setup(**ONE, memory_bytes=limit * 0.9999).plan.optimizer == "adamw_bf16"


def test_a_loop_that_names_16_bit_alone_keeps_its_states_in_them():
    assert setup(**ONE | {"precision": "bf16"}, memory_bytes=ROOM).plan.optimizer == "adamw_bf16"


def test_a_given_optimiser_is_kept_and_the_activations_give_way():
    given = ONE | {"optimizer": "adamw"}
    just, not_quite = (setup(**given, memory_bytes=needed_bytes(**given) * ratio).plan for ratio in (1.0001, 0.9999))
    assert (just.optimizer, just.recompute) == ("adamw", "none")
    assert (not_quite.optimizer, not_quite.recompute) == ("adamw", "selective")


def test_given_recomputation_is_kept_where_nothing_fits():
    assert setup(**ONE, recompute=False, memory_bytes=1e9).plan.recompute == "none"
    assert setup(**ONE, recompute=True, memory_bytes=ROOM).plan.recompute == "full"


def test_several_devices_recompute_everything_only_where_selective_does_not_fit():
    many = {"kind": "full_ft", "accelerator_count": 8, "seq_len": 4096, "batch": 64}
    limit = needed_bytes(**many)
    assert setup(**many, memory_bytes=limit * 1.0001).plan.recompute == "selective"
    assert setup(**many, memory_bytes=limit * 0.9999).plan.recompute == "full"


def test_as_many_devices_are_assumed_as_hold_the_states():
    """7e9 * 2.5 bytes fill 70 % of 25e9 bytes."""
    free = {"kind": "lora", "accelerator_count": None}
    assert setup(**free, memory_bytes=25.01e9).devices == 1
    assert setup(**free, memory_bytes=24.99e9).devices == 2


def test_devices_of_one_server_use_its_link_and_more_use_the_network():
    assert setup(accelerator_count=8).is_linked
    assert not setup(accelerator_count=16).is_linked
