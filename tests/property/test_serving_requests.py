"""Any serving request is answered with ordered, positive figures, or refused with a reason."""

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.load import load_catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import ServingEstimate, ServingRequest
from advisor.estimate.serving import estimate_serving

CATALOG = load_catalog()
KINDS = ("throughput", "latency", "energy", "power", "api_energy")
ENGINES = ("vLLM", "vLLM tp2", "TensorRT-LLM tp8", "SGLang DEP8", "llama.cpp", "Transformers", "TensorRT-LLM + MTP2")
FORMATS = ("bf16", "fp8", "fp4", "int4", "q4_k_m", "mxfp4", "fp32")

requests = st.fixed_dictionaries(
    {
        "id": st.just("r"),
        "kind": st.sampled_from(KINDS),
        "model": st.sampled_from([row.name for row in CATALOG.base_models]),
        "accelerator": st.sampled_from([row.id for row in CATALOG.accelerators]),
    },
    optional={
        "engine": st.sampled_from(ENGINES),
        "precision": st.sampled_from(FORMATS),
        "accelerator_count": st.sampled_from([1, 2, 3, 8, 72]),
        "batch_or_concurrency": st.floats(0.5, 8192),
        "input_len": st.floats(1, 2e5),
        "output_len": st.floats(1, 2e4),
        "cached_input_fraction": st.floats(0, 1),
    },
)


def answer(document) -> ServingEstimate | None:
    """The estimate, or None where the request is refused."""
    try:
        return estimate_serving(ServingRequest.model_validate(document), CATALOG, draws=20)
    except BadInput:
        return None


@settings(max_examples=150, deadline=None)
@given(requests)
def test_a_request_is_answered_in_order_or_refused_with_a_reason(document):
    found = answer(document)
    if found is None:
        return
    for name in ("ttft_ms", "tpot_ms", "output_tokens_per_s", "prefill_tokens_per_s", "power_w"):
        interval = getattr(found, name)
        assert interval is None or 0 < interval.p5 <= interval.p50 <= interval.p95


@settings(max_examples=60, deadline=None)
@given(requests, st.floats(1, 8))
def test_more_bandwidth_and_peak_never_make_an_answer_slower(document, factor):
    part = next(row for row in CATALOG.accelerators if row.id == document["accelerator"])
    faster = {
        "bandwidth_bytes_per_s": part.bandwidth_bytes_per_s * factor,
        "peak_flop_per_s": part.peak_flop_per_s,
    }
    slow, fast = answer(document), answer({**document, **faster})
    assert (slow is None) == (fast is None)
    if slow is not None and fast is not None and slow.output_tokens_per_s is not None:
        assert fast.output_tokens_per_s.p50 >= slow.output_tokens_per_s.p50 * (1 - 1e-9)
