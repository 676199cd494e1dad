"""Serving of a model that the company runs: a compose file and how to use it.

Enter at `serve_files`. Accelerators get vLLM, processors the program `serving` of this package; both speak the
OpenAI-compatible API on port 8000.
"""

from importlib.metadata import version
from math import ceil, log2
from typing import Any

from advisor.catalog import lookup
from advisor.contracts.assessment import Assessment, Option
from advisor.contracts.catalog import AcceleratorRow, Catalog
from advisor.handing.figures import spread
from advisor.handing.words import SERVE_README
from advisor.handing.yaml_text import yaml_text
from advisor.phrases import Language

VLLM_IMAGE = "vllm/vllm-openai:v0.33.0"
"""The newest release on the package index on 2026-11-24; images carry the version of the release."""
MEMORY_SHARE = 0.9
"""Share of the memory that vLLM takes; its own default."""
WEIGHT_SHARE = 0.7
"""Share of that memory that weights may fill, so that keys and values have room."""
BYTES_PER_WEIGHT = 2.0
CONTEXT_RESERVE = 2.0
"""Longest request over the P95 of prompt and answer together."""
LEAST_CONTEXT = 2048
NVIDIA_CLASSES = ("a100", "h100", "b200", "v100", "consumer")


def serve_files(
    assessment: Assessment, option: Option, catalog: Catalog, *, trained: bool, language: Language
) -> dict[str, str]:
    """`serve/compose.yaml` and `serve/README.md` of an option with its own hosting."""
    part = lookup.accelerator(catalog, option.accelerator) if option.accelerator is not None else None
    on_cpu = part is None or part.mfu_class == "cpu"
    document = _processors(trained) if on_cpu else _accelerators(assessment, option, catalog, part, trained)
    name = served_name(option)
    readme = SERVE_README[language].format(
        name=name,
        model_dir="../run/model" if trained else "MODEL_DIR",
        hub=_hub(option, catalog),
        count=option.accelerator_count or 1,
        part=f"`{part.id}`" if part is not None else "CPU",
        engine="serving" if on_cpu else VLLM_IMAGE,
    )
    comment = "docker compose --file serve/compose.yaml up   (from the plan's directory)"
    return {"serve/compose.yaml": yaml_text(document, comment), "serve/README.md": readme}


def served_name(option: Option) -> str:
    """The model's name in requests."""
    return f"in-house-{(option.model or option.id).rpartition('/')[2]}"


def tensor_parallel(params: float, memory_bytes: float) -> int:
    """Fewest devices, a power of two, whose memory holds the weights in 16 bit.

    n = 2 ^ ceil(log2(2 N / (0.9 * 0.7 * M)));  parameters, bytes -> devices
    source: own rule; vLLM takes 0.9 of the memory, of which weights may fill 0.7.
    validity: dense models in bf16; long contexts at many requests at once may need more.
    """
    needed = BYTES_PER_WEIGHT * params / (MEMORY_SHARE * WEIGHT_SHARE * memory_bytes)
    return int(2 ** max(0, ceil(log2(needed)))) if needed > 0 else 1


def _accelerators(
    assessment: Assessment, option: Option, catalog: Catalog, part: AcceleratorRow | None, trained: bool
) -> dict[str, Any]:
    find = lookup.architecture if option.kind == "from_scratch" else lookup.base_model
    model = find(catalog, option.model or "")
    parallel = tensor_parallel(model.parameters, part.memory_bytes if part is not None else 0.0)
    command = [
        *("--model", "/model", "--served-model-name", served_name(option), "--host", "0.0.0.0", "--port", "8000"),
        *("--tensor-parallel-size", str(parallel), "--gpu-memory-utilization", str(MEMORY_SHARE)),
        *("--max-model-len", str(_context(assessment, model.context_tokens))),
    ]
    service: dict[str, Any] = {
        "image": VLLM_IMAGE,
        "command": command,
        "environment": {"VLLM_API_KEY": "${VLLM_API_KEY:?set VLLM_API_KEY in the environment}", "HF_HUB_OFFLINE": "1"},
    }
    service |= _common(trained)
    service["ipc"] = "host"
    if part is not None and part.mfu_class in NVIDIA_CLASSES:
        device = {"driver": "nvidia", "count": parallel, "capabilities": ["gpu"]}
        service["deploy"] = {"resources": {"reservations": {"devices": [device]}}}
    return {"name": "in-house-model", "services": {"model": service}}


def _processors(trained: bool) -> dict[str, Any]:
    image = f"richtwert-serving:{version('richtwert')}"
    service: dict[str, Any] = {
        "image": image,
        "command": ["serving", "up", "/model", "--host", "0.0.0.0", "--port", "8000"],
    }
    return {"name": "in-house-model", "services": {"model": service | _common(trained)}}


def _common(trained: bool) -> dict[str, Any]:
    source = "../run/model" if trained else "${MODEL_DIR:?set MODEL_DIR to the directory of the weights}"
    probe = "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=3)"
    return {
        "ports": ["127.0.0.1:${PORT:-8000}:8000"],
        "volumes": [f"{source}:/model:ro"],
        "healthcheck": {
            "test": ["CMD", "python3", "-c", probe],
            "interval": "15s",
            "timeout": "5s",
            "retries": 5,
            "start_period": "900s",
        },
        "restart": "unless-stopped",
    }


def _context(assessment: Assessment, model_tokens: int) -> int:
    """Room for the longest requests, a power of two, within what the model was made for."""
    longest = spread(assessment, "input_tokens_per_request").p95 + spread(assessment, "output_tokens_per_request").p95
    if any(row.name == "retrieval_tokens_per_request" for row in assessment.assumptions):
        longest += spread(assessment, "retrieval_tokens_per_request").p95
    wanted = int(2 ** ceil(log2(CONTEXT_RESERVE * longest))) if longest > 0 else 0
    return min(model_tokens, max(LEAST_CONTEXT, wanted))


def _hub(option: Option, catalog: Catalog) -> str:
    if option.kind == "from_scratch":
        return option.model or ""
    row = lookup.base_model(catalog, option.model or "")
    return row.hub_id or row.id
