"""Coefficients of the estimators from the catalogue's parameters: central values, or draws.

Enter at `training_fit`, `memory_fit` and `value`.
"""

from collections.abc import Callable

from numpy.typing import ArrayLike

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.core.memory import MemoryFit
from advisor.core.training import TrainingFit

TRAINING = {
    "matmul_efficiency_fraction": "training_matmul_efficiency_fraction",
    "attention_efficiency_ratio": "training_attention_efficiency_ratio",
    "activation_traffic_factor": "training_activation_traffic_factor",
    "exposed_communication_fraction": "training_exposed_communication_fraction",
    "layer_overhead_s": "training_layer_overhead_s",
    "low_precision_gain_ratio": "training_low_precision_gain_ratio",
    "expert_width_half": "training_expert_width_half",
    "software_gain_per_year": "training_software_gain_per_year",
    "run_efficiency_fraction": "training_run_efficiency_fraction",
}
MEMORY = {
    "hidden_bytes_per_token": "memory_hidden_bytes_per_token",
    "logit_bytes": "memory_logit_bytes",
    "quantised_activation_ratio": "memory_quantised_activation_ratio",
    "fragmentation_ratio": "memory_fragmentation_ratio",
    "fixed_bytes": "memory_fixed_bytes",
    "quantised_bytes_per_param": "memory_quantised_bytes_per_param",
}


def value(catalog: Catalog, name: str) -> float:
    """Central value of a parameter."""
    return lookup.parameter(catalog, name).central


def training_fit(catalog: Catalog, of: Callable[[str], ArrayLike] | None = None) -> TrainingFit:
    """Coefficients of the training step; `of` maps a parameter's name to a value or to draws."""
    get = of or (lambda name: value(catalog, name))
    return TrainingFit(**{field: get(name) for field, name in TRAINING.items()})


def memory_fit(catalog: Catalog, of: Callable[[str], ArrayLike] | None = None) -> MemoryFit:
    """Coefficients of the memory model."""
    get = of or (lambda name: value(catalog, name))
    return MemoryFit(**{field: get(name) for field, name in MEMORY.items()})
