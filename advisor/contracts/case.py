"""The Case: one company's use case, as a manager or a procurement system states it.

Enter at `Case`. Only `name`, `use_case.task` and `use_case.requests_per_month` are required; what is left
out is filled from `data/defaults.yml`, and every default that was used is listed in the Assessment.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from advisor.contracts.base import (
    Amount,
    Contract,
    Fraction,
    Identifier,
    PositiveCount,
    SchemaVersion,
    Score,
    Share,
    Text,
)

Task = Literal[
    "translation",
    "question_answering",
    "content_generation",
    "summarization",
    "classification",
    "extraction",
    "chat",
    "code",
]
Sensitivity = Literal["public", "internal", "confidential", "personal", "special_category"]
Residency = Literal["any", "eu", "national", "on_premises"]
Location = Literal["cloud", "on_premises"]
Currency = Literal["EUR", "USD"]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
"""ISO 639 code, `de`, or with a country, `de-CH`."""
GridZone = Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,5})?$")]
"""ISO 3166 country code, `DE`, or a zone inside it."""
Metric = Literal["accuracy", "f1", "exact_match", "bleu", "chrf", "rouge_l", "human_acceptance"]


class QualityFloor(Contract):
    """The quality below which the result is of no use."""

    metric: Metric = "human_acceptance"
    floor_fraction: Share
    """Smallest acceptable score on `metric`, 0..1."""


class UseCase(Contract):
    """What the model shall do, how often, and how fast."""

    task: Task
    languages: tuple[Language, ...] = ()
    domain: Text | None = None
    domain_gap_fraction: Share | None = None
    """How far the domain's language is from what general models know: 0 everyday text, 1 a language of its
    own. `trainer data gap` measures it."""
    quality: QualityFloor | None = None
    requests_per_month: Amount
    growth_per_year_fraction: Amount | None = None
    """Growth of the demand, 0.2 is +20 % a year."""
    input_tokens_per_request: Amount | None = None
    output_tokens_per_request: Amount | None = None
    cached_input_fraction: Share | None = None
    """Share of the input tokens that repeats from request to request (system prompt, fixed documents)."""
    batchable_fraction: Share | None = None
    """Share of the requests that may wait hours for the answer."""
    peak_to_mean_ratio: Amount | None = None
    """Busiest hour over mean hour."""
    ttft_ms_p95: Amount | None = None
    """Wanted time to first token, 95th percentile, ms."""
    tpot_ms_p95: Amount | None = None
    """Wanted time per output token after the first, 95th percentile, ms."""
    error_cost_per_request: Amount | None = None
    """What one wrong answer costs, in the budget's currency: rework, goodwill, harm. None: not counted, with a
    warning."""


SHARE_TOLERANCE = 1e-6
RESIDENCIES: tuple[Residency, ...] = get_args(Residency)
"""From the laxest to the strictest."""
SENSITIVITIES: tuple[Sensitivity, ...] = get_args(Sensitivity)
"""From the laxest to the strictest."""


class DataClass(Contract):
    """One class of the data that the use case touches; two classes may need two answers."""

    name: Text
    sensitivity: Sensitivity | None = None
    residency: Residency | None = None
    share_fraction: Fraction | None = None
    """Share of the requests that touch this class and no stricter one."""


class CaseData(Contract):
    """The company's own data."""

    domain_tokens: Amount | None = None
    """Tokens of the company's own domain text that may be used for training."""
    labelled_examples: Amount | None = None
    preference_pairs: Amount | None = None
    cleanliness_fraction: Share | None = None
    """Share of the data that is usable as it is."""
    sensitivity: Sensitivity | None = None
    residency: Residency | None = None
    classes: tuple[DataClass, ...] = ()
    """Classes of data; what a class leaves out is taken from the two fields above. The strictest class decides for an
    option that serves all requests."""
    refreshes_per_year: Amount | None = None
    """How often the knowledge changes enough to train, or index, again."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = sum(each.share_fraction or 0.0 for each in self.classes)
        if total > 1.0 + SHARE_TOLERANCE:
            raise ValueError(f"classes: the shares add up to {total:g}; at most 1, a request counts in one class")
        return self

    @property
    def strictest_residency(self) -> Residency | None:
        """The strictest of all classes; None where nobody states one."""
        stated = [self.residency, *(each.residency for each in self.classes)]
        return max((each for each in stated if each is not None), key=RESIDENCIES.index, default=None)

    @property
    def strictest_sensitivity(self) -> Sensitivity | None:
        """The strictest of all classes; None where nobody states one."""
        stated = [self.sensitivity, *(each.sensitivity for each in self.classes)]
        return max((each for each in stated if each is not None), key=SENSITIVITIES.index, default=None)


class Staff(Contract):
    """The people who are there, in full-time equivalents free for this use case."""

    country: GridZone | None = None
    ml_engineers_fte: Amount | None = None
    data_engineers_fte: Amount | None = None
    operations_fte: Amount | None = None
    annotators_fte: Amount | None = None
    can_hire: bool | None = None


class CaseEnergy(Contract):
    """Electricity where the company's own hardware stands."""

    grid_zone: GridZone | None = None
    electricity_price_eur_per_kwh: Amount | None = None
    pue_ratio: Amount | None = None
    """Power usage effectiveness: facility energy over IT energy, at least 1."""


class OwnedAccelerator(Contract):
    """Accelerators of one type that the company owns."""

    accelerator: Identifier
    """A name of the catalogue (`advisor catalog list accelerators`)."""
    count: PositiveCount


class Hardware(Contract):
    """Hardware that is there, and where new hardware would stand."""

    owned: tuple[OwnedAccelerator, ...] = ()
    location: Location | None = None


class Budget(Contract):
    """Money and time."""

    currency: Currency | None = None
    total: Amount | None = None
    """Over the whole horizon, in `currency`."""
    upfront: Amount | None = None
    """One-off spending before the first answer, in `currency`."""
    horizon_months: PositiveCount | None = None
    discount_rate_fraction: Share | None = None
    """Per year."""
    deadline_months: Amount | None = None
    """Latest month in which the first useful answer must be there."""


class Strategic(Contract):
    """What money does not hold; 0 unimportant, 10 decisive."""

    model_control: Score | None = None
    vendor_independence: Score | None = None
    explainability: Score | None = None
    bias_control: Score | None = None
    energy_saving: Score | None = None
    """Beside the price of electricity, which the costs hold already."""


class StatusQuo(Contract):
    """How the work is done today."""

    minutes_per_request: Amount | None = None
    """Working time of a person per request."""
    cost_per_request: Amount | None = None
    """Full cost per request in the budget's currency; wins over `minutes_per_request`."""
    quality_fraction: Share | None = None
    """Share of today's results that are right, on the case's metric."""


class Case(Contract):
    """One use case of one company."""

    schema_version: SchemaVersion = 1
    name: Text
    use_case: UseCase
    data: CaseData = CaseData()
    staff: Staff = Staff()
    energy: CaseEnergy = CaseEnergy()
    hardware: Hardware = Hardware()
    budget: Budget = Budget()
    strategic: Strategic = Strategic()
    status_quo: StatusQuo = StatusQuo()
    measurements: tuple[str | dict[str, object], ...] = ()
    """Paths of reports (relative to the case's file), or reports inline; one of them may be a calibration."""
