"""A run's emissions as the metadata `co2_eq_emissions` of a Hugging Face model card, in GRAMS.

Enter at `front_matter`, and `with_emissions` for a card that is there already. Operational emissions of the facility's
energy by the mean of the grid; making the hardware is in no card of this kind, so it is left out.
"""

import io
import re
from typing import Any

from advisor.contracts.errors import BadInput
from advisor.contracts.footprint import FootprintReport
from advisor.contracts.runs import ModelCard
from advisor.core.units import GRAMS_PER_KG

KEY = "co2_eq_emissions"
FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*\r?\n?", re.DOTALL | re.MULTILINE)

ROW = re.compile(r"^\| emissions \| [^|\n]* \|$", re.MULTILINE)
"""The line on emissions in a card that `trainer run` wrote."""


def front_matter(found: FootprintReport) -> str:
    """The block that begins a card."""
    return with_emissions("", found)


def with_emissions(card: str, found: FootprintReport) -> str:
    """A card's text with the emissions in its metadata, and in the table of `trainer run`; all else of it stays.

    Raises:
        BadInput: the emissions are not known, or the card's metadata is no mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    match = FRONT_MATTER.match(card)
    try:
        metadata = (yaml.load(match.group(1)) if match else None) or {}
    except YAMLError as error:
        raise BadInput(f"the card's metadata is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(metadata, dict):
        raise BadInput("the card's metadata is no mapping; put the emissions in by hand")
    metadata[KEY] = emissions(found)
    stream = io.StringIO()
    yaml.dump(metadata, stream)
    body = card[match.end() :] if match else card
    span = found.footprints[0].operational_kgco2e_location
    if span is not None:
        body = ROW.sub(f"| emissions | {span.p50:.3g} kg CO2e, {found.grid_zone}, location-based |", body, count=1)
    return f"---\n{stream.getvalue()}---\n{body}"


def updated_card(card: ModelCard, found: FootprintReport) -> ModelCard:
    """The card as a contract, with the same figure in kilograms.

    Raises:
        BadInput: it is the card of another model.
    """
    footprint = found.footprints[0]
    if card.name != footprint.work.name or card.parameters != footprint.work.parameters:
        raise BadInput(f"--update: the card is of {card.name!r}, the report of {footprint.work.name!r}")
    span = footprint.operational_kgco2e_location
    return card.model_copy(update={"emissions_kgco2e": None if span is None else span.p50})


def emissions(found: FootprintReport) -> dict[str, Any]:
    """The mapping of the card's metadata.

    Raises:
        BadInput: the emissions are not known, or the report is of no training.
    """
    footprint = found.footprints[0]
    work = footprint.work
    if work.report != "run":
        raise BadInput(f"{work.id}: a model card takes the report of a training run, not of a {work.report}")
    if footprint.operational_kgco2e_location is None:
        why = footprint.reasons.get("operational_kgco2e_location", "")
        raise BadInput(f"{work.id}: its emissions are not known ({why}); a card without the figure says less, not more")
    span = footprint.operational_kgco2e_location
    hardware = f"{work.accelerator_count} x {work.accelerator_names[0]}" if work.accelerator_names else work.processor
    return {
        "emissions": _grams(span.p50),
        "source": (
            f"Richtwert {found.richtwert_version}: {work.quality or 'metered'} energy of the {work.boundary}, scaled "
            f"to servers and facility, times the grid's mean; P5 {_grams(span.p5):g} g, P95 {_grams(span.p95):g} g"
        ),
        "training_type": work.activity,
        "geographical_location": found.grid_zone,
        "hardware_used": hardware or "not known",
    }


def _grams(kilograms: float) -> float:
    return float(f"{kilograms * GRAMS_PER_KG:.3g}")
