"""What a finished run, a machine's measurement or a served model took: FootprintReport.

Enter at `FootprintReport`. A figure that is not known is None, and `reasons` says why by its name; never 0.
"""

from typing import Literal

from pydantic import Field

from advisor.contracts.assessment import Assumption
from advisor.contracts.base import Contract, Count, Fraction, Interval, NonNegative, SchemaVersion
from advisor.contracts.case import GridZone
from advisor.contracts.runs import EnergyQuality

Activity = Literal["pre-training", "fine-tuning", "inference", "measurement"]
Stage = Literal["training", "finetuning", "inference"]


class MeasuredWork(Contract):
    """What was done and measured, as its report tells it."""

    report: Literal["run", "machine", "serving"]
    id: str
    name: str
    """Model, or machine."""
    created_at: str
    """UTC, ISO 8601."""
    activity: Activity
    duration_s: NonNegative
    """For which the hardware was in use."""
    accelerator: str | None
    """Catalogue id; None: no accelerator, or one that the catalogue does not know."""
    accelerator_names: tuple[str, ...] = ()
    accelerator_count: Count
    processor: str | None = None
    cpu_count: Count | None = None
    """None: the report does not say."""
    boundary: Literal["accelerators", "modules", "processors"] = "accelerators"
    """What the energy covers: accelerators alone, modules with processor and memory, or processors and memory."""
    energy_j: NonNegative | None
    """At the named boundary; None: not measured."""
    energy_reason: str = ""
    quality: EnergyQuality | None = None
    """None: the report does not say."""
    uncertainty_fraction: Fraction | None = None
    """Half width of the meter's error band; None: not stated."""
    stages_j: dict[Stage, NonNegative] = Field(default_factory=dict)
    """Part of the energy by stage of a model's life; a stage that is missing was not measured, or not done."""
    requests: Count | None = None
    """Answered; None where there were none to count."""
    output_tokens: Count | None = None
    parameters: Count | None = None
    base_model: str | None = None
    task: str | None = None
    platform: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    """Versions, with that of Python."""


class Footprint(Contract):
    """Energy, money, greenhouse gas and water of one piece of work, each at a named boundary."""

    work: MeasuredWork
    metered_kwh: Interval | None
    """At the devices that the meter read."""
    it_kwh: Interval | None
    """At the plugs of the servers: metered energy times a ratio for the rest of the server."""
    facility_kwh: Interval | None
    """At the site: IT energy times PUE, applied once."""
    electricity_eur: Interval | None
    """Price of the facility's energy; neither rent nor hardware nor staff."""
    operational_kgco2e_location: Interval | None
    """Of the facility's energy, by the mean of the grid's zone."""
    operational_kgco2e_market: Interval | None
    """Of the same energy, by the residual mix of the zone or the supply contract."""
    embodied_kgco2e: Interval | None
    """Share of making the hardware, by time in use over its life."""
    water_l: Interval | None
    sci_g_per_request: Interval | None
    """(Location-based + embodied) over requests, as ISO/IEC 21031 asks."""
    reasons: dict[str, str] = Field(default_factory=dict)
    """Why a figure is None, by its name."""


class FootprintTotal(Contract):
    """Sums over several pieces of work in one place; None where a part is not known."""

    metered_kwh: Interval | None
    it_kwh: Interval | None
    facility_kwh: Interval | None
    electricity_eur: Interval | None
    operational_kgco2e_location: Interval | None
    operational_kgco2e_market: Interval | None
    embodied_kgco2e: Interval | None
    water_l: Interval | None


class FootprintReport(Contract):
    """What `advisor footprint` reckons from one report or several."""

    schema_version: SchemaVersion = 1
    report: Literal["footprint"] = "footprint"
    grid_zone: GridZone
    on_premises: bool
    """True: a room of one's own; False: somebody else's data centre."""
    footprints: tuple[Footprint, ...] = Field(min_length=1)
    total: FootprintTotal | None
    """None where there is one alone."""
    assumptions: tuple[Assumption, ...]
    """Every factor behind the figures, with its origin and source."""
    warnings: tuple[str, ...] = ()
    draws: Count
    seed: int
    catalog_version: str
    richtwert_version: str
