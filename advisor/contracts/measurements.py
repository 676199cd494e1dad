"""What a machine and a served model were measured to do: MachineMeasurement and ServingMeasurement.

Enter at `Report`, any report that the advisor learns from. A figure that was not measured is None with a reason
beside it, never 0.
"""

from typing import Annotated, Literal

from pydantic import Field

from advisor.contracts.base import Contract, Count, NonNegative, Positive, PositiveCount, SchemaVersion, Text
from advisor.contracts.baseline import BaselineReport
from advisor.contracts.runs import EnergyReport, Environment, RunReport

Precision = Literal["fp32", "tf32", "bf16", "fp16", "fp8", "int8", "int4"]


class MachineIdentity(Contract):
    """Which machine it was: what a later forecast must match."""

    environment: Environment
    accelerator: str | None
    """Catalogue id of the accelerators; None: no accelerator, or one that the catalogue does not know."""
    accelerator_count: Count
    """Accelerators in use; 0 on a processor alone."""
    memory_bytes: Positive | None
    """Of one accelerator, or of the machine where there is none."""


class IdlePower(Contract):
    """Power of the devices that do nothing, with the monitoring on."""

    boundary: Literal["accelerators", "processors"] = "accelerators"
    """`processors`: packages and memory of a machine whose accelerators, if any, could not be read."""
    power_w: NonNegative | None
    """Sum over the devices; None when nothing could be read."""
    duration_s: NonNegative
    reason: str = ""
    """Why there is no figure."""


class MatmulProbe(Contract):
    """Rate of large matrix products on one device."""

    precision: Precision
    num_rows: PositiveCount
    """Rows, and as many columns, of the square factors."""
    num_repeats: PositiveCount
    flop_per_s: Positive
    """Median of the repeats, 2 n^3 per product."""
    spread_fraction: NonNegative | None = None
    """Distance of the quartiles of the repeats over their median; None: fewer than four repeats."""


class BandwidthProbe(Contract):
    """Rate of copying through the memory of one device."""

    size_bytes: PositiveCount
    num_repeats: PositiveCount
    bytes_per_s: Positive
    """Median of the repeats, read and written bytes counted."""
    spread_fraction: NonNegative | None = None
    """Distance of the quartiles of the repeats over their median; None: fewer than four repeats."""


class ProbedModel(Contract):
    """The model of a training or decoding probe."""

    name: Text
    parameters: PositiveCount
    matmul_parameters: PositiveCount
    """Parameters in matrix products of one token, the head included."""
    num_layers: PositiveCount
    hidden_size: PositiveCount
    vocab_size: PositiveCount
    precision: Precision


class TrainingProbe(Contract):
    """A few steps of full training on random tokens."""

    model: ProbedModel
    batch_sequences: PositiveCount
    sequence_tokens: PositiveCount
    steps: PositiveCount
    """Timed steps; warm-up steps come on top."""
    duration_s: Positive
    tokens_per_s: Positive
    """Of a step of median duration."""
    spread_fraction: NonNegative | None = None
    """Distance of the quartiles of the steps over their median; None: fewer than four steps."""
    training_flop_per_token: Positive
    """Model FLOPs, 6 per parameter in matrix products."""
    flop_per_s: Positive
    peak_memory_bytes: Positive | None
    energy: EnergyReport


class DecodeProbe(Contract):
    """Prompts read and tokens made by a model at one batch size."""

    model: ProbedModel
    batch_sequences: PositiveCount
    prompt_tokens: PositiveCount
    """Of one prompt."""
    output_tokens: PositiveCount
    """Of one answer."""
    prefill_tokens_per_s: Positive
    """Prompt tokens of all sequences over the time to the first token."""
    output_tokens_per_s: Positive
    """Of all sequences, after the first token."""
    num_repeats: PositiveCount = 1
    """Answers made one after the other, by whose median the rates are."""
    spread_fraction: NonNegative | None = None
    """Of the output rate: distance of the quartiles over the median; None: fewer than four repeats."""
    energy: EnergyReport


class MachineMeasurement(Contract):
    """What `trainer measure` found on one machine."""

    schema_version: SchemaVersion = 1
    report: Literal["machine"] = "machine"
    id: str
    created_at: str
    """UTC, ISO 8601."""
    machine: MachineIdentity
    idle: IdlePower
    matmul: tuple[MatmulProbe, ...] = ()
    bandwidth: BandwidthProbe | None = None
    training: tuple[TrainingProbe, ...] = ()
    decode: tuple[DecodeProbe, ...] = ()
    warnings: tuple[str, ...] = ()


class LatencyQuantiles(Contract):
    """Middle and slow end of the requests, ms."""

    p50: NonNegative
    p95: NonNegative


class ServingLoad(Contract):
    """One stretch of load on a served model."""

    num_concurrent: PositiveCount | None
    """Requests kept in work at once; None where requests came when they came."""
    num_concurrent_mean: NonNegative | None = None
    """Requests in work on average while any was; None: not known."""
    offered_requests_per_s: Positive | None = None
    """Rate of arrivals of a load with an arrival rate."""
    requests: PositiveCount
    errors: Count = 0
    duration_s: Positive
    prompt_tokens: Count
    output_tokens: Count
    output_tokens_per_s: Positive
    """Of all requests together."""
    ttft_ms: LatencyQuantiles | None
    tpot_ms: LatencyQuantiles | None
    energy_j: NonNegative | None
    """Of the accelerators, idle time of the stretch included; None when not measured."""
    energy_note: str = ""


class ServingMeasurement(Contract):
    """What a served model did under load or in use, from `serving bench` or from its usage records."""

    schema_version: SchemaVersion = 1
    report: Literal["serving"] = "serving"
    id: str
    created_at: str
    """UTC, ISO 8601."""
    origin: Literal["bench", "usage"]
    model: Text
    """Name under which it was served."""
    base_model: str | None = None
    """Catalogue id of the model that was served, or that was tuned; None: not known."""
    parameters: PositiveCount | None = None
    option_id: str | None = None
    """Option of an Assessment that this model realises."""
    engine: str | None = None
    """Software that served it, with its version."""
    processor: str | None = None
    accelerator: str | None = None
    """Catalogue id; None: no accelerator, or not known."""
    accelerator_count: Count = 0
    loads: tuple[ServingLoad, ...] = Field(min_length=1)
    warnings: tuple[str, ...] = ()


Report = RunReport | BaselineReport | MachineMeasurement | ServingMeasurement
"""A report that the advisor learns from."""
AnyReport = Annotated[Report, Field(discriminator="report")]
ReportKind = Literal["run", "baseline", "machine", "serving"]


def report_name(report: Report) -> str:
    """What a report is about, for a list of reports."""
    match report:
        case RunReport():
            return report.model_card.name
        case BaselineReport():
            return report.suite
        case MachineMeasurement():
            return report.machine.accelerator or report.machine.environment.processor
        case ServingMeasurement():
            return report.model
