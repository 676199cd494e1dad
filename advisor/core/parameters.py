"""Parameter counts of Llama-type decoders from their configuration: what a model card must agree with.

Enter at `decoder_parameters`; `decoder_active_parameters` counts what one token multiplies with.
"""

ATTENTION_MATRICES_PER_SIDE = 2
"""Query and output projections have one width, key and value projections another."""


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
    units: counts -> parameters.   source: Touvron et al. 2023 (arXiv:2302.13971), Ainslie et al. 2023 (GQA).
    validity: RMS norms, no biases; biases and query/key norms add less than 0.1 % in current models.
    """
    embeddings = vocab_size * hidden_size * (1 if tied_embeddings else 2)
    attention = ATTENTION_MATRICES_PER_SIDE * hidden_size * head_dim * (num_heads + num_kv_heads)
    expert = _feed_forward(hidden_size, ffn_size, gated_ffn=gated_ffn)
    router = num_experts * hidden_size
    norms = 2 * hidden_size
    layer = attention + max(1, num_experts) * expert + router + norms
    return embeddings + num_layers * layer + hidden_size


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
    """Weights that one token of a mixture of experts is multiplied with.

    N_a = N(tied) - L (E - k_e) (3 or 2) h f; the output head counts, the look-up of the input embedding does not
    units: counts -> parameters.   source: as `decoder_parameters`; convention of the gpt-oss model card.
    validity: the same number of experts in every layer, none shared.
    """
    total = decoder_parameters(
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
    )
    idle = num_experts - experts_per_token
    return total - num_layers * idle * _feed_forward(hidden_size, ffn_size, gated_ffn=gated_ffn)


def _feed_forward(hidden_size: int, ffn_size: int, *, gated_ffn: bool) -> int:
    return (3 if gated_ffn else 2) * hidden_size * ffn_size
