"""Parameter counts of transformers from their configuration: what a model card must agree with.

Enter at `total_parameters` and `active_parameters` with `Sizes`; `decoder_parameters` and `decoder_active_parameters`
are the short way for plain decoders.
"""

from dataclasses import dataclass, replace
from typing import Literal

ATTENTION_MATRICES_PER_SIDE = 2
"""Query and output projections have one width, key and value projections another."""
Family = Literal["decoder", "encoder", "encoder_decoder"]
Biases = Literal["none", "query_key_value", "all"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What the number of weights follows from; the names are those of the catalogue's models."""

    family: Family = "decoder"
    vocab_size: int
    hidden_size: int
    num_layers: int
    """Of the encoder where there are two stacks."""
    num_heads: int
    num_kv_heads: int
    head_dim: int
    """Width of a query and a key, rotated part included."""
    ffn_size: int
    """Per expert where there are experts."""
    tied_embeddings: bool
    gated_ffn: bool = True
    biases: Biases = "none"
    num_experts: int = 0
    experts_per_token: int = 0
    shared_experts: int = 0
    """Experts that every token meets, beside the routed ones."""
    dense_layers: int = 0
    """Layers without experts, in a model with experts."""
    dense_ffn_size: int | None = None
    """Feed-forward width of the dense layers; None: `ffn_size`."""
    num_decoder_layers: int = 0
    """Layers with cross attention of an encoder-decoder."""
    position_embeddings: int = 0
    embedding_size: int | None = None
    """Width of the embeddings; None: `hidden_size`, else a matrix leads to it and back."""
    kv_latent_size: int | None = None
    """Compressed keys and values, rotated part included (multi-head latent attention); None: plain heads."""
    rope_head_dim: int | None = None
    value_head_dim: int | None = None
    query_latent_size: int | None = None


def total_parameters(sizes: Sizes) -> int:
    """Weights of a transformer, with whatever its family adds.

    decoder: N = emb + L_d (att + ff(f_d)) + (L - L_d) (att + (max(1, E) + S) ff(f) + E h) + (2 L + 1) norm
    encoder: N = emb + L (att + ff(f)) + (2 L + 1) norm
    both: N = emb + L_enc (att + ff) + L_dec (2 att + ff) + (2 L_enc + 3 L_dec + 2) norm
    units: counts -> parameters.   source: Vaswani et al. 2017; Touvron et al. 2023 (arXiv:2302.13971); Ainslie et al.
    2023 (GQA); DeepSeek-AI 2024 (arXiv:2405.04434, latent attention, shared experts); Raffel et al. 2020 (T5).
    validity: within 0.1 % of the weights in decoders; query and key norms, relative positions, pooler (0.5 % of a base
    encoder), vision towers and extra prediction heads are left out.
    """
    norm = sizes.hidden_size * (2 if sizes.biases == "all" else 1)
    attention, feed_forward = _attention(sizes), _feed_forward(sizes, sizes.ffn_size)
    total = _embeddings(sizes)
    if sizes.family == "encoder_decoder":
        encoder = attention + feed_forward + 2 * norm
        decoder = 2 * attention + feed_forward + 3 * norm
        return total + sizes.num_layers * encoder + sizes.num_decoder_layers * decoder + 2 * norm
    dense = sizes.dense_layers if sizes.num_experts else 0
    blocks = sizes.num_experts + sizes.shared_experts if sizes.num_experts else 1
    router = sizes.num_experts * sizes.hidden_size
    total += dense * _feed_forward(sizes, sizes.dense_ffn_size or sizes.ffn_size)
    total += (sizes.num_layers - dense) * (blocks * feed_forward + router)
    return total + sizes.num_layers * (attention + 2 * norm) + norm


def active_parameters(sizes: Sizes) -> int:
    """Weights that one token is multiplied with; all of them where there are no experts.

    N_a = N(tied) - (L - L_d) (E - k) ff(f); the output head counts, the look-up of the input embedding does not
    units: counts -> parameters.   source: as `total_parameters`; convention of the gpt-oss model card.
    validity: models with experts; cards that count the input embedding too print V h more.
    """
    if not sizes.num_experts:
        return total_parameters(sizes)
    idle = (sizes.num_layers - sizes.dense_layers) * (sizes.num_experts - sizes.experts_per_token)
    return total_parameters(replace(sizes, tied_embeddings=True)) - idle * _feed_forward(sizes, sizes.ffn_size)


def decoder_parameters(
    *,
    vocab_size: int,
    hidden_size: int,
    num_layers: int,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    ffn_size: int,
    tied_embeddings: bool,
    gated_ffn: bool = True,
    num_experts: int = 0,
) -> int:
    """Weights of a pre-norm decoder with grouped-query attention, dense or with experts.

    N = V h (1 or 2) + L (2 h d (a + k) + e (3 or 2) h f + E h + 2 h) + h;
    a heads, k key-value heads of width d, e = max(1, E) feed-forward blocks (3 matrices when gated), E h the router
    units: counts -> parameters.   source: as `total_parameters`.
    validity: RMS norms, no biases.
    """
    return total_parameters(
        Sizes(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            num_kv_heads=num_kv_heads,
            head_dim=head_dim,
            ffn_size=ffn_size,
            tied_embeddings=tied_embeddings,
            gated_ffn=gated_ffn,
            num_experts=num_experts,
        )
    )


def decoder_active_parameters(
    *,
    vocab_size: int,
    hidden_size: int,
    num_layers: int,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    ffn_size: int,
    num_experts: int,
    experts_per_token: int,
    gated_ffn: bool = True,
) -> int:
    """Weights that one token of a plain mixture of experts is multiplied with.

    N_a = N(tied) - L (E - k_e) (3 or 2) h f
    units: counts -> parameters.   source: as `active_parameters`.
    validity: the same number of experts in every layer, none shared.
    """
    return active_parameters(
        Sizes(
            vocab_size=vocab_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            num_heads=num_heads,
            num_kv_heads=num_kv_heads,
            head_dim=head_dim,
            ffn_size=ffn_size,
            tied_embeddings=True,
            gated_ffn=gated_ffn,
            num_experts=num_experts,
            experts_per_token=experts_per_token,
        )
    )


def _embeddings(sizes: Sizes) -> int:
    width = sizes.embedding_size or sizes.hidden_size
    tables = sizes.vocab_size * width * (1 if sizes.tied_embeddings else 2)
    passages = 2 * width * sizes.hidden_size if width != sizes.hidden_size else 0
    return tables + passages + sizes.position_embeddings * sizes.hidden_size


def _attention(sizes: Sizes) -> int:
    """Projections of one attention block."""
    h, heads = sizes.hidden_size, sizes.num_heads
    if sizes.kv_latent_size is not None:
        rope, value = sizes.rope_head_dim or 0, sizes.value_head_dim or sizes.head_dim
        query_out, latent = heads * sizes.head_dim, sizes.query_latent_size
        query = h * query_out if latent is None else latent * (h + query_out)
        up = (sizes.kv_latent_size - rope) * heads * (sizes.head_dim - rope + value)
        return query + h * sizes.kv_latent_size + up + heads * value * h
    weights = ATTENTION_MATRICES_PER_SIDE * h * sizes.head_dim * (heads + sizes.num_kv_heads)
    if sizes.biases == "none":
        return weights
    return weights + sizes.head_dim * (heads + 2 * sizes.num_kv_heads) + (h if sizes.biases == "all" else 0)


def _feed_forward(sizes: Sizes, ffn_size: int) -> int:
    into = 2 if sizes.gated_ffn else 1
    bias = into * ffn_size + sizes.hidden_size if sizes.biases == "all" else 0
    return (into + 1) * sizes.hidden_size * ffn_size + bias
