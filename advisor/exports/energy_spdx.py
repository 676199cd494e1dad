"""Footprints as an SPDX 3.0.1 document of the AI profile: the energy of training, tuning and inference of a model.

Enter at `spdx_json`. The energies are those of the facility (server and PUE included), in kWh; the description of each
model says so. A stage that was not measured is left out. Supplier, version and place of download, which the AI profile
wants of a model, are not known here, so the document does not claim to conform to it: merge it into your own.
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.footprint import Footprint, FootprintReport
from advisor.core.units import JOULES_PER_KWH

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
SPEC_VERSION = "3.0.1"
CREATION = "_:creation"
STAGES = {
    "training": "ai_trainingEnergyConsumption",
    "finetuning": "ai_finetuningEnergyConsumption",
    "inference": "ai_inferenceEnergyConsumption",
}


def spdx_json(found: FootprintReport) -> str:
    """The document as text.

    Raises:
        BadInput: none of the reports has the energy of a stage at the facility.
    """
    return json.dumps(spdx(found), indent=2, ensure_ascii=False) + "\n"


def spdx(found: FootprintReport) -> dict[str, Any]:
    """The document as plain data: creation, tool, models, the document itself."""
    packages = [package for footprint in found.footprints if (package := _package(footprint)) is not None]
    if not packages:
        reasons = "; ".join(
            f"{footprint.work.id}: {footprint.reasons.get('facility_kwh', 'no stage of a model was measured')}"
            for footprint in found.footprints
        )
        raise BadInput(f"--format spdx: no energy of training, tuning or inference is known ({reasons})")
    tool = _identifier("tool", found.richtwert_version)
    created = max(datetime.fromisoformat(footprint.work.created_at) for footprint in found.footprints)
    document = {
        "type": "SpdxDocument",
        "spdxId": _identifier("document", *(package["spdxId"] for package in packages)),
        "creationInfo": CREATION,
        "name": "energy consumption of AI models",
        "profileConformance": ["core", "software"],
        "rootElement": [package["spdxId"] for package in packages],
        "element": [tool, *(package["spdxId"] for package in packages)],
    }
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "type": "CreationInfo",
                "@id": CREATION,
                "specVersion": SPEC_VERSION,
                "created": created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "createdBy": [tool],
            },
            {
                "type": "SoftwareAgent",
                "spdxId": tool,
                "creationInfo": CREATION,
                "name": f"Richtwert {found.richtwert_version}",
            },
            document,
            *packages,
        ],
    }


def _package(footprint: Footprint) -> dict[str, Any] | None:
    """The model with the energy of its stages; None where none is known."""
    work = footprint.work
    if footprint.facility_kwh is None or not work.energy_j:
        return None
    per_metered = footprint.facility_kwh.p50 / (work.energy_j / JOULES_PER_KWH)
    stages = {
        STAGES[stage]: [_energy(energy_j / JOULES_PER_KWH * per_metered)] for stage, energy_j in work.stages_j.items()
    }
    if not stages:
        return None
    return {
        "type": "ai_AIPackage",
        "spdxId": _identifier("model", work.report, work.id),
        "creationInfo": CREATION,
        "name": work.name,
        "description": f"Energy at the facility, from {work.quality or 'metered'} readings of the {work.boundary}.",
        "software_primaryPurpose": "model",
        "ai_energyConsumption": {"type": "ai_EnergyConsumption", **stages},
    }


def _energy(kwh: float) -> dict[str, str]:
    quantity = f"{float(f'{kwh:.3g}'):.12f}".rstrip("0").rstrip(".")  # xsd:decimal knows no exponent
    return {
        "type": "ai_EnergyConsumptionDescription",
        "ai_energyQuantity": quantity,
        "ai_energyUnit": "kilowattHour",
    }


def _identifier(*parts: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'richtwert:' + '/'.join(parts))}"
