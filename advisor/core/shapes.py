"""The shape of a transformer: what memory, traffic and work follow from.

Enter at `ModelShape`; `typical_decoder` gives the shape that a decoder of a given size usually has.
"""

from dataclasses import dataclass

HIDDEN_PER_LAYER = 128.0
"""Hidden size over layers in published decoders: 128 (Llama 2 7B and 13B, GPT-3, Llama 3.1 405B), 102 (70B)."""
WEIGHTS_PER_LAYER = 12.0
"""Weights of a layer over the hidden size squared: 4 in attention, 8 in the feed-forward block."""
DECODER_LAYER_WEIGHT = 4 / 3
"""A decoder layer of an encoder-decoder over an encoder layer: 16 instead of 12 h^2, by its cross attention."""
USUAL_HEAD_DIM = 128
GROUPED_KV_HEADS = 8
GROUPED_QUERY_YEAR, GROUPED_QUERY_PARAMS = 2024, 3e10
"""From this year on, or above this size, keys and values are shared by groups of heads (Ainslie et al. 2023)."""
FFN_OVER_HIDDEN = 8 / 3
USUAL_EXPERT_WIDTH = 2048
"""Feed-forward width of one expert: 1,536 to 2,880 in DeepSeek V2 and V3, Qwen3 235B, gpt-oss."""
VOCABULARY_BEFORE, VOCABULARY_SINCE = 50_000, 128_000


@dataclass(frozen=True)
class ModelShape:
    """Sizes of one transformer."""

    params: float
    """All parameters."""
    active_params: float
    """Parameters one token is multiplied with or looks up; equals `params` when dense."""
    num_layers: int
    hidden_size: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    ffn_size: int
    vocab_size: int
    tied_embeddings: bool = False
    gated_ffn: bool = True
    num_experts: int = 0
    experts_per_token: int = 0
    kv_latent_size: int | None = None
    """Width of the compressed keys and values per layer (multi-head latent attention); None: plain heads."""
    sliding_window_tokens: int | None = None
    sliding_layer_fraction: float = 0.0
    """Share of the layers that look at the window alone."""
    encoder_layers: int = 0
    """Layers of an encoder beside the decoder's `num_layers`; 0 for decoders and for pure encoders."""
    family: str = "decoder"
    known: bool = False
    """True when the sizes are the catalogue's or the request's, False when they are typical for the size."""

    @property
    def encoder_share(self) -> float:
        """Share of the layers that the encoder has; a decoder layer with cross attention weighs a third more."""
        decoder = self.num_layers * DECODER_LAYER_WEIGHT
        return self.encoder_layers / (self.encoder_layers + decoder)

    @property
    def matmul_params(self) -> float:
        """Parameters in matrix products per token: the input embedding is only looked up.

        The active parameters of mixtures of experts are counted without it already, as their cards do.
        """
        looked_up = 0 if self.tied_embeddings or self.num_experts else self.vocab_size * self.hidden_size
        return max(0.5 * self.active_params, self.active_params - looked_up)

    @property
    def embedding_params(self) -> float:
        """Parameters of the embedding and, where it has its own, of the output head."""
        return self.vocab_size * self.hidden_size * (1 if self.tied_embeddings else 2)

    @property
    def kv_values_per_token(self) -> float:
        """Numbers that one token of context leaves in the cache, over all layers (windows not counted in)."""
        per_layer = self.kv_latent_size or 2 * self.num_kv_heads * self.head_dim
        return float(self.num_layers * per_layer)


def typical_decoder(params: float, active_params: float | None = None, year: int | None = None) -> ModelShape:
    """The shape that published decoders of this size have.

    h = (128 N_a / 12)^(1/3) to the next 128, L = N_a / (12 h^2)
    units: parameters -> sizes.   source: Kaplan et al. 2020 (12 L h^2), ratios of published configurations.
    validity: within about 20 % for dense decoders of 100 million to 500 billion; experts only roughly.
    """
    active = active_params or params
    hidden = max(128, round((HIDDEN_PER_LAYER * active / WEIGHTS_PER_LAYER) ** (1 / 3) / 128) * 128)
    heads = hidden // min(USUAL_HEAD_DIM, hidden)
    grouped = (year or 0) >= GROUPED_QUERY_YEAR or active > GROUPED_QUERY_PARAMS
    return ModelShape(
        params=params,
        active_params=active,
        num_layers=max(1, round(active / (WEIGHTS_PER_LAYER * hidden**2))),
        hidden_size=hidden,
        num_heads=heads,
        num_kv_heads=min(GROUPED_KV_HEADS, heads) if grouped else heads,
        head_dim=min(USUAL_HEAD_DIM, hidden),
        ffn_size=round(FFN_OVER_HIDDEN * hidden) if params <= 1.05 * active else USUAL_EXPERT_WIDTH,
        vocab_size=VOCABULARY_SINCE if (year or 0) >= GROUPED_QUERY_YEAR else VOCABULARY_BEFORE,
        tied_embeddings=active < 2e9,
        num_experts=max(2, round(params / active * 8)) if params > 1.05 * active else 0,
        experts_per_token=8 if params > 1.05 * active else 0,
    )
