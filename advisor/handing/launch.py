"""Files that start the training: one machine, torchrun, accelerate, Slurm, SkyPilot.

Enter at `launch_files`. All of them run from the plan's directory, write to `run` (or RUN_DIR) and go on with the run
that lies there. None holds a secret: tokens come from the environment of whoever starts them.
"""

from dataclasses import dataclass
from importlib.metadata import version
from math import ceil
from typing import Any

from advisor.contracts.assessment import Assessment
from advisor.contracts.catalog import AcceleratorRow
from advisor.contracts.errors import UnknownName
from advisor.contracts.handover import ALL_LAUNCHERS
from advisor.contracts.plan import BaseModelSource, TrainingPlan
from advisor.handing.yaml_text import yaml_text

LAUNCHERS: tuple[str, ...] = ALL_LAUNCHERS
CPUS_PER_DEVICE = 8
TIME_RESERVE = 1.5
"""Wall time asked of Slurm over the high bound of the forecast: data, evaluation, checkpoints."""
USUAL_HOURS = 24.0
"""Asked for where there is no forecast."""
SKY_NAMES = {
    "h100-sxm-80gb": "H100",
    "h100-pcie-80gb": "H100",
    "h200-sxm-141gb": "H200",
    "gh200-96gb": "GH200",
    "b200-sxm-180gb": "B200",
    "gb200-186gb": "GB200",
    "a100-sxm-80gb": "A100-80GB",
    "a100-pcie-80gb": "A100-80GB",
    "a100-sxm-40gb": "A100",
    "v100-sxm2-16gb": "V100",
    "v100-sxm2-32gb": "V100-32GB",
    "l40s-48gb": "L40S",
    "l4-24gb": "L4",
    "a10g-24gb": "A10G",
    "rtx-4090-24gb": "RTX4090",
    "rtx-3090-24gb": "RTX3090",
    "rtx-a6000-48gb": "RTXA6000",
    "mi300x-192gb": "MI300X",
    "tpu-v4": "tpu-v4-8",
    "tpu-v5e": "tpu-v5litepod-8",
    "tpu-v5p": "tpu-v5p-8",
}
"""Catalogue id -> name in SkyPilot's list of accelerators (`sky show-gpus`)."""

HEAD = """#!/usr/bin/env bash
"""
RESUME = """set -euo pipefail
run="${RUN_DIR:-run}"
resume=()
if [[ -e "$run/run.json" ]]; then resume=(--resume); fi
"""
CALL = 'run . --output "$run" ${resume[@]+"${resume[@]}"}'


@dataclass(frozen=True)
class Site:
    """What the launch files need to know of the hardware."""

    part: AcceleratorRow | None
    count: int

    @property
    def on_cpu(self) -> bool:
        """True where no accelerator is used."""
        return self.part is None or self.part.mfu_class == "cpu"

    @property
    def nodes(self) -> int:
        """Machines."""
        if self.on_cpu or self.part is None:
            return 1
        return ceil(self.count / self.part.devices_per_server)

    @property
    def per_node(self) -> int:
        """Processes, and devices, on each machine."""
        return 1 if self.on_cpu else ceil(self.count / self.nodes)


def launch_files(plan: TrainingPlan, assessment: Assessment, site: Site, launchers: tuple[str, ...]) -> dict[str, str]:
    """Path in the plan's directory -> text.

    Raises:
        UnknownName: a launcher that there is none of.
    """
    for name in launchers:
        if name not in LAUNCHERS:
            raise UnknownName("launcher", name, LAUNCHERS)
    resume = RESUME
    found: dict[str, str] = {}
    if "one_machine" in launchers:
        found["launch/one_machine.sh"] = _one_machine(resume)
    if "torchrun" in launchers:
        found["launch/torchrun.sh"] = _torchrun(site, resume)
        found["launch/accelerate.yaml"] = yaml_text(_accelerate(plan, site))
    if "slurm" in launchers:
        found["launch/slurm.sbatch"] = _slurm(plan, site, resume)
    if "skypilot" in launchers:
        found["launch/skypilot.yaml"] = yaml_text(_skypilot(plan, assessment, site, resume))
    return found


def _one_machine(resume: str) -> str:
    return (
        HEAD
        + "# One process on this machine; started again, it goes on where it was stopped.\n"
        + resume.replace("run=", 'cd "$(dirname "$0")/.."\nrun=', 1)
        + f"exec trainer {CALL}\n"
    )


def _torchrun(site: Site, resume: str) -> str:
    body = resume.replace("run=", 'cd "$(dirname "$0")/.."\nrun=', 1)
    return (
        HEAD
        + "# One process per device. Several machines: set NODES, NODE_RANK and HEAD (host:port) on each of them.\n"
        + body
        + f'devices="${{DEVICES:-{site.per_node}}}"\nnodes="${{NODES:-{site.nodes}}}"\n'
        + "where=(--standalone)\n"
        + 'if (( nodes > 1 )); then\n  where=(--node-rank "${NODE_RANK:?}" --rdzv-backend c10d '
        + '--rdzv-endpoint "${HEAD:?}")\nfi\n'
        + 'exec torchrun "${where[@]}" --nnodes "$nodes" --nproc-per-node "$devices" -m trainer '
        + f"{CALL}\n"
    )


def _accelerate(plan: TrainingPlan, site: Site) -> dict[str, Any]:
    """For `accelerate launch --config_file launch/accelerate.yaml -m trainer run .`."""
    lora = plan.phases.sft is not None and plan.phases.sft.lora is not None
    several = site.count > 1 and not site.on_cpu
    document: dict[str, Any] = {
        "compute_environment": "LOCAL_MACHINE",
        "debug": False,
        "distributed_type": "NO" if not several else "MULTI_GPU" if lora else "FSDP",
        "machine_rank": 0,
        "main_training_function": "main",
        "mixed_precision": "no" if site.on_cpu else "bf16",
        "num_machines": site.nodes,
        "num_processes": site.per_node * site.nodes,
        "rdzv_backend": "static" if site.nodes == 1 else "c10d",
        "same_network": True,
        "use_cpu": site.on_cpu,
    }
    if document["distributed_type"] == "FSDP":
        document["fsdp_config"] = {
            "fsdp_version": 2,
            "fsdp_auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "fsdp_cpu_ram_efficient_loading": True,
            "fsdp_offload_params": False,
            "fsdp_reshard_after_forward": True,
            "fsdp_state_dict_type": "SHARDED_STATE_DICT",
        }
    return document


def _slurm(plan: TrainingPlan, site: Site, resume: str) -> str:
    hours = plan.forecast.train_hours.p95 if plan.forecast.train_hours is not None else USUAL_HOURS
    minutes = max(30, ceil(hours * TIME_RESERVE * 60))
    days, rest = divmod(minutes, 24 * 60)
    directives = [
        f"--job-name={slug(plan.name)}",
        f"--nodes={site.nodes}",
        "--ntasks-per-node=1",
        f"--cpus-per-task={CPUS_PER_DEVICE * site.per_node}",
        *([] if site.on_cpu else [f"--gpus-per-node={site.per_node}"]),
        f"--time={days}-{rest // 60:02d}:{rest % 60:02d}:00",
        "--output=slurm-%j.log",
        "--open-mode=append",
        "--requeue",
        "--signal=TERM@300",
    ]
    return (
        HEAD
        + "".join(f"#SBATCH {directive}\n" for directive in directives)
        + "# From the plan's directory: sbatch launch/slurm.sbatch; account and partition with -A and -p.\n"
        + "# Five minutes before its time ends the run saves itself; exit code 130 puts it back into the queue.\n"
        + resume.replace("run=", 'cd "$SLURM_SUBMIT_DIR"\nrun=', 1)
        + 'head="$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)"\n'
        + "code=0\n"
        + 'srun torchrun --nnodes "$SLURM_JOB_NUM_NODES" '
        + f'--nproc-per-node {site.per_node} --rdzv-backend c10d \\\n  --rdzv-endpoint "$head:29500" '
        + f'--rdzv-id "$SLURM_JOB_ID" -m trainer {CALL} || code=$?\n'
        + 'if (( code == 130 )); then scontrol requeue "$SLURM_JOB_ID"; fi\nexit "$code"\n'
    )


def _skypilot(plan: TrainingPlan, assessment: Assessment, site: Site, resume: str) -> dict[str, Any]:
    resources: dict[str, Any] = {"disk_size": 256}
    if site.on_cpu or site.part is None:
        resources["cpus"] = f"{max(2, site.count)}+"
    else:
        name = SKY_NAMES.get(site.part.id, site.part.name)
        resources["accelerators"] = name if name.startswith("tpu-") else f"{name}:{site.per_node}"
        # Interruptions are fine: the run resumes from its bucket.
        resources["use_spot"] = True
    bucket = f"{slug(plan.name)[:30].strip('-')}-{slug(assessment.id)[-12:]}".strip("-")
    call = (
        'torchrun --nnodes "$SKYPILOT_NUM_NODES" --nproc-per-node '
        f'{site.per_node} --node-rank "$SKYPILOT_NODE_RANK" \\\n'
        '  --master-addr "$(echo "$SKYPILOT_NODE_IPS" | head -n 1)" --master-port 29500 -m trainer ' + CALL
    )
    return {
        "name": slug(plan.name)[:40].strip("-"),
        "workdir": ".",
        "num_nodes": site.nodes,
        "resources": resources,
        "envs": {
            "RICHTWERT": f"richtwert[trainer]=={version('richtwert')}",
            "RUN_DIR": "/checkpoints/run",
            # The base model comes from the hub; a model from random weights fetches nothing.
            "HF_HUB_OFFLINE": "0" if isinstance(plan.model, BaseModelSource) else "1",
        },
        "file_mounts": {"/checkpoints": {"name": bucket, "mode": "MOUNT"}},
        "setup": 'pip install "$RICHTWERT"\n',
        "run": resume + call + "\n",
    }


def slug(text: str) -> str:
    """Lower-case letters, digits and hyphens."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in text.lower())
    return "-".join(part for part in kept.split("-") if part) or "plan"
