"""The Assessment: every option costed, gated, ranked and explained, with the origin of each figure.

Enter at `Assessment`. Money is in `cost.currency`, discounted to today, over the horizon of the case.
"""

from typing import Literal, get_args

from pydantic import Field

from advisor.contracts.advice import Contribution, ReasonFigure, RoadmapStep
from advisor.contracts.analysis import Analysis
from advisor.contracts.base import (
    Contract,
    Count,
    Fraction,
    Identifier,
    Interval,
    NonNegative,
    Number,
    PositiveCount,
    SchemaVersion,
    Score,
)
from advisor.contracts.case import Case, Currency
from advisor.contracts.gates import Gate, NothingFeasible, Translation
from advisor.contracts.outlook import CashFlow, Respect, StagedPath

OptionKind = Literal[
    "status_quo",
    "proprietary_api",
    "proprietary_api_tuned",
    "hosted_open_api",
    "self_hosted_open",
    "fine_tune_lora",
    "fine_tune_full",
    "domain_adaptation",
    "from_scratch",
]
OPTION_KINDS: tuple[OptionKind, ...] = get_args(OptionKind)
Origin = Literal["measured", "given", "catalogue", "assumed"]


class CostLine(Contract):
    """One kind of expense of one option; every option carries the same lines."""

    name: str
    phase: Literal["one_off", "recurring"]
    p5: Number
    p50: Number
    p95: Number
    mean: Number


class OptionCost(Contract):
    """What the option costs over the horizon, discounted."""

    currency: Currency
    total: Interval
    upfront: Interval
    """One-off part of `total`, undiscounted."""
    per_1k_requests: Interval
    lines: tuple[CostLine, ...]


class OptionEnergy(Contract):
    """Electricity over the horizon: of the facility, and of the servers alone, by purpose."""

    kwh: Interval | None
    """At the facility: IT energy times PUE. None: not known."""
    boundary: Literal["facility", "provider_modelled", "unknown"]
    it_kwh: Interval | None = None
    """At the plugs of the servers: accelerators, host, fans. None: not known."""
    training_it_kwh: Interval | None = None
    """Share of `it_kwh` for training, trials and refreshes included. None where a provider runs the hardware."""
    serving_busy_it_kwh: Interval | None = None
    """Share of `it_kwh` for answering requests."""
    serving_idle_it_kwh: Interval | None = None
    """Share of `it_kwh` for capacity that waits."""
    cooling_kwh: Interval | None = None
    """Cooling and losses: `kwh` less `it_kwh`."""
    water_l: Interval | None = None
    """Litres evaporated for cooling and at the power stations. None: not known, as for rooms of the company's own."""


class OptionCarbon(Contract):
    """Greenhouse gas over the horizon; None where not known."""

    kg_co2e_location: Interval | None
    """Operational, with the factor of the grid where the hardware stands."""
    kg_co2e_market: Interval | None
    """Operational, with the residual mix of the zone: supply without a contract for its origin."""
    kg_co2e_embodied: Interval | None = None
    """Of making the hardware: the share of its life for which it is held, idle time included."""
    sci_g_per_request: Interval | None = None
    """Operational (location-based) and embodied, per request (ISO/IEC 21031)."""


class OptionQuality(Contract):
    """Expected score on the case's metric, 0..1."""

    metric: str
    score_fraction: Interval
    floor_fraction: Fraction
    origin: Origin
    note: str


class RiskText(Contract):
    """A risk in another language; same figures."""

    language: Literal["de"]
    reason: str
    mitigation: str
    owner: str = ""


class Risk(Contract):
    """One risk of one option."""

    name: str
    score_0_10: Score
    """0 no concern, 10 would stop the project."""
    reason: str
    mitigation: str
    owner: str = ""
    """Role that answers for the mitigation."""
    sources: tuple[str, ...] = ()
    """Dated facts behind the reason."""
    translations: tuple[RiskText, ...] = ()


class Option(Contract):
    """One way to do it, answering the same demand over the same horizon as all others."""

    id: str
    kind: OptionKind
    label: str
    model: str | None
    """Resolved catalogue id of the model, None for the status quo."""
    provider: str | None
    retrieval: bool
    hardware: str | None
    """Accelerator and count at the busiest month, None when nothing is run in-house."""
    accelerator: str | None = None
    """Catalogue id of that accelerator."""
    accelerator_count: Count | None = None
    """Devices at the busiest month, median of the draws."""
    feasible: bool
    rank: int
    """1 is best; infeasible options come last."""
    gates: tuple[Gate, ...]
    cost: OptionCost
    energy: OptionEnergy
    carbon: OptionCarbon
    time_to_value_months: Interval
    quality: OptionQuality
    risks: tuple[Risk, ...]
    p_best: Fraction
    """Share of draws in which the option is the cheapest of those that pass the gates and reach the quality
    floor in that draw."""
    p_within_budget: Fraction | None
    """None when no budget was given."""
    p_meets_quality: Fraction
    expected_regret: NonNegative | None
    """Mean loss above the best feasible option of the same draw, where an option that misses the quality floor
    also pays for its replacement; None for an infeasible option."""
    p95_regret: NonNegative | None
    cash_flow: CashFlow | None = None
    """By month and year, undiscounted."""


class RecommendationText(Contract):
    """The advice in another language; same figures."""

    language: Literal["de"]
    headline: str
    reasons: tuple[str, ...]
    what_would_change_it: tuple[str, ...]
    roadmap: tuple[RoadmapStep, ...]
    confidence_reason: str = ""
    measure_first: tuple[str, ...] = ()


class Recommendation(Contract):
    """The advice, and how sure it is."""

    option_id: str
    kind: OptionKind
    headline: str
    confidence: Literal["clear", "likely", "open"]
    reasons: tuple[str, ...]
    what_would_change_it: tuple[str, ...]
    roadmap: tuple[RoadmapStep, ...]
    verdict: Literal["recommended", "none"] = "recommended"
    """`none`: nothing is feasible; the option named is what happens meanwhile, not an advice."""
    translations: tuple[RecommendationText, ...] = ()
    confidence_reason: str = ""
    """The figures behind `confidence`, in words."""
    measure_first: tuple[str, ...] = ()
    """What is worth measuring before deciding, the most valuable first."""
    runner_up_id: str | None = None
    """The next feasible option; None when there is none."""
    contributions: tuple[Contribution, ...] = ()
    """Difference to the runner-up by cost line, largest first; they add up to the total difference."""
    figures: tuple[ReasonFigure, ...] = ()
    """Where each number of `reasons` comes from."""


class BreakEven(Contract):
    """Where two options cost the same, everything else at its central value."""

    between: tuple[str, str]
    """Ids of the two options; the second is the cheaper one above `value`."""
    variable: str
    value: NonNegative | None
    """None: no crossing in the searched range."""
    date: str | None
    """Month (YYYY-MM) in which the growing demand reaches `value`; None if not within the horizon."""
    reason: str


class SensitivityRow(Contract):
    """Change of (recommended minus runner-up) when one input goes to its P5 or its P95."""

    input: str
    low_effect: Number
    high_effect: Number


class InformationValue(Contract):
    """What it would be worth to know one input before deciding."""

    input: str
    evppi: NonNegative
    suggested_measurement: str


class Assumption(Contract):
    """One input of the calculation, with its origin."""

    name: str
    value: Number | Interval | str | None
    unit: str
    origin: Origin
    source: str
    as_of: str | None


class Caution(Contract):
    """Something the reader must know before relying on the result."""

    code: str
    message: str
    translations: tuple[Translation, ...] = ()
    """`message` in other languages, where it has them."""


class MovedInput(Contract):
    """An input before and after the measurements."""

    name: str
    before: Interval
    after: Interval
    source: str


class MovedOption(Contract):
    """An option before and after the measurements."""

    option_id: str
    rank_before: int
    rank_after: int
    total_before: Interval
    total_after: Interval
    quality_before: Interval
    quality_after: Interval
    p_best_before: Fraction
    p_best_after: Fraction


class MeasurementUpdate(Contract):
    """How the measurements changed the answer."""

    files: tuple[str, ...]
    inputs: tuple[MovedInput, ...]
    options: tuple[MovedOption, ...]
    recommended_before: str
    recommended_after: str


class CalibrationUsed(Contract):
    """Which calibration went into an assessment."""

    id: Identifier
    version: PositiveCount
    reports: tuple[str, ...]
    """Ids of the reports behind the inputs that it corrected here."""
    inputs: tuple[str, ...]
    """Names of those inputs."""


class Pruned(Contract):
    """A candidate that was costed and left out, so that the list stays readable."""

    option_id: str
    total_p50: Number
    reason: str
    by: str | None = None
    """Id of the option that stands for it."""
    respects: tuple[Respect, ...] = ()
    """In what that option is better."""
    despite: tuple[Respect, ...] = ()
    """In what this one is better; empty: it is dominated."""


class Assessment(Contract):
    """The answer to a Case, reproducible from case, seed, draws and catalogue version."""

    schema_version: SchemaVersion = 1
    id: str
    case: Case
    seed: int
    draws: int
    catalog_version: str
    """Content hash of the catalogue files, with the genai-prices version."""
    richtwert_version: str
    options: tuple[Option, ...]
    """In order of rank."""
    pruned: tuple[Pruned, ...] = ()
    """Candidates that a better one of the same kind stands for."""
    staged: tuple[StagedPath, ...] = ()
    """Paths from a pilot to an own model, reckoned from two options each; best first. Gates are the options' own."""
    recommendation: Recommendation
    nothing_feasible: NothingFeasible | None = None
    """Set where no new option passes all gates; `recommendation.verdict` is then `none`."""
    break_even: tuple[BreakEven, ...]
    sensitivity: tuple[SensitivityRow, ...]
    value_of_information: tuple[InformationValue, ...]
    analysis: Analysis | None = None
    """Regret with errors, worth of measurements, Sobol, break-even over the draws, flips, criteria."""
    assumptions: tuple[Assumption, ...]
    update: MeasurementUpdate | None
    """None when the assessment used no measurement."""
    calibration: CalibrationUsed | None = Field(default=None, exclude_if=lambda value: value is None)
    """Absent when none was given."""
    warnings: tuple[Caution, ...]
