"""What `advisor estimate` reads and answers: one request a line in, one estimate a line out.

The keys are those of the published runs in `data/hindcast/`, so that a published row is a request as it stands: its
published figures are set aside unread. Enter at `TrainingRequest`, `ServingRequest` and their estimates.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from advisor.contracts.base import Contract, Count, Fraction, Interval, NonNegative, Positive, PositiveCount, Text

TrainingKind = Literal[
    "pretrain",
    "continued_pretrain",
    "full_ft",
    "lora",
    "qlora",
    "reward_model",
    "dpo",
    "ppo",
    "grpo",
    "throughput",
    "memory",
]
ServingKind = Literal["throughput", "latency", "energy", "power", "api_energy"]

MOST_DEVICES = 1_000_000
"""More than any cluster has; a bound, because layouts are searched device by device."""

PUBLISHED = frozenset(
    {
        *("source", "notes", "note", "hours_basis", "unverified"),
        *("accelerator_hours", "wall_hours", "tokens_per_s_per_gpu", "mfu", "peak_mem_gib", "energy_mwh", "tco2e"),
        *("cost_usd", "ttft_ms", "tpot_ms", "output_tokens_per_s", "prefill_tokens_per_s", "total_tokens_per_s"),
        *("power_w", "energy_j_per_output_token", "energy_wh_per_request"),
    }
)
"""Keys of a published row that say what came out: set aside before a request is read."""


class EstimateRequest(Contract):
    """What training and serving requests share."""

    id: Text
    """Unique name, copied into the answer."""
    model: Text | None = None
    """Free text; a model of the catalogue named in it lends its layers, heads and vocabulary."""
    params_b: Positive | None = None
    """Billions of parameters, all of them; may be left out for a model of the catalogue."""
    active_params_b: Positive | None = None
    """Billions of parameters active per token; equals `params_b` when dense."""
    accelerator: Text | None = None
    """Part name or alias; one that the catalogue does not know needs the datasheet fields below."""
    accelerator_count: Annotated[PositiveCount, Field(le=MOST_DEVICES)] | None = None
    """Devices used at once."""
    precision: Text | None = None
    """Of the matrix products or weights: bf16, fp16, fp8, fp4, mxfp4, nf4, int4, q4_0 ..."""
    year: PositiveCount | None = None
    peak_flop_per_s: Positive | None = None
    """Datasheet: dense 16-bit matrix rate of one device."""
    memory_bytes: Positive | None = None
    """Datasheet: memory of one device."""
    bandwidth_bytes_per_s: Positive | None = None
    """Datasheet: memory bandwidth of one device."""
    tdp_w: Positive | None = None
    """Datasheet: power limit of one device."""
    link_bytes_per_s: Positive | None = None
    """Datasheet: bandwidth of one device to its neighbours, both directions together."""
    num_layers: PositiveCount | None = None
    hidden_size: PositiveCount | None = None
    num_heads: PositiveCount | None = None
    num_kv_heads: PositiveCount | None = None
    head_dim: PositiveCount | None = None
    ffn_size: PositiveCount | None = None
    vocab_size: PositiveCount | None = None

    @model_validator(mode="before")
    @classmethod
    def _set_results_aside(cls, value: Any) -> Any:
        return {key: item for key, item in value.items() if key not in PUBLISHED} if isinstance(value, dict) else value


class TrainingRequest(EstimateRequest):
    """A training run, a training step or the memory of one."""

    kind: TrainingKind
    """pretrain to grpo: a whole run; throughput: steps alone; memory: peak memory alone."""
    tokens_b: Positive | None = None
    """Billions of tokens processed, all epochs; for ppo and grpo prompts and answers together."""
    samples: PositiveCount | None = None
    """Examples (pairs for reward_model and dpo, prompts for ppo and grpo) of one epoch, where tokens are not known."""
    epochs: Positive | None = None
    tokens_per_sample: Positive | None = None
    generated_fraction: Fraction | None = None
    """Share of `tokens_b` that the model writes itself (ppo, grpo)."""
    seq_len: PositiveCount | None = None
    """Tokens per sequence; for memory the longest sample."""
    batch: Positive | Text | None = None
    """A number of sequences, or text: `4M tokens`, `GBS 2048`, `micro 2`, `local 2`."""
    lora_rank: PositiveCount | None = None
    optimizer: Literal["adamw", "adamw_bf16", "adamw_8bit", "adamw_paged", "adamw_fused", "sgd"] | None = None
    """adamw: mixed precision with a 32-bit master copy; adamw_bf16: all states in the weights' 16 bits; adamw_paged:
    states in the host's memory; adamw_fused: each layer updated at once, so that no gradients are kept either."""
    recompute: bool | None = None
    """Activation checkpointing; None: not known."""
    sharding: Literal["none", "zero1", "zero2", "zero3"] | None = None
    """What is spread over the devices: optimiser (zero1), gradients too (zero2), weights too (zero3, FSDP)."""
    tensor_parallel: PositiveCount | None = None
    pipeline_parallel: PositiveCount | None = None
    grid_gco2_per_kwh: NonNegative | None = None
    pue_included: bool | None = None
    """True: energy is wanted at the facility; false: at the accelerators."""
    pue_ratio: Positive | None = None
    hours_between_stops: Positive | None = None
    """Mean hours between interruptions of the whole run (spot capacity); None: those of usual runs are inside."""
    price_usd_per_hour: Positive | None = None
    """Price of a device-hour; None: the catalogue's rent."""

    @model_validator(mode="after")
    def _adapters_are_said_once(self) -> Self:
        if self.lora_rank is not None and self.kind in ("pretrain", "continued_pretrain", "full_ft"):
            raise ValueError(f"lora_rank: kind {self.kind!r} trains all weights; use kind 'lora' or 'qlora'")
        return self


class ServingRequest(EstimateRequest):
    """A model under load on one server or several."""

    kind: ServingKind
    engine: Text | None = None
    """Server and version; tensor, expert and data parallel are read from it (`tp4 ep1 dp1`)."""
    batch_or_concurrency: Positive | None = None
    """Sequences in flight; None: unlimited load, memory decides."""
    input_len: Positive | None = None
    """Tokens of a prompt."""
    output_len: Positive | None = None
    """Tokens of an answer."""
    cached_input_fraction: Fraction | None = None
    """Share of the prompt that is found in the prefix cache."""


class EstimateAssumption(Contract):
    """Something the request did not say."""

    name: Text
    value: float | str | None
    source: Text


class Estimate(Contract):
    """What every answer carries."""

    id: Text
    assumptions: tuple[EstimateAssumption, ...] = ()
    warnings: tuple[Text, ...] = ()


class TrainingEstimate(Estimate):
    """A figure is absent when the request does not say enough for it."""

    accelerator_hours: Interval | None = None
    """Device-hours of the final run."""
    project_hours: Interval | None = None
    """Device-hours of the project: trials, failed and repeated runs with the final one."""
    wall_hours: Interval | None = None
    """Of the final run on the stated devices."""
    tokens_per_s_per_gpu: Interval | None = None
    """Steady state, per device."""
    mfu: Interval | None = None
    """Model FLOPs over dense 16-bit peak; of the whole run, or of a step for throughput."""
    peak_mem_gib: Interval | None = None
    """Per device, 2^30 bytes."""
    fits: bool | None = None
    """True when the high bound of the memory is below the device's; None: not known."""
    fitting_counts: tuple[PositiveCount, ...] | None = None
    """Numbers of devices (powers of two to 1,024) with which the high bound fits; empty: none of them does."""
    energy_mwh: Interval | None = None
    energy_boundary: Literal["accelerator", "accelerator_and_cooling"] | None = None
    """What `energy_mwh` counts: with cooling when the request says `pue_included`."""
    it_mwh: Interval | None = None
    """Of whole servers, at their plugs."""
    facility_mwh: Interval | None = None
    """Of the site: servers, cooling and losses (PUE)."""
    tco2e: Interval | None = None
    """Operational, tonnes, location-based, of accelerators and their cooling, as model cards state it."""
    cost_usd: Interval | None = None
    model_flop: float | None = None


class ServingEstimate(Estimate):
    """A figure is absent when the request does not say enough for it."""

    ttft_ms: Interval | None = None
    tpot_ms: Interval | None = None
    output_tokens_per_s: Interval | None = None
    """All devices of the request together."""
    prefill_tokens_per_s: Interval | None = None
    total_tokens_per_s: Interval | None = None
    power_w: Interval | None = None
    power_boundary: Literal["accelerator", "node"] | None = None
    energy_j_per_output_token: Interval | None = None
    energy_wh_per_request: Interval | None = None
    batch: float | None = None
    """Sequences in flight that the figures hold for."""


class EstimateError(Contract):
    """The answer to a line that cannot be estimated."""

    id: str | None
    error: Text = Field(min_length=1)
    line: Count | None = None
