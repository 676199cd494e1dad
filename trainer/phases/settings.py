"""Settings that every trainer of transformers and trl needs here, in one place.

Enter at `arguments_for`. Surprises it takes care of: trl switches bf16 and gradient checkpointing on by default,
which fails, or costs time for nothing, on a CPU.
"""

from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import TrainingArguments

from advisor.contracts.plan import TrainingPlan

A = TypeVar("A", bound=TrainingArguments)
LOGS_PER_PHASE = 50


def arguments_for(kind: type[A], plan: TrainingPlan, directory: Path, *, max_steps: int, **chosen: Any) -> A:
    """Arguments of one phase: checkpoints, seed and precision from the plan, the rest as `chosen`."""
    on_gpu = torch.cuda.is_available()
    common: dict[str, Any] = {
        "output_dir": str(directory),
        "max_steps": max_steps,
        "seed": plan.seed,
        "data_seed": plan.seed,
        "save_strategy": "steps",
        "save_steps": plan.checkpoint_steps,
        # Two: while the newest is being written, the one before it stays.
        "save_total_limit": 2,
        "logging_strategy": "steps",
        "logging_first_step": True,
        "logging_steps": max(1, max_steps // LOGS_PER_PHASE),
        # On, it would log the mean of other losses in place of one that is no number.
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": not on_gpu,
        "bf16": on_gpu and torch.cuda.is_bf16_supported(),
        "activation_checkpointing": False,
        "dataloader_pin_memory": on_gpu,
        "lr_scheduler_type": "cosine",
        "warmup_steps": max(1, max_steps // 20),
    }
    return kind(**{**common, **chosen})
