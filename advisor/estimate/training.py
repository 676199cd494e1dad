"""Estimates of training runs and steps: hours, speed, utilisation, memory.

Enter at `estimate_training`; `load_of` turns a filled request into the numbers of the step model.
"""

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import UnknownName
from advisor.core.compute import ADAPTER_BACKWARD, FORWARD_BACKWARD
from advisor.core.training import TrainingLoad, sustained_flop_per_s
from advisor.estimate.coefficients import value
from advisor.estimate.parts import Part
from advisor.estimate.setup import Setup

REFERENCE_FORWARD = 2.0
SOFTWARE_YEAR = 2024
RECOMPUTED_SHARE = {"none": 0.0, "selective": 0.1, "full": 1.0}
"""Share of the forward pass that is run twice; selective recomputation repeats attention and cheap operations."""


def load_of(setup: Setup, catalog: Catalog) -> TrainingLoad:
    """The step model's numbers; the part and its peak must be known."""
    shape, part = setup.shape, setup.part
    if part is None or part.peak_flop_per_s is None:
        raise UnknownName("accelerator", "none", [row.id for row in catalog.accelerators])
    per_param = FORWARD_BACKWARD if setup.method == "full" else ADAPTER_BACKWARD
    if setup.kind in ("dpo", "ppo", "grpo"):
        per_param += REFERENCE_FORWARD
    width = shape.num_heads * shape.head_dim
    layers = shape.num_layers + shape.encoder_layers
    attention = FORWARD_BACKWARD * layers * width * setup.seq_len * (1.0 if shape.family == "decoder" else 2.0)
    return TrainingLoad(
        matmul_flop=per_param * shape.matmul_params * setup.padding_ratio,
        attention_flop=attention * setup.padding_ratio * setup.fill_fraction,
        shared_params=shape.active_params,
        trained_params=shape.params if setup.method == "full" else setup.plan.adapter_params,
        num_layers=layers,
        hidden_size=shape.hidden_size,
        vocab_size=shape.vocab_size,
        expert_width=float(shape.ffn_size) if shape.num_experts else float("inf"),
        software_years=software_years(setup.year),
        low_precision=float(setup.low_precision),
        recomputed=RECOMPUTED_SHARE[setup.plan.recompute],
        tokens_per_micro_step=setup.micro_tokens * setup.fill_fraction,
        tokens_per_step=setup.step_tokens * setup.fill_fraction,
        devices=setup.devices,
        sustained_flop_per_s=sustained_of(part, catalog),
        bandwidth_bytes_per_s=part.bandwidth_bytes_per_s or 1e18,
        tensor_parallel_devices=min(part.devices_per_server, setup.devices),
        server_link_bytes_per_s=link_of(part, catalog, linked=True),
        network_bytes_per_s=link_of(part, catalog, linked=setup.is_linked),
    )


def software_years(year: int | None) -> float:
    """Years of kernel and framework work, counted from 2024 and at most three either way."""
    if year is None:
        return 0.0
    return float(min(max(year - SOFTWARE_YEAR, -3), 3))


def sustained_of(part: Part, catalog: Catalog) -> float:
    """Matrix rate that the part holds, from its class and its power limit."""
    ratio = 1.0
    name = f"full_speed_j_per_flop.{part.mfu_class}"
    if part.tdp_w is not None and part.peak_flop_per_s and any(row.name == name for row in catalog.parameters):
        ratio = part.tdp_w / part.peak_flop_per_s / value(catalog, name)
    return float(
        sustained_flop_per_s(
            part.peak_flop_per_s or 0.0,
            achievable_fraction=_of_class(catalog, "achievable_matmul_fraction", part.mfu_class),
            power_limit_ratio=ratio,
        )
    )


def link_of(part: Part, catalog: Catalog, *, linked: bool) -> float:
    """One direction of the narrowest link between the devices of a run."""
    if not linked:
        return _of_class(catalog, "network_bytes_per_s", part.mfu_class)
    if part.link_bytes_per_s is not None:
        return part.link_bytes_per_s / 2
    return value(catalog, "bus_bytes_per_s")


def _of_class(catalog: Catalog, name: str, mfu_class: str) -> float:
    try:
        return lookup.parameter(catalog, f"{name}.{mfu_class}").central
    except UnknownName:
        return value(catalog, f"{name}.unlisted")
