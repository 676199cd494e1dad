"""Which rows are summed up together, and what an estimator with one fixed utilisation says about them.

Enter at `training_group`, `serving_group` and `constant_training`.
"""

from collections.abc import Callable

from advisor.catalog import lookup
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import UnknownName
from advisor.contracts.estimates import Estimate
from advisor.core.compute import FORWARD_BACKWARD
from advisor.core.units import SECONDS_PER_HOUR
from advisor.estimate.shapes import BILLION
from advisor.hindcast.rows import PublishedRow
from advisor.hindcast.training_fit import RECORDS

CONSTANT_MFU = "constant_mfu_fraction"
FAST = ("a100", "h100", "b200")
KIND_NAMES = {
    "pretrain": "pre-training, continued too",
    "continued_pretrain": "pre-training, continued too",
    "full_ft": "fine-tuning, all weights",
    "lora": "LoRA",
    "qlora": "QLoRA",
    "ppo": "reinforcement learning",
    "grpo": "reinforcement learning",
    "dpo": "preferences, reward model",
    "reward_model": "preferences, reward model",
    "throughput": "training steps",
}


def training_group(row: PublishedRow, estimate: Estimate, quantity: str) -> str:
    """Kind of run; apart: record runs, runs whose tokens had to be guessed, memory of one and of several devices."""
    if quantity == "peak_mem_gib":
        several = row.kind != "memory" and (row.request.get("accelerator_count") or 1) > 1
        return f"memory, {'several devices' if several else 'one device'}"
    if row.family == RECORDS:
        return "record runs on one server"
    name = KIND_NAMES[row.kind]
    guessed = quantity == "accelerator_hours" and any(item.name == "tokens_b" for item in estimate.assumptions)
    return f"{name}, tokens not published" if guessed else name


def serving_group(catalog: Catalog) -> Callable[[PublishedRow, Estimate, str], str]:
    """Dense models on data-centre parts, and the rest."""

    def group(row: PublishedRow, estimate: Estimate, quantity: str) -> str:
        params, active = row.request.get("params_b"), row.request.get("active_params_b")
        dense = params is not None and (active is None or active >= 0.95 * params)
        try:
            fast = lookup.accelerator(catalog, str(row.request.get("accelerator"))).mfu_class in FAST[:2]
        except UnknownName:
            fast = False
        return "serving, dense on A100 and H100 class" if dense and fast else "serving, other models and parts"

    return group


def constant_training(catalog: Catalog) -> Callable[[PublishedRow, str], float | None]:
    """6 N D over peak times one utilisation for everything, as calculators do."""
    mfu = lookup.parameter(catalog, CONSTANT_MFU).central

    def constant(row: PublishedRow, quantity: str) -> float | None:
        params = row.request.get("active_params_b") or row.request.get("params_b")
        if params is None or row.request.get("accelerator") is None:
            return None
        try:
            peak = lookup.accelerator(catalog, str(row.request["accelerator"])).peak_flop_per_s
        except UnknownName:
            return None
        rate = peak * mfu / (FORWARD_BACKWARD * params * BILLION)
        if quantity == "tokens_per_s_per_gpu":
            return float(rate)
        tokens = row.request.get("tokens_b")
        if quantity == "accelerator_hours" and tokens is not None:
            return float(tokens * BILLION / rate / SECONDS_PER_HOUR)
        return None

    return constant
