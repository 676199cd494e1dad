"""The step model of `advisor estimate` decides how fast an option trains, and a measurement of one run goes back."""

import documents
import pytest

from advisor.catalog import lookup
from advisor.catalog.load import load_catalog
from advisor.contracts.estimates import TrainingRequest
from advisor.contracts.plan import (
    BaseModelSource,
    BuiltinCorpus,
    DataPlan,
    LoraSettings,
    PhasesPlan,
    SftPhase,
    TrainingPlan,
)
from advisor.contracts.runs import RunReport
from advisor.estimate.training import estimate_training
from advisor.input_rows import from_parameter
from advisor.measure import overrides_of
from advisor.options.pace import REFERENCE_PARTS, central_pool, pace_of, ratio_of_plan, reference_mfu_fraction

CATALOG = load_catalog()
POOL = central_pool(CATALOG)
QWEN = lookup.base_model(CATALOG, "qwen3-8b")
A100 = lookup.accelerator(CATALOG, "a100-sxm-80gb")


def pace(kind="lora", model=QWEN, part=A100, tokens=1100.0, **more):
    return pace_of(model, kind, part, POOL, tokens_per_example=tokens, **more)


@pytest.mark.parametrize("mfu_class", sorted(REFERENCE_PARTS))
def test_the_class_rows_stand_for_the_reference_run(mfu_class):
    row = lookup.parameter(CATALOG, f"mfu_fraction.{mfu_class}.full")
    assert row.central == pytest.approx(reference_mfu_fraction(mfu_class, POOL), rel=0.1)
    assert REFERENCE_PARTS[mfu_class] in row.note


def test_an_option_reaches_what_advisor_estimate_says_of_the_same_run():
    request = TrainingRequest(
        id="same",
        kind="lora",
        model="qwen3-8b",
        params_b=QWEN.parameters / 1e9,
        accelerator="a100-sxm-80gb",
        accelerator_count=1,
        lora_rank=16,
        precision="bf16",
        year=2026,
        samples=1000,
        epochs=3,
        seq_len=3667,
        batch="GBS 16 (micro 1)",
    )
    wanted = estimate_training(request, CATALOG, draws=100).mfu.p50
    got = pace()
    assert got.mfu_ratio * reference_mfu_fraction("a100", POOL) == pytest.approx(wanted, rel=1e-6)


def test_lora_needs_fewer_devices_and_less_work_than_full_training():
    lora, full = pace("lora"), pace("full_ft")
    assert lora.devices < full.devices
    assert lora.flop_per_token < full.flop_per_token
    assert lora.checkpoint_bytes < full.checkpoint_bytes / 100


def test_full_training_of_eight_billion_parameters_takes_four_devices_of_80_gb_to_be_safe():
    """16 bytes * 8.19e9 = 131 GB: 66 a device on two, above 80 / 1.5 = 53 GB for a model that errs; 33 on four."""
    assert pace("full_ft").devices == 4


def test_a_mixture_of_experts_is_paid_by_its_active_parameters():
    """gpt-oss-120b: 5.13e9 active of 116.8e9; LoRA: 4 FLOPs each, attention on top."""
    experts = pace(model=lookup.base_model(CATALOG, "gpt-oss-120b"))
    assert 4 * 4.5e9 < experts.flop_per_token < 4 * 8e9


def test_long_examples_add_attention():
    assert pace(tokens=8000.0).flop_per_token > pace(tokens=1000.0).flop_per_token


def test_short_examples_in_a_plain_loop_reach_less():
    assert pace(tokens=80.0).mfu_ratio < pace(tokens=400.0).mfu_ratio


def test_what_no_device_holds_is_impossible():
    small = lookup.accelerator(CATALOG, "t4-16gb")
    assert pace("full_ft", model=lookup.base_model(CATALOG, "llama-3.3-70b-instruct"), part=small) is None


def test_a_class_without_published_runs_keeps_its_own_utilisation():
    found = pace(part=lookup.accelerator(CATALOG, "xeon-6-granite-rapids-128c"))
    assert found.mfu_ratio == 1.0
    assert "no published run" in found.note


def plan(**phases) -> TrainingPlan:
    return TrainingPlan(
        name="measured",
        seed=0,
        task="chat",
        accelerator="a100-sxm-80gb",
        accelerator_count=1,
        data=DataPlan(corpora=(BuiltinCorpus(),)),
        model=BaseModelSource(kind="base_model", model="qwen3-8b"),
        phases=PhasesPlan(pretrain=None, **phases),
    )


def test_a_measured_run_is_compared_with_its_own_expectation():
    adapters = ratio_of_plan(plan(sft=SftPhase(lora=LoraSettings())), "sft", A100, CATALOG)
    assert 0.1 < adapters < 3
    assert adapters != 1.0


def test_a_run_that_the_step_model_cannot_place_counts_as_it_is():
    unknown = plan(sft=SftPhase()).model_copy(update={"model": BaseModelSource(kind="base_model", model="./somewhere")})
    assert ratio_of_plan(unknown, "sft", A100, CATALOG) == 1.0
    assert ratio_of_plan(plan(sft=SftPhase()), "pretrain", A100, CATALOG) == 1.0


def run_of(utilisation: float) -> RunReport:
    """A LoRA run that reached a share of the peak of one A100."""
    report = documents.run_report()
    phase = report.phases[0].model_copy(update={"name": "sft", "flop_per_s": utilisation * A100.peak_flop_per_s})
    tuned = plan(sft=SftPhase(lora=LoraSettings()))
    card = report.model_card.model_copy(update={"parameters": 8_000_000_000})
    return report.model_copy(update={"plan": tuned, "phases": (phase,), "model_card": card})


def test_a_report_corrects_the_class_by_what_the_reference_run_would_have_reached():
    prior = from_parameter(lookup.parameter(CATALOG, "mfu_fraction.a100.full"), CATALOG)
    ratio = ratio_of_plan(plan(sft=SftPhase(lora=LoraSettings())), "sft", A100, CATALOG)
    after = overrides_of([run_of(prior.central * ratio)], CATALOG, [prior], []).inputs[prior.name]
    assert after.central == pytest.approx(prior.central, rel=1e-6)
    assert after.high / after.low < prior.high / prior.low
    slower = overrides_of([run_of(0.5 * prior.central * ratio)], CATALOG, [prior], []).inputs[prior.name]
    assert slower.central < 0.6 * prior.central
    assert "for the class's reference run" in slower.source
