"""A model, a part and coefficients that are easy to reckon with by hand."""

from advisor.core.decode import Device, Layout, NumberFormat, StepFit
from advisor.core.shapes import ModelShape

BF16, FP8 = NumberFormat(), NumberFormat("fp8", 1.0, 2.0, 8, keeps_embeddings=False)
ONE = Layout(1)
LLAMA_8B = ModelShape(8.03e9, 8.03e9, 32, 4096, 32, 8, 128, 14336, 128256, known=True)
MIXTURE = ModelShape(30e9, 3e9, 48, 2048, 32, 4, 128, 768, 1000, num_experts=128, experts_per_token=8, known=True)
LATENT = ModelShape(
    671e9, 37e9, 61, 7168, 128, 128, 192, 2048, 1000, num_experts=256, experts_per_token=8, kv_latent_size=576
)
H100 = Device(989e12, 3.35e12, 80e9, peak_fp8_flop_per_s=1979e12, link_bytes_per_s=900e9)
FIT = StepFit(
    step_s=4e-4,
    layer_s=5e-5,
    expert_layer_s=4e-5,
    narrow_layer_s=2e-5,
    narrow_expert_layer_s=1e-4,
    hop_s=1e-5,
    sequence_s=2e-5,
    bandwidth_efficiency=0.8,
    cache_ratio=0.9,
    expansion_ratio=0.9,
    compute_efficiency=0.5,
    prefill_efficiency=0.5,
    expert_ratio=0.5,
    expert_tile_tokens=8.0,
    narrow_exponent=0.4,
    link_efficiency=0.5,
    chunk_tokens=8192.0,
    overlap_exponent=1.0,
)
