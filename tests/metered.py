"""Reports with known energy: a run of 1 kWh on two H100, a served model of 2 kWh, a machine without a meter.

Enter at `run`, `served` and `machine`. Half of the run's energy goes into pre-training, a quarter into tuning.
"""

from documents import run_report

from advisor.contracts.measurements import MachineMeasurement, ServingMeasurement
from advisor.contracts.runs import DeviceEnergy, EnergyReport, HostEnergy, RunReport

KWH_J = 3.6e6
H100 = "NVIDIA H100 80GB HBM3"
ARCHITECTURE = {
    "kind": "architecture",
    "vocab_size": 512,
    "hidden_size": 16,
    "num_layers": 1,
    "num_heads": 2,
    "num_kv_heads": 1,
    "ffn_size": 32,
    "context_tokens": 224,
}


def unmeasured(reason):
    """An hour of which no energy is known."""
    return energy(
        0.0, energy_j=None, mean_power_w=None, quality="unavailable", uncertainty_fraction=None, reason=reason
    )


def on_processors(joules):
    """An hour on processors alone, whose counters were read."""
    host = HostEnergy(quality="measured_counter", energy_j=joules, coverage_fraction=1.0)
    return unmeasured("no NVIDIA driver").model_copy(update={"host": host, "devices": ()})


def energy(joules, duration_s=3600.0, scope="gpu", **changes):
    """A report of the meter on two devices."""
    devices = tuple(DeviceEnergy(uuid=f"GPU-{n}", name=H100, scope=scope, energy_j=joules / 2) for n in (1, 2))
    fields = {
        "quality": "measured_counter",
        "energy_j": joules,
        "duration_s": duration_s,
        "mean_power_w": joules / duration_s,
        "coverage_fraction": 1.0,
        "uncertainty_fraction": 0.05,
        "devices": devices,
    }
    return EnergyReport(**{**fields, **changes})


def run(total=None, **changes) -> RunReport:
    """A run from random weights: 0.5 kWh of pre-training, 0.25 of tuning, 0.25 of the rest."""
    document = run_report().model_dump(mode="json")
    document["environment"]["accelerators"] = [H100, H100]
    document["environment"]["packages"]["transformers"] = "5.23.0"
    document["plan"]["model"] = ARCHITECTURE
    document["energy"] = (total or energy(KWH_J)).model_dump(mode="json")
    document["phases"] = [
        {"name": name, "status": "completed", "duration_s": 900.0, "energy": energy(part * KWH_J).model_dump()}
        for name, part in (("data", 0.25), ("pretrain", 0.5), ("sft", 0.25))
    ]
    return RunReport.model_validate({**document, **changes})


def served(*loads_j) -> ServingMeasurement:
    """Loads of 500 requests in half an hour each, with their energy."""
    return ServingMeasurement.model_validate(
        {
            "id": "s-1",
            "created_at": "2026-11-23T12:00:00+00:00",
            "origin": "bench",
            "model": "claims-8b",
            "accelerator": "h100-sxm-80gb",
            "accelerator_count": 1,
            "loads": [
                {
                    "num_concurrent": 8,
                    "requests": 500,
                    "duration_s": 1800.0,
                    "prompt_tokens": 100_000,
                    "output_tokens": 50_000,
                    "output_tokens_per_s": 27.8,
                    "ttft_ms": None,
                    "tpot_ms": None,
                    "energy_j": energy_j,
                    "energy_note": "" if energy_j is not None else "no meter",
                }
                for energy_j in loads_j
            ],
        }
    )


def machine() -> MachineMeasurement:
    """A processor that was timed without a meter."""
    nothing = run_report()
    model = {
        "name": "llama-tiny",
        "parameters": 688768,
        "matmul_parameters": 557056,
        "num_layers": 2,
        "hidden_size": 128,
        "vocab_size": 1024,
        "precision": "fp32",
    }
    return MachineMeasurement.model_validate(
        {
            "id": "machine-1",
            "created_at": "2026-11-23T08:00:00+00:00",
            "machine": {
                "environment": nothing.environment.model_dump(),
                "accelerator": None,
                "accelerator_count": 0,
                "memory_bytes": 8e9,
            },
            "idle": {"power_w": None, "duration_s": 0.0, "reason": "no NVML device"},
            "training": [
                {
                    "model": model,
                    "batch_sequences": 4,
                    "sequence_tokens": 64,
                    "steps": 10,
                    "duration_s": 20.0,
                    "tokens_per_s": 128.0,
                    "training_flop_per_token": 3342336.0,
                    "flop_per_s": 4.28e8,
                    "peak_memory_bytes": None,
                    "energy": nothing.energy.model_dump(),
                }
            ],
        }
    )
