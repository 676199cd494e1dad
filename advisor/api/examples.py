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


def with_examples(paths: dict[str, Any]) -> dict[str, Any]:
    """A copy of the paths, where estimates show a body of one request and one of many."""
    shown = deepcopy(paths)
    for path, (first, second) in BODIES.items():
        content = shown[path]["post"]["requestBody"]["content"]["application/json"]
        content["examples"] = {
            "one": {"summary": "One request, one estimate", "value": first},
            "many": {"summary": "An array, one answer each in order", "value": [first, second]},
        }
    return shown
