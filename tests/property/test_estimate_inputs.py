"""What each input of a training request and each prior moves: none is read and ignored."""

import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.base import Interval
from advisor.contracts.estimates import TrainingRequest
from advisor.estimate.training import estimate_training

CATALOG = load_catalog()
DATASHEET = ("peak_flop_per_s", "memory_bytes", "bandwidth_bytes_per_s", "link_bytes_per_s", "tdp_w")
BASE = {
    "kind": "full_ft",
    "params_b": 7.0,
    "accelerator": "A100-80GB-SXM",
    "accelerator_count": 16,
    "seq_len": 1024,
    "batch": 64,
    "tokens_b": 0.1,
    "year": 2025,
    "precision": "bf16",
}


def parsed(fields):
    return TrainingRequest.model_validate({"id": "r"} | {key: item for key, item in fields.items() if item is not None})


def estimate(fields, draws=100, catalog=CATALOG):
    return estimate_training(parsed(fields), catalog, draws=draws)


COUNTED = {"tokens_b": None, "samples": 1000, "epochs": 2.0}
EXPERTS = {"params_b": 46.7, "active_params_b": 12.9}
TIME, MEMORY = "tokens_per_s_per_gpu", "peak_mem_gib"
MATTERS = [
    ("kind", "lora", {}, TIME),
    ("model", "Mistral 7B", {}, TIME),
    ("params_b", 8.0, {}, TIME),
    ("active_params_b", 6.0, EXPERTS, TIME),
    ("accelerator", "H100-SXM-80GB", {}, TIME),
    ("accelerator_count", 32, {}, MEMORY),
    ("precision", "fp8", {}, TIME),
    ("precision", "fp32", {}, MEMORY),
    ("year", 2023, {}, TIME),
    ("peak_flop_per_s", 1e14, {}, TIME),
    ("memory_bytes", 24e9, {}, "fitting_counts"),
    ("bandwidth_bytes_per_s", 1e12, {}, TIME),
    ("tdp_w", 300.0, {}, "energy_mwh"),
    ("link_bytes_per_s", 5e10, {"accelerator_count": 8}, TIME),
    ("num_layers", 40, {}, TIME),
    ("hidden_size", 5120, {}, MEMORY),
    ("num_heads", 64, {}, TIME),
    ("num_kv_heads", 1, {}, MEMORY),
    ("head_dim", 64, {}, TIME),
    ("ffn_size", 20_000, {}, MEMORY),
    ("vocab_size", 250_000, {}, MEMORY),
    ("tokens_b", 0.2, {}, "accelerator_hours"),
    ("samples", 2000, COUNTED, "accelerator_hours"),
    ("epochs", 5.0, COUNTED, "accelerator_hours"),
    ("tokens_per_sample", 100.0, COUNTED, "accelerator_hours"),
    ("generated_fraction", 0.2, {"kind": "grpo"}, "accelerator_hours"),
    ("seq_len", 4096, {}, TIME),
    ("batch", 512, {}, TIME),
    ("batch", "micro 1", {}, MEMORY),
    ("lora_rank", 256, {"kind": "lora"}, MEMORY),
    ("optimizer", "adamw_8bit", {}, MEMORY),
    ("recompute", True, {}, TIME),
    ("sharding", "zero1", {}, MEMORY),
    ("tensor_parallel", 4, {}, MEMORY),
    ("pipeline_parallel", 4, {}, MEMORY),
    ("grid_gco2_per_kwh", 20.0, {}, "tco2e"),
    ("pue_included", True, {}, "energy_mwh"),
    ("pue_ratio", 1.9, {}, "facility_mwh"),
    ("hours_between_stops", 2.0, {}, "accelerator_hours"),
    ("price_usd_per_hour", 9.0, {}, "cost_usd"),
]


@pytest.mark.parametrize(("key", "value", "base", "quantity"), MATTERS)
def test_changing_an_input_changes_the_figure_that_it_is_for(key, value, base, quantity):
    before = estimate(BASE | base)
    after = estimate(BASE | base | {key: value})
    assert getattr(after, quantity) != getattr(before, quantity)


def test_every_key_of_a_training_request_is_among_those_that_must_matter():
    named = {(row.values if hasattr(row, "values") else row)[0] for row in MATTERS}
    assert named == set(TrainingRequest.model_fields) - {"id"}


def widened(name, factor):
    rows = tuple(
        row.model_copy(update={"low": row.low / factor, "high": row.high * factor}) if row.name == name else row
        for row in CATALOG.parameters
    )
    return CATALOG.model_copy(update={"parameters": rows})


@pytest.mark.parametrize(
    ("name", "quantity", "kind"),
    [
        ("training_residual_ratio.run", "accelerator_hours", "pretrain"),
        ("training_residual_ratio.step", "tokens_per_s_per_gpu", "pretrain"),
        ("training_residual_ratio.tuning", "accelerator_hours", "lora"),
        ("training_residual_ratio.rl", "accelerator_hours", "grpo"),
        ("memory_residual_ratio.several", "peak_mem_gib", "full_ft"),
        ("memory_hidden_bytes_per_token", "peak_mem_gib", "full_ft"),
        ("training_layer_overhead_s.plain", "accelerator_hours", "lora"),
    ],
)
def test_a_wider_prior_widens_the_interval(name, quantity, kind):
    before, after = (
        ratio(getattr(estimate(BASE | {"kind": kind}, 1000, catalog), quantity))
        for catalog in (CATALOG, widened(name, 2.0))
    )
    assert after > before * 1.005


@pytest.mark.parametrize("devices", [1, 64])
@pytest.mark.parametrize("part", ["A100-80GB-SXM", "H100-SXM-80GB", "B200-180GB", "MI300X-192GB", "V100-32GB-SXM2"])
def test_a_part_known_by_its_datasheet_alone_has_wider_hours_than_the_listed_one(part, devices):
    assert width_without_name(part, devices) > 1.15


def test_so_has_one_whose_links_take_the_time():
    assert width_without_name("RTX 4090 24GB", 64) > 1.0


def width_without_name(part, devices):
    """P95 / P5 of the hours from the datasheet alone, over that of the listed part."""
    row = next(row for row in CATALOG.accelerators if part in (row.id, row.name, *row.aliases))
    datasheet = {name: getattr(row, name) for name in DATASHEET}
    run = BASE | {"kind": "pretrain", "accelerator_count": devices, "batch": "4M tokens"}
    known = estimate(run | {"accelerator": part}, draws=1000)
    unknown = estimate(run | datasheet | {"accelerator": "Chip X"}, draws=1000)
    assert unknown.warnings
    return ratio(unknown.accelerator_hours) / ratio(known.accelerator_hours)


def ratio(found: Interval) -> float:
    return found.p95 / found.p5


def test_more_devices_hold_what_fewer_hold():
    """4.8 billion parameters on L40S: every count from the smallest that fits."""
    run = BASE | {"kind": "grpo", "params_b": 4.8, "accelerator": "L40S", "seq_len": 4096, "batch": "micro 1"}
    counts = estimate(run | {"accelerator_count": 64}).fitting_counts
    assert counts == tuple(2**power for power in range(11) if 2**power >= counts[0])


def test_a_reference_model_takes_memory():
    tuned, preferred = (estimate(BASE | {"kind": kind}).peak_mem_gib.p50 for kind in ("full_ft", "dpo"))
    assert preferred > tuned
