"""What an option is made of, as plain values: the bridge between case, catalogue and formulas.

A `Candidate` says which model runs where, how it is adapted and from which named inputs its figures come.
`advisor.options` builds candidates; `advisor.core.costing` evaluates them.
"""

from dataclasses import dataclass
from typing import Literal

from advisor.contracts.assessment import OptionKind
from advisor.core.decode import Device, NumberFormat, StepFit
from advisor.core.serving import Replica
from advisor.core.shapes import ModelShape

TrainingMethod = Literal["full", "lora", "provider"]

LINES: tuple[tuple[str, Literal["one_off", "recurring"]], ...] = (
    ("integration", "one_off"),
    ("data_preparation", "one_off"),
    ("annotation", "one_off"),
    ("training_compute", "one_off"),
    ("training_staff", "one_off"),
    ("hardware", "one_off"),
    ("retrieval_setup", "one_off"),
    ("inference", "recurring"),
    ("electricity", "recurring"),
    ("hardware_upkeep", "recurring"),
    ("operations_staff", "recurring"),
    ("monitoring", "recurring"),
    ("refresh", "recurring"),
    ("retrieval", "recurring"),
    ("storage", "recurring"),
    ("manual_work", "recurring"),
    ("evaluation_setup", "one_off"),
    ("security_setup", "one_off"),
    ("failure_reserve", "one_off"),
    ("hiring", "one_off"),
    ("evaluation", "recurring"),
    ("security_compliance", "recurring"),
    ("attrition", "recurring"),
    ("error_cost", "recurring"),
    ("migration_exit", "one_off"),
)
"""The cost lines, the same for every option."""
PAID_LATER = ("hardware", "migration_exit")
"""One-off lines that are not plainly paid before the service starts: a part of the hardware's price comes back at the
end of the horizon, leaving is paid there."""


@dataclass(frozen=True)
class ApiOffer:
    """Tokens bought from a provider, USD per million."""

    input_usd_per_mtok: float
    cached_usd_per_mtok: float
    output_usd_per_mtok: float
    batch_multiplier: float
    """1 where the provider sells no batch price."""
    tuning_usd_per_mtok: float | None = None


@dataclass(frozen=True)
class Hosting:
    """A model run by the company, on rented or on bought accelerators."""

    accelerator: str
    model: ModelShape
    device: Device
    form: NumberFormat
    fit: StepFit
    replica: Replica
    bought: bool
    """Bought and standing on the premises; else rented by the hour."""
    owned_devices: int = 0
    devices_per_server: int = 1
    """Smallest number that can be had: a server's worth where parts are bought on a common board, else 1."""


@dataclass(frozen=True)
class Training:
    """What is trained before, and refreshed during, the operation."""

    method: TrainingMethod
    corpus_tokens: float | None
    """Tokens of one pass over the corpus, or of the whole run from scratch; None: examples only."""
    epochs_input: str | None
    mfu_input: str | None
    mfu_is_fine_tuning: bool
    development_input: str
    examples_input: str
    flop_per_token: float = 0.0
    """Model FLOPs of products and attention; 0 where a provider trains."""
    mfu_ratio: float = 1.0
    """Utilisation of this training over that of the reference run of its class of accelerators."""
    mfu_note: str = ""
    """What was compared."""
    min_devices: float = 1.0
    """Devices over which weights, gradients, optimiser state and activations must be spread to fit."""
    checkpoint_bytes: float = 0.0
    """What one saved state of the training takes."""


@dataclass(frozen=True)
class QualityModel:
    """Names of the inputs that make up the expected quality."""

    base_input: str
    tuning_gain_input: str | None = None
    adapts_to_domain: bool = False
    from_scratch: bool = False
    age_years: float = 0.0
    """Years between the model's release and the date of the catalogue."""
    is_domain_model: bool = False
    """An open model of the case's own domain."""
    knows_domain: bool = False
    """People who do the work by hand speak the domain's language: no gap."""
    language_gap_fraction: float = 0.0
    """Share of the case's languages that the model's makers do not list."""
    ability_fraction: float | None = None
    """Score of the base model on a general benchmark; None: not published."""
    ability_reference_input: str = ""
    """What the class of the model scores on it."""


@dataclass(frozen=True)
class Candidate:
    """One concrete option before it is costed."""

    id: str
    kind: OptionKind
    label: str
    model: str | None
    provider: str | None
    retrieval: bool
    quality: QualityModel
    integration_input: str
    operations_input: str | None
    months_input: str | None
    grid_input: str | None
    offer: ApiOffer | None = None
    hosting: Hosting | None = None
    training: Training | None = None
    data_input: str | None = None
    training_staff_input: str | None = None
    staff_needed_input: str | None = None
    languages: tuple[str, ...] = ()
    context_tokens: int | None = None
    residency: tuple[str, ...] = ()
    """Residencies the option can keep."""
    licence: str = ""
    commercial_use: bool = True
    needs_hiring: bool = False
    missing_fte: float = 0.0
    """Positions to be filled first."""
    months_available: float | None = None
    """Months until the provider switches the model off; None: no date announced."""

    @property
    def measured_quality_input(self) -> str:
        """Name of the input that replaces the expected quality once it was measured."""
        return f"quality_fraction.{self.id}"

    @property
    def mfu_ratio_name(self) -> str:
        """Name under which the assumptions list the option's utilisation over the class's."""
        return f"mfu_ratio.{self.id}"

    @property
    def grid_zone(self) -> str | None:
        """Zone whose electricity the option uses."""
        return None if self.grid_input is None else self.grid_input.partition(".")[2]

    @property
    def is_hosted_by_others(self) -> bool:
        """True when prompts leave the company for a provider of models."""
        return self.offer is not None
