"""Serving estimates from requests: what is answered, assumed, refused."""

import numpy as np
import pytest

from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingRequest
from advisor.estimate.serving import estimate_serving

ROW = {
    "id": "r",
    "kind": "throughput",
    "model": "Llama-3.1-8B",
    "params_b": 8.03,
    "active_params_b": 8.03,
    "precision": "bf16",
    "engine": "vLLM tp1",
    "accelerator": "H100-SXM-80GB",
    "accelerator_count": 1,
    "input_len": 500,
    "output_len": 300,
    "batch_or_concurrency": 64,
}
QUANTITIES = (
    "ttft_ms",
    "tpot_ms",
    "output_tokens_per_s",
    "prefill_tokens_per_s",
    "total_tokens_per_s",
    "power_w",
    "energy_j_per_output_token",
    "energy_wh_per_request",
)


def estimate(draws=400, seed=0, **changes):
    fields = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    return estimate_serving(ServingRequest.model_validate(fields), load_catalog(), draws=draws, seed=seed)


def width(interval):
    return interval.p95 / interval.p5


def test_a_full_request_gets_every_figure_with_ordered_quantiles():
    found = estimate()
    for name in QUANTITIES:
        interval = getattr(found, name)
        assert 0 < interval.p5 <= interval.p50 <= interval.p95, name
    assert found.power_boundary == "accelerator"
    assert found.warnings == ()
    assert found.batch == 64


def test_the_same_seed_gives_the_same_answer_and_another_a_near_one():
    assert estimate() == estimate()
    other = estimate(seed=1).output_tokens_per_s.p50
    assert other == pytest.approx(estimate().output_tokens_per_s.p50, rel=0.1)


def test_figures_of_one_estimate_fit_together():
    """Total is output x 800/300; joules per token are watts over the rate, within the skew of the medians."""
    found = estimate(draws=4000)
    assert found.total_tokens_per_s.p50 == pytest.approx(found.output_tokens_per_s.p50 * 8 / 3)
    joules = found.power_w.p50 / found.output_tokens_per_s.p50
    assert found.energy_j_per_output_token.p50 == pytest.approx(joules, rel=0.05)
    assert found.energy_wh_per_request.p50 == pytest.approx(found.energy_j_per_output_token.p50 * 300 / 3600, rel=1e-6)


def test_an_unknown_accelerator_is_an_error_with_the_nearest_match():
    with pytest.raises(BadInput, match=r"accelerator: .*H100-SXM-80GX.*h100-sxm-80gb"):
        estimate(accelerator="H100-SXM-80GX")


def test_an_unknown_accelerator_with_its_datasheet_is_answered_widely_and_warned_of():
    sheet = {"peak_flop_per_s": 989e12, "memory_bytes": 80e9, "bandwidth_bytes_per_s": 3.35e12, "tdp_w": 700}
    found, known = estimate(accelerator="Novelty X1", **sheet), estimate()
    assert "datasheet" in found.warnings[0]
    assert width(found.output_tokens_per_s) > 1.5 * width(known.output_tokens_per_s)
    assert found.output_tokens_per_s.p50 == pytest.approx(known.output_tokens_per_s.p50, rel=0.5)


def test_a_datasheet_without_bandwidth_says_what_is_missing():
    with pytest.raises(BadInput, match="bandwidth_bytes_per_s not known"):
        estimate(accelerator="Novelty X1", peak_flop_per_s=989e12, memory_bytes=80e9)


def test_a_model_that_does_not_fit_names_the_count_that_would():
    with pytest.raises(BadInput, match=r"accelerator_count: 1 x h100-sxm-80gb hold 0 sequences.* 2 would"):
        estimate(model="Llama-3.3-70B", params_b=70.6, active_params_b=70.6, engine="vLLM")


def test_a_batch_beyond_memory_is_refused_and_the_largest_that_fits_is_not():
    """About 0.97 x 80e9 - 16.06e9 bytes over 131,072 x 650 tokens: 722 sequences."""
    assert estimate(batch_or_concurrency=700).batch == 700
    with pytest.raises(BadInput, match=r"hold 722 sequences of 650 tokens.*740 are asked; 2 would"):
        estimate(batch_or_concurrency=740)


def test_a_missing_prompt_length_is_assumed_listed_and_widens():
    found, known = estimate(input_len=None), estimate()
    assert "input_len" in {item.name for item in found.assumptions}
    assert width(found.output_tokens_per_s) > width(known.output_tokens_per_s)


def test_unlimited_load_is_served_at_the_batch_that_memory_holds():
    found = estimate(batch_or_concurrency=None)
    assert 200 < found.batch < 1100
    assert found.output_tokens_per_s.p50 > estimate().output_tokens_per_s.p50
    assert "batch_or_concurrency" in {item.name for item in found.assumptions}


def test_copies_of_a_small_model_fill_a_server():
    one, eight = (estimate(batch_or_concurrency=None, engine="vLLM", accelerator_count=n) for n in (1, 8))
    assert eight.output_tokens_per_s.p50 == pytest.approx(8 * one.output_tokens_per_s.p50)


def test_a_cached_prompt_shortens_the_first_token():
    assert estimate(cached_input_fraction=0.9).ttft_ms.p50 < estimate().ttft_ms.p50


def test_a_model_without_speculation_is_slower():
    deepseek = {
        "model": "DeepSeek-R1",
        "params_b": 671,
        "active_params_b": 37,
        "precision": "fp8",
        "accelerator": "H200-SXM-141GB",
        "accelerator_count": 8,
        "batch_or_concurrency": 1,
    }
    with_it, without = (
        estimate(**deepseek, engine=text).tpot_ms.p50
        for text in ("TensorRT-LLM trtllm-bench + MTP3 speculation", "TensorRT-LLM trtllm-bench")
    )
    assert without > 1.4 * with_it


def test_a_prompt_alone_has_a_first_token_and_no_others():
    found = estimate(output_len=1, batch_or_concurrency=1)
    assert found.ttft_ms is not None
    assert found.tpot_ms is None
    assert found.output_tokens_per_s is None


def test_power_is_at_the_wall_for_power_rows_and_at_the_parts_else():
    wall, parts = estimate(kind="power"), estimate()
    assert wall.power_boundary == "node"
    assert 1.25 < wall.power_w.p50 / parts.power_w.p50 < 1.6


def test_a_larger_batch_needs_fewer_joules_per_token():
    joules = [estimate(batch_or_concurrency=b).energy_j_per_output_token.p50 for b in (1, 8, 64, 512)]
    assert joules == sorted(joules, reverse=True)
    assert joules[0] / joules[-1] > 6


@pytest.mark.parametrize(("fields", "published_wh"), [({"input_len": 10000}, 2.5), ({}, 0.34)])
def test_statements_about_hosted_services_lie_in_the_wide_interval(fields, published_wh):
    request = ServingRequest.model_validate({"id": "a", "kind": "api_energy", "model": "a hosted model", **fields})
    found = estimate_serving(request, load_catalog(), draws=400)
    assert found.energy_wh_per_request.p5 < published_wh < found.energy_wh_per_request.p95
    assert "wide" in found.warnings[0]


def test_processors_are_answered_too():
    found = estimate(
        accelerator="2S Xeon 6 Granite Rapids (CPU)", accelerator_count=2, engine="PyTorch CPU", batch_or_concurrency=8
    )
    assert 5 < found.output_tokens_per_s.p50 < 500


def test_the_median_over_draws_lies_at_the_central_value():
    one, many = estimate(draws=1), estimate(draws=4000)
    assert many.output_tokens_per_s.p50 == pytest.approx(one.output_tokens_per_s.p50, rel=0.05)
    assert np.isclose(one.output_tokens_per_s.p5, one.output_tokens_per_s.p95)
