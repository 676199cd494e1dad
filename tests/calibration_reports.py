"""Reports to calibrate with: runs on a processor and on accelerators, a machine, a served model.

Enter at `run`, `gpu_run`, `machine` and `served`. The figures are invented but fit each other.
"""

from typing import Any

import documents

from advisor.contracts.measurements import MachineMeasurement, ServingMeasurement
from advisor.contracts.plan import TrainingPlan
from advisor.contracts.runs import EnergyReport, RunReport

PEAK_A100 = 312e12
NO_METER = EnergyReport(
    quality="unavailable",
    energy_j=None,
    duration_s=1.0,
    mean_power_w=None,
    coverage_fraction=0.0,
    uncertainty_fraction=None,
    reason="no NVIDIA driver answers",
)
PROCESSOR = "Test Core 9000"
LARGE: dict[str, Any] = {
    "accelerator": "a100-sxm-80gb",
    "accelerator_count": 1,
    "model": {"kind": "base_model", "model": "llama-3.1-8b"},
    "phases": {"pretrain": {"max_steps": 100, "batch_sequences": 64, "sequence_tokens": 2048}},
}


def metered(watts: float, duration_s: float, *, devices: int = 1) -> EnergyReport:
    """Energy of some accelerators at constant power."""
    share = watts * duration_s / devices
    return EnergyReport.model_validate(
        {
            "quality": "measured_counter",
            "energy_j": watts * duration_s,
            "duration_s": duration_s,
            "mean_power_w": watts,
            "coverage_fraction": 1.0,
            "uncertainty_fraction": 0.05,
            "devices": [
                {"uuid": f"GPU-{place}", "name": "NVIDIA A100-SXM4-80GB", "scope": "gpu", "energy_j": share}
                for place in range(devices)
            ],
        }
    )


def run(
    identity: str = "r-1", *, step_s: float = 0.2, steps: int = 100, overhead_s: float = 4.0, **changes: Any
) -> RunReport:
    """A pre-training of 700,000 parameters on one thread: 16 sequences of 128 tokens a step, some time around them."""
    report = documents.run_report()
    tokens = steps * 16 * 128
    flop = 6.0 * 600_000 * tokens
    phase = {
        "name": "pretrain",
        "status": "completed",
        "duration_s": steps * step_s + overhead_s,
        "steps": steps,
        "tokens": tokens,
        "tokens_per_s": 16 * 128 / step_s,
        "training_flop": flop,
        "flop_per_s": flop / (steps * step_s),
        "energy": NO_METER,
    }
    plan = report.plan.model_dump() | {
        "seed": 1,
        "model": {
            "kind": "architecture",
            "vocab_size": 1024,
            "hidden_size": 128,
            "num_layers": 2,
            "num_heads": 4,
            "num_kv_heads": 4,
            "ffn_size": 384,
            "context_tokens": 192,
        },
        "phases": {"pretrain": {"max_steps": steps, "batch_sequences": 16, "sequence_tokens": 128}},
    }
    whole = report.model_dump() | {
        "id": identity,
        "plan": plan,
        "phases": [phase],
        "environment": report.environment.model_dump() | {"processor": PROCESSOR, "torch_threads": 1},
        "model_card": report.model_card.model_dump() | {"parameters": 700_000},
    }
    return RunReport.model_validate(whole | changes)


def on_option(report: RunReport, option_id: str, *, kind: str = "fine_tune_lora", **changes: Any) -> RunReport:
    """The run as one of an option of an assessment."""
    origin = {
        "assessment_id": "a-1",
        "option_id": option_id,
        "option_kind": kind,
        "catalog_version": "x",
        "feasible": True,
    }
    whole = report.model_dump() | {"origin": origin, "plan": report.plan.model_dump() | {"origin": origin}}
    return RunReport.model_validate(whole | changes)


def gpu_run(identity: str = "g-1", *, share: float = 0.4, watts: float = 320.0, duration_s: float = 600.0) -> RunReport:
    """A continued pre-training of 8 billion parameters on one A100 at a share of its peak."""
    base = run(identity)
    tokens_per_s = share * PEAK_A100 / (6.0 * 8.03e9)
    steps = 100
    energy = metered(watts, duration_s)
    phase = base.phases[0].model_copy(
        update={
            "duration_s": duration_s,
            "steps": steps,
            "tokens": round(tokens_per_s * duration_s),
            "tokens_per_s": tokens_per_s,
            "training_flop": share * PEAK_A100 * duration_s,
            "flop_per_s": share * PEAK_A100,
            "energy": energy,
        }
    )
    return base.model_copy(
        update={
            "plan": TrainingPlan.model_validate(base.plan.model_dump() | LARGE),
            "phases": (phase,),
            "energy": energy,
            "environment": base.environment.model_copy(update={"accelerators": ("NVIDIA A100-SXM4-80GB",)}),
            "model_card": base.model_card.model_copy(update={"parameters": 8_030_000_000}),
        }
    )


def machine(*, share: float = 0.3, precision: str = "bf16", parameters: int = 1_000_000_000) -> MachineMeasurement:
    """An A100 with a training probe and its power at rest."""
    report = gpu_run()
    model = {
        "name": "probe",
        "parameters": parameters,
        "matmul_parameters": parameters,
        "num_layers": 16,
        "hidden_size": 2048,
        "vocab_size": 32_000,
        "precision": precision,
    }
    return MachineMeasurement.model_validate(
        {
            "id": "m-1",
            "created_at": "2026-11-24T10:00:00Z",
            "machine": {
                "environment": report.environment.model_dump(),
                "accelerator": "a100-sxm-80gb",
                "accelerator_count": 1,
                "memory_bytes": 80e9,
            },
            "idle": {"power_w": 60.0, "duration_s": 10.0},
            "matmul": [{"precision": precision, "num_rows": 8192, "num_repeats": 10, "flop_per_s": 0.8 * PEAK_A100}],
            "training": [
                {
                    "model": model,
                    "batch_sequences": 8,
                    "sequence_tokens": 2048,
                    "steps": 5,
                    "duration_s": 10.0,
                    "tokens_per_s": 1000.0,
                    "training_flop_per_token": 6.0 * parameters,
                    "flop_per_s": share * PEAK_A100,
                    "peak_memory_bytes": None,
                    "energy": metered(300.0, 10.0),
                }
            ],
        }
    )


def served(*, tokens_per_s: float, engine: str = "vllm 0.12", concurrent: int | None = 32) -> ServingMeasurement:
    """Llama 3.1 8B on one A100 under load."""
    return ServingMeasurement.model_validate(
        {
            "id": "s-1",
            "created_at": "2026-11-24T11:00:00Z",
            "origin": "bench",
            "model": "llama",
            "base_model": "llama-3.1-8b-instruct",
            "engine": engine,
            "accelerator": "a100-sxm-80gb",
            "accelerator_count": 1,
            "loads": [
                {
                    "num_concurrent": concurrent,
                    "requests": 64,
                    "duration_s": 20.0,
                    "prompt_tokens": 64 * 512,
                    "output_tokens": 64 * 128,
                    "output_tokens_per_s": tokens_per_s,
                    "ttft_ms": None,
                    "tpot_ms": None,
                    "energy_j": 20.0 * 300.0,
                }
            ],
        }
    )
