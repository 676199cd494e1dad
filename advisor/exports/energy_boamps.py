"""A footprint as a BoAmps report (Boavizta's format for the energy of AI tasks), JSON.

Enter at `boamps_json`. The names are those of the project's schemas for report, algorithm, dataset and hardware; those
of a measure are taken from its own reader and examples. What is not known has no key, but for `environment.country`.
`powerConsumption` is the metered energy in kWh, without the rest of the server and without PUE.
"""

import json
import uuid
from datetime import datetime
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.footprint import Footprint, FootprintReport
from advisor.exports.energy_codecarbon import country

SPECIFICATION = "https://github.com/Boavizta/BoAmps"
FORMAT_VERSION = "0.1"
STAGES = {"pre-training": "training", "fine-tuning": "finetuning", "inference": "inference"}
PARAMETERS_PER_BILLION = 1e9
QUALITIES = ((0.10, "high"), (0.25, "medium"), (0.50, "low"))
"""Error of the stated energy up to which BoAmps calls a report so."""
NAMESPACE = uuid.UUID("6f7e9dd0-6b34-5a3c-9b0b-0f5f1c7c2f10")
"""Makes the report's id from ours, so that the same report has the same bytes."""


def boamps_json(found: FootprintReport) -> str:
    """The report as text.

    Raises:
        BadInput: the energy was not measured, or the work is neither training nor inference.
    """
    return json.dumps(boamps(found), indent=2, ensure_ascii=False) + "\n"


def boamps(found: FootprintReport) -> dict[str, Any]:
    """The report as plain data."""
    footprint = found.footprints[0]
    work = footprint.work
    if work.activity not in STAGES:
        raise BadInput(f"{work.id}: a BoAmps report is of training or inference; this is a machine's measurement")
    if footprint.metered_kwh is None:
        raise BadInput(f"{work.id}: a BoAmps report needs measured energy ({work.energy_reason})")
    quality = _quality(work.uncertainty_fraction)
    return {
        "header": {
            "formatVersion": FORMAT_VERSION,
            "formatVersionSpecificationUri": SPECIFICATION,
            "reportId": str(uuid.uuid5(NAMESPACE, work.id)),
            "reportDatetime": _instant(work.created_at),
            "reportStatus": "draft",
        },
        "task": _task(footprint),
        "measures": [
            {
                "measurementMethod": "richtwert",
                "version": found.richtwert_version,
                **({"gpuTrackingMode": "nvml"} if work.accelerator_names else {"cpuTrackingMode": "rapl"}),
                "powerConsumption": footprint.metered_kwh.p50,
                "measurementDuration": work.duration_s,
                "measurementDateTime": _instant(work.created_at),
            }
        ],
        **({"system": {"os": work.platform.split("-")[0].lower()}} if work.platform else {}),
        "software": {"language": "python", **_present(version=work.packages.get("python"))},
        "infrastructure": {
            "infraType": "onPremise" if found.on_premises else "publicCloud",
            "components": _components(footprint),
        },
        "environment": {
            "country": country(found.grid_zone)[0],
            **_present(powerSourceCarbonIntensity=_intensity(found)),
        },
        **_present(quality=quality),
    }


def _task(footprint: Footprint) -> dict[str, Any]:
    work = footprint.work
    framework = "transformers" if "transformers" in work.packages else None
    algorithm = _present(
        algorithmType="llm",
        algorithmName="transformer" if work.base_model is None else None,
        foundationModelName=work.base_model,
        parametersNumber=None if work.parameters is None else work.parameters / PARAMETERS_PER_BILLION,
        framework=framework,
        frameworkVersion=None if framework is None else work.packages[framework],
    )
    data = [{"dataUsage": "input", "dataType": "text"}]
    if work.activity == "inference":
        data.append({"dataUsage": "output", "dataType": "token", **_present(dataQuantity=work.output_tokens)})
    return {
        "taskStage": STAGES[work.activity],
        "taskFamily": (work.task or "text generation").replace("_", " "),
        **_present(nbRequest=work.requests),
        "algorithms": [algorithm],
        "dataset": data,
    }


def _components(footprint: Footprint) -> list[dict[str, Any]]:
    work = footprint.work
    found: list[dict[str, Any]] = []
    if work.accelerator_names:
        name = work.accelerator_names[0]
        found.append({"componentName": name, "componentType": "gpu", "nbComponent": max(1, work.accelerator_count)})
    if work.processor is not None:
        cores = work.cpu_count or 1
        found.append({"componentName": work.processor, "componentType": "cpu", "nbComponent": cores})
    return found


def _intensity(found: FootprintReport) -> float | None:
    name = f"grid_gco2e_per_kwh.{found.grid_zone}"
    value = next((row.value for row in found.assumptions if row.name == name), None)
    return float(value) if isinstance(value, float | int) else None


def _quality(uncertainty: float | None) -> str | None:
    if uncertainty is None:
        return None
    return next((name for limit, name in QUALITIES if uncertainty <= limit), None)


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _instant(created_at: str) -> str:
    return datetime.fromisoformat(created_at).strftime("%Y-%m-%d %H:%M:%S")
