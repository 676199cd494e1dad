"""Example bodies of the OpenAPI document. Enter at `with_examples`."""

from copy import deepcopy
from typing import Any

_MODEL = {"model": "Llama 3.1 8B", "precision": "bf16", "year": 2026}
TUNING = {"id": "tuning", "kind": "lora", **_MODEL, "accelerator": "L40S", "samples": 5000, "epochs": 3}
PRETRAINING = {"id": "pretraining", "kind": "pretrain", **_MODEL, "accelerator": "H100", "tokens_b": 15_000}
SERVER = {"id": "server", "kind": "throughput", **_MODEL, "accelerator": "H100", "input_len": 512, "output_len": 128}
ASSISTANT = {"id": "assistant", "kind": "latency", **_MODEL, "accelerator": "L40S", "input_len": 900}
BODIES = {
    "/v1/estimates/training": (TUNING, PRETRAINING),
    "/v1/estimates/memory": (TUNING, PRETRAINING),
    "/v1/estimates/serving": (SERVER, ASSISTANT),
}
CASE = {
    "name": "Insurer, answers to claims letters",
    "use_case": {
        "task": "content_generation",
        "languages": ["de"],
        "requests_per_month": {"low": 30000, "central": 42000, "high": 60000},
        "quality": {"metric": "human_acceptance", "floor_fraction": 0.75},
    },
    "data": {"labelled_examples": 4000, "sensitivity": "special_category", "residency": "on_premises"},
    "budget": {"currency": "EUR", "total": 4000000, "horizon_months": 48},
}
SMALLEST = {"name": "Shop texts", "use_case": {"task": "content_generation", "requests_per_month": 5000}}
SINGLE: dict[str, dict[str, tuple[str, Any]]] = {
    "/v1/cases": {"full": ("A case with budget and data", CASE), "smallest": ("What is required", SMALLEST)},
    "/v1/assessments": {
        "full": ("A case, its seed and its draws", {"case": CASE, "seed": 7, "draws": 10000}),
        "smallest": ("Defaults for the rest; the answer lists them", {"case": SMALLEST}),
    },
    "/v1/jobs": {"portfolio": ("Two cases", {"kind": "portfolio", "cases": [CASE, SMALLEST], "draws": 2000})},
    "/v1/assessments/{assessment_id}/handoff": {
        "recommended": ("The recommended option with all launch files", {}),
        "german": ("Slurm alone, readme in German", {"launch": ["slurm"], "language": "de"}),
    },
}


def with_examples(paths: dict[str, Any]) -> dict[str, Any]:
    """A copy of the paths with bodies to start from; estimates show one request and many."""
    shown = deepcopy(paths)
    for path, (first, second) in BODIES.items():
        content = shown[path]["post"]["requestBody"]["content"]["application/json"]
        content["examples"] = {
            "one": {"summary": "One request, one estimate", "value": first},
            "many": {"summary": "An array, one answer each in order", "value": [first, second]},
        }
    for path, bodies in SINGLE.items():
        content = shown[path]["post"]["requestBody"]["content"]["application/json"]
        content["examples"] = {name: {"summary": summary, "value": body} for name, (summary, body) in bodies.items()}
    return shown
