"""The numbers of the step model for one filled request.

Enter at `load_of`; `sustained_of` and `link_of` turn a part of the catalogue into rates.
"""

from collections.abc import Callable

from numpy.typing import ArrayLike

from advisor.contracts.errors import BadInput
from advisor.core.compute import Phase, attention_flop_per_token, encoder_decoder_products, flop_per_token
from advisor.core.training import TrainingLoad, sustained_flop_per_s
from advisor.estimate.draws import Draws
from advisor.estimate.parts import Part
from advisor.estimate.setup import Setup

PHASES: dict[str, Phase] = {
    "reward_model": "reward",
    "dpo": "preference",
    "ppo": "reinforcement",
    "grpo": "reinforcement",
}
DECODER_TOKENS = 0.5
"""Share of an encoder-decoder's tokens that its decoder reads: in the mean of prompts and answers, half."""
SOFTWARE_YEAR, SOFTWARE_SPAN = 2024, 3
RECOMPUTED_SHARE = {"none": 0.0, "selective": 0.1, "full": 1.0}
"""Share of the forward pass that is run twice; selective recomputation repeats cheap operations only."""
UNKNOWN_BANDWIDTH = 1e12
"""For parts known by their peak alone: traffic then counts as on an accelerator of about 2020."""

Get = Callable[[str], ArrayLike]


def load_of(setup: Setup, draws: Draws, get: Get | None = None) -> TrainingLoad:
    """The step model's numbers at central values, or at `get`'s.

    Raises:
        BadInput: the part's peak is not known.
    """
    shape, part, of = setup.shape, setup.part, get or draws.value
    if part is None or part.peak_flop_per_s is None:
        raise BadInput("accelerator: its peak is needed for time; name a part, or give peak_flop_per_s")
    products = flop_per_token(
        _worked_params(setup),
        trained="all" if setup.method == "full" else "adapters",
        phase=PHASES.get(setup.kind, "language"),
        adapter_params=setup.plan.adapter_params,
    )
    layers = shape.num_layers + shape.encoder_layers
    attention = attention_flop_per_token(
        layers, shape.num_heads * shape.head_dim, setup.seq_len, causal=shape.family == "decoder"
    )
    return TrainingLoad(
        matmul_flop=products * setup.padding_ratio,
        attention_flop=attention * setup.padding_ratio * setup.fill_fraction,
        shared_params=shape.active_params,
        trained_params=shape.params if setup.method == "full" else setup.plan.adapter_params,
        streamed_bytes=_dequantised_bytes(setup, of),
        num_layers=layers,
        hidden_size=shape.hidden_size,
        vocab_size=shape.vocab_size,
        expert_width=float(shape.ffn_size) if shape.num_experts else float("inf"),
        software_years=_software_years(setup.year),
        halvings=float(setup.halvings),
        recomputed=RECOMPUTED_SHARE[setup.plan.recompute],
        tokens_per_micro_step=setup.micro_tokens * setup.fill_fraction,
        tokens_per_step=setup.step_tokens * setup.fill_fraction,
        devices=setup.devices,
        tensor_parallel_devices=min(part.devices_per_server, setup.devices),
        sustained_flop_per_s=sustained_of(part, draws, of),
        bandwidth_bytes_per_s=part.bandwidth_bytes_per_s or UNKNOWN_BANDWIDTH,
        server_link_bytes_per_s=link_of(part, draws, linked=True, get=get),
        network_bytes_per_s=link_of(part, draws, linked=setup.is_linked, get=get),
    )


def sustained_of(part: Part, draws: Draws, get: Get | None = None) -> ArrayLike:
    """Matrix rate that the part holds, from its class and its power limit."""
    of = get or draws.value
    ratio = 1.0
    reference = f"full_speed_j_per_flop.{part.mfu_class}"
    if part.tdp_w is not None and part.peak_flop_per_s and draws.knows(reference):
        ratio = part.tdp_w / part.peak_flop_per_s / draws.value(reference)
    rate = sustained_flop_per_s(
        part.peak_flop_per_s or 0.0,
        achievable_fraction=of(draws.of_class("achievable_matmul_fraction", part.mfu_class)),
        power_limit_ratio=ratio,
    )
    return rate * of(draws.of_class("sustained_ratio", part.mfu_class))


def link_of(part: Part, draws: Draws, *, linked: bool, get: Get | None = None) -> ArrayLike:
    """One direction of the narrowest link between the devices of a run."""
    of = get or draws.value
    if not linked:
        return of(draws.of_class("network_bytes_per_s", part.mfu_class))
    if part.link_bytes_per_s is not None:
        return part.link_bytes_per_s / 2
    return of("bus_bytes_per_s")


def _worked_params(setup: Setup) -> float:
    """Parameters in products per token; encoder and decoder of a pair each see only their own tokens."""
    shape = setup.shape
    if shape.family != "encoder_decoder":
        return shape.matmul_params
    in_encoder = shape.matmul_params * shape.encoder_share
    return float(
        encoder_decoder_products(in_encoder, shape.matmul_params - in_encoder, decoder_token_fraction=DECODER_TOKENS)
    )


def _dequantised_bytes(setup: Setup, of: Get) -> ArrayLike:
    """Bytes per pass that unpacking 4-bit weights moves."""
    if setup.method != "qlora":
        return 0.0
    return of("dequantisation_bytes_per_param") * setup.shape.active_params


def _software_years(year: int | None) -> float:
    if year is None:
        return 0.0
    return float(min(max(year - SOFTWARE_YEAR, -SOFTWARE_SPAN), SOFTWARE_SPAN))
