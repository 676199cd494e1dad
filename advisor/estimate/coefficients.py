"""Coefficients of the estimators under the names that the catalogue gives them.

Enter at `training_fit` and `memory_fit`; `get` maps a parameter's name to its central value or to draws.
"""

from collections.abc import Callable

from numpy.typing import ArrayLike

from advisor.core.memory import MemoryFit
from advisor.core.training import TrainingFit

Get = Callable[[str], ArrayLike]
TRAINING = {
    "matmul_efficiency_fraction": "training_matmul_efficiency_fraction",
    "attention_efficiency_ratio": "training_attention_efficiency_ratio",
    "activation_traffic_factor": "training_activation_traffic_factor",
    "exposed_communication_fraction": "training_exposed_communication_fraction",
    "layer_overhead_s": "training_layer_overhead_s.tuned",
    "low_precision_gain_ratio": "training_low_precision_gain_ratio",
    "expert_width_half": "training_expert_width_half",
    "software_gain_per_year": "training_software_gain_per_year",
}
PLAIN_OVERHEAD = "training_layer_overhead_s.plain"
MEMORY = {
    "hidden_bytes_per_token": "memory_hidden_bytes_per_token",
    "logit_bytes": "memory_logit_bytes",
    "quantised_activation_ratio": "memory_quantised_activation_ratio",
    "fragmentation_ratio": "memory_fragmentation_ratio",
    "fixed_bytes": "memory_fixed_bytes",
    "quantised_bytes_per_param": "memory_quantised_bytes_per_param",
}


def training_fit(get: Get, *, plain: bool = False) -> TrainingFit:
    """Coefficients of the training step; `plain` for loops without compiled or fused kernels."""
    names = TRAINING | ({"layer_overhead_s": PLAIN_OVERHEAD} if plain else {})
    return TrainingFit(**{field: get(name) for field, name in names.items()})


def memory_fit(get: Get) -> MemoryFit:
    """Coefficients of the memory model."""
    return MemoryFit(**{field: get(name) for field, name in MEMORY.items()})
