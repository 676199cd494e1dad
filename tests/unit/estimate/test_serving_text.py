"""What engine and precision texts of published rows are understood to say."""

import pytest

from advisor.contracts.errors import BadInput
from advisor.estimate.serving_text import engine_of, format_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("vLLM (ML.ENERGY v3) tp1 ep1 dp1", "vllm"),
        ("SGLang PD-disaggregation + large EP", "vllm"),
        ("TensorRT-LLM v1.0 (trtllm-bench, unlimited rate) tp8", "tensorrt"),
        ("llama.cpp or Ollama", "llamacpp"),
        ("LitGPT generate (plain PyTorch loop)", "eager"),
        ("PyTorch 2.10 ROCm 7.2.2", "other"),
        (None, "vllm"),
    ],
)
def test_the_kind_of_an_engine_is_read_from_its_name(text, kind):
    engine = engine_of(text)
    assert engine.kind == kind
    assert engine.stated == (text is not None)


@pytest.mark.parametrize(
    ("text", "tensor", "expert", "stages"),
    [
        ("vLLM (ML.ENERGY v3) tp1 ep8 dp1", 1, 8, None),
        ("vLLM TEP8", 8, 8, None),
        ("TensorRT-LLM (DEP4)", None, 4, None),
        ("TensorRT-LLM v1.0 (trtllm-bench, unlimited rate) tp1 pp8", 1, None, 8),
        ("vLLM 0.10.0", None, None, None),
    ],
)
def test_degrees_of_parallelism_are_read_from_the_text(text, tensor, expert, stages):
    engine = engine_of(text)
    assert (engine.tensor, engine.expert, engine.stages) == (tensor, expert, stages)


def test_wide_systems_read_prompts_elsewhere_and_small_ones_do_not():
    assert engine_of("vLLM 0.11 wide-EP disaggregated").wide
    assert engine_of("DeepSeek internal (EP144 decode)").expert == 144
    assert engine_of("DeepSeek internal (EP144 decode)").prefills_elsewhere
    assert not engine_of("vLLM tp1 ep8 dp1").prefills_elsewhere


def test_drafted_tokens_are_read_or_assumed_where_speculation_is_named():
    assert engine_of("TensorRT-LLM trtllm-bench + MTP3 speculation").drafted_tokens == 3
    assert engine_of("vLLM with EAGLE").drafted_tokens == 3
    assert engine_of("vLLM").drafted_tokens == 0


@pytest.mark.parametrize(
    ("text", "weight_bytes", "bits"),
    [
        ("bfloat16", 2.0, 16),
        ("fp8 matmul, bf16 MLA", 1.0, 8),
        ("nvfp4/fp8", 0.5625, 4),
        ("mxfp4 weights", 0.53125, 4),
        ("q4_0 (not stated; thread context)", 0.5625, 16),
        ("int4", 0.53125, 16),
        ("Q5_K_M", 0.7125, 16),
        ("exl2 4.0 bpw", 0.5, 16),
        (None, 2.0, 16),
    ],
)
def test_the_first_format_named_counts(text, weight_bytes, bits):
    form = format_of(text, engine_of("vLLM"))
    assert form.weight_bytes == weight_bytes
    assert form.compute_bits == bits


def test_the_cache_is_narrow_where_the_engine_keeps_it_so():
    assert format_of("fp4 + fp8 KV", engine_of("vLLM")).cache_bytes == 1.0
    assert format_of("fp8", engine_of("TensorRT-LLM")).cache_bytes == 1.0
    assert format_of("fp8", engine_of("vLLM")).cache_bytes == 2.0


def test_an_unknown_format_is_an_error_that_names_the_known_ones():
    with pytest.raises(BadInput, match=r"precision: 'ternary' names no known format; one of .*bf16"):
        format_of("ternary", engine_of("vLLM"))
