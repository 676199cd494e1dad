"""The catalogue: facts about the world that the calculation starts from, each with source and date.

Enter at `Catalog`, what `advisor.catalog.load` makes of the files in `data/`. A row is never overwritten:
a newer one is appended with a later `as_of`, and the latest row not after the asked date counts.
"""

from typing import Literal, Self

from pydantic import model_validator

from advisor.contracts.assessment import OptionKind
from advisor.contracts.base import (
    AmountRange,
    Contract,
    Count,
    Fraction,
    Identifier,
    NonNegative,
    Number,
    Positive,
    PositiveCount,
    Score,
    Text,
)
from advisor.contracts.case import GridZone, Language, Residency, Task
from advisor.contracts.facts import (
    AnnotationSpeedRow,
    AnnotationVolumeRow,
    AnnotationWageRow,
    ElectricityRow,
    EmbodiedRow,
    GridRow,
    OnCostRow,
    PueRow,
    SalaryRow,
    WaterRow,
)
from advisor.contracts.quotes import (
    PurchaseRow,
    RentalRow,
    SecondSourceRow,
    ShelfLifeRow,
    StorageRow,
    TuningPriceRow,
)
from advisor.contracts.rows import IsoDate, Row, SourceRow


class Parameter(Row):
    """A named quantity of the world or of experience, with its spread."""

    name: Identifier
    """Dotted: quantity first, then what it is keyed by (`mfu_fraction.h100.dense`)."""
    unit: Text
    low: Number
    """P5."""
    central: Number
    """P50."""
    high: Number
    """P95."""
    origin: Literal["catalogue", "assumed"] = "catalogue"
    """`assumed`: our own choice; the note says why."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low <= self.central <= self.high:
            raise ValueError(f"low <= central <= high is required, got {self.low}/{self.central}/{self.high}")
        return self


class AcceleratorRow(Row):
    """One accelerator part."""

    id: Identifier
    aliases: tuple[str, ...] = ()
    """Other spellings in published tables."""
    name: Text
    mfu_class: Literal["a100", "h100", "b200", "v100", "tpu", "amd", "intel", "apple", "consumer", "cpu"]
    """Class under which the MFU prior is looked up."""
    peak_flop_per_s: Positive
    """Dense 16-bit matrix rate (FP32 for processors without a 16-bit unit)."""
    peak_fp8_flop_per_s: Positive | None = None
    """Dense; None: the part has no such unit, or the rate is not known. So for FP4 and INT8."""
    peak_fp4_flop_per_s: Positive | None = None
    peak_int8_op_per_s: Positive | None = None
    memory_bytes: Positive
    bandwidth_bytes_per_s: Positive
    """Of the part's own memory."""
    link_bytes_per_s: Positive | None = None
    """To all neighbours in the server, both directions added; None: over the plain bus, or not known."""
    tdp_w: Positive | None
    """None: not published."""
    devices_per_server: PositiveCount = 8
    rental_usd_per_hour: AmountRange | None = None
    """On demand, per device; None: not offered for rent."""
    purchase_usd: AmountRange | None = None
    """Per device, its share of the server included; None: not known."""
    lifetime_years: AmountRange | None = None
    """Years over which the server is written off; None: only for rent, or not known."""


class BaseModelRow(Row):
    """One open-weight model."""

    id: Identifier
    aliases: tuple[str, ...] = ()
    name: Text
    hub_id: str | None = None
    """Repository on the model hub, where `trainer run` fetches the weights; None: give a directory."""
    family: Literal["decoder", "encoder", "encoder_decoder"]
    domain: Literal["general", "legal", "biomedical", "scientific", "code", "finance"] = "general"
    parameters: Positive
    """Total, as the model card states."""
    active_parameters: Positive
    """That one token is multiplied with: output head included, look-up of the input embedding not; equals
    `parameters` for dense models."""
    num_layers: PositiveCount
    """Of the encoder where there is a decoder beside it."""
    num_decoder_layers: Count = 0
    """Of an encoder-decoder, with cross attention; 0 in the other families."""
    hidden_size: PositiveCount
    num_heads: PositiveCount
    num_kv_heads: PositiveCount
    head_dim: PositiveCount
    """Width of a query and a key, rotated part included."""
    ffn_size: PositiveCount
    vocab_size: PositiveCount
    embedding_size: PositiveCount | None = None
    """Width of the embeddings; None: `hidden_size`."""
    position_embeddings: Count = 0
    """Learned absolute positions; 0: rotary, relative or none."""
    tied_embeddings: bool
    gated_ffn: bool = True
    biases: Literal["none", "query_key_value", "all"] = "none"
    num_experts: Count = 0
    """Routed experts, 0: dense; else `ffn_size` is per expert."""
    experts_per_token: Count = 0
    shared_experts: Count = 0
    """Experts of `ffn_size` that every token meets beside the routed ones."""
    dense_layers: Count = 0
    """Layers without experts, `dense_ffn_size` wide, in a model with experts."""
    dense_ffn_size: PositiveCount | None = None
    attention: Literal["full", "sliding", "latent"] = "full"
    """`sliding`: some layers see a window alone; `latent`: keys and values are kept compressed."""
    sliding_window_tokens: PositiveCount | None = None
    sliding_layer_fraction: Fraction | None = None
    """Share of the layers that see the window alone."""
    kv_latent_size: PositiveCount | None = None
    """Numbers kept per token and layer in place of keys and values: latent rank and rotated part."""
    rope_head_dim: PositiveCount | None = None
    value_head_dim: PositiveCount | None = None
    query_latent_size: PositiveCount | None = None
    """Rank of the compressed queries; None: not compressed."""
    context_tokens: PositiveCount
    languages: tuple[Language, ...]
    """As the card lists them."""
    training_tokens: Positive | None = None
    licence: Text
    commercial_use: bool
    licence_note: str = ""
    released: IsoDate
    general_ability_fraction: Fraction | None = None
    """MMLU (5-shot or as the note says); None: not published."""
    offered: bool = True
    """Whether the advisor proposes it; False: kept for look-ups by name alone, as superseded models are."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needs = {
            "attention: latent": (self.attention == "latent", ("kv_latent_size", "rope_head_dim", "value_head_dim")),
            "attention: sliding": (self.attention == "sliding", ("sliding_window_tokens", "sliding_layer_fraction")),
            "family: encoder_decoder": (self.family == "encoder_decoder", ("num_decoder_layers",)),
            "num_experts": (self.num_experts > 0, ("experts_per_token",)),
            "dense_layers": (self.dense_layers > 0, ("dense_ffn_size",)),
        }
        for cause, (holds, names) in needs.items():
            for name in names:
                if holds is not bool(getattr(self, name)):
                    raise ValueError(f"{name}: goes with {cause}; give both or neither")
        if self.experts_per_token > self.num_experts or self.dense_layers > self.num_layers:
            raise ValueError("experts_per_token and dense_layers are parts of num_experts and num_layers")
        return self


class ApiModelRow(Row):
    """One model behind a provider's API; its price comes from genai-prices."""

    id: Identifier
    """`provider/model`."""
    name: Text
    kind: Literal["proprietary", "hosted_open"]
    base_model: Identifier | None = None
    """Id of the `BaseModelRow` that a hosted model runs."""
    price_provider: str
    """Provider id in genai-prices."""
    price_model: str
    """Model reference in genai-prices."""
    residency: tuple[Residency, ...]
    """Residencies that the provider's standard contract offers, out of any, eu, national (in `countries`)."""
    countries: tuple[GridZone, ...] = ()
    eu_price_multiplier: Positive = 1.0
    """Uplift for processing inside the EU."""
    batch_discounted: bool
    """True where genai-prices has batch prices for the model."""
    context_tokens: PositiveCount | None
    capability: Literal["frontier", "mid", "small"]
    tuning_usd_per_mtok: NonNegative | None = None
    """Price of training tokens; None: the provider sells no tuning of this model."""
    tuned_inference_multiplier: Positive = 1.0
    """Tuned model's token price over the base model's."""
    retires: IsoDate | None = None
    """Day on which the provider switches the model off; None: no date announced."""


class ExchangeRow(Row):
    """Units of `currency` for one euro."""

    currency: Literal["USD", "CHF", "GBP", "PLN", "SEK"]
    per_eur: Positive


class ArchitectureRow(Row):
    """A size of the from-scratch ladder (Llama type)."""

    id: Identifier
    vocab_size: PositiveCount
    hidden_size: PositiveCount
    num_layers: PositiveCount
    num_heads: PositiveCount
    num_kv_heads: PositiveCount
    ffn_size: PositiveCount
    context_tokens: PositiveCount
    parameters: Positive


class LegalRow(Row):
    """A dated legal threshold; information, not legal advice."""

    id: Identifier
    value: Number
    unit: Text
    text: Text
    text_de: str = ""


class OutputTermRow(Row):
    """What a licence, or a provider's terms, say about the use of the answers; information, not legal advice."""

    name: Text
    """Licence of open weights, or provider, as the catalogue spells it."""
    commercial_use: bool | None
    """None: not known."""
    training_use: Literal["allowed", "restricted", "unknown"]
    """Whether other models may be trained on the answers."""


class TaskRow(Row):
    """What a task looks like when the case does not say."""

    task: Task
    input_tokens_per_request: AmountRange
    output_tokens_per_request: AmountRange
    minutes_per_request_by_hand: AmountRange


class RiskRow(Row):
    """One risk for some kinds of option."""

    name: Identifier
    kinds: tuple[OptionKind, ...]
    score_0_10: Score
    personal_data_add: Score
    """Added where the case processes personal or special-category data; the sum is capped at 10."""
    reason: Text
    """May hold {figures} that are filled in for a case."""
    mitigation: Text
    owner: str = ""
    """Role that answers for the mitigation."""
    condition: str = ""
    """Finding under which the row applies, out of those that `advisor.risk_facts` computes; empty: always."""
    reason_de: str = ""
    mitigation_de: str = ""
    owner_de: str = ""


class Catalog(Contract):
    """All files of `data/`, checked: every cited source exists, every reference resolves."""

    version: str
    """First 12 hex digits of the SHA-256 over the files, then the genai-prices version."""
    sources: tuple[SourceRow, ...]
    parameters: tuple[Parameter, ...]
    accelerators: tuple[AcceleratorRow, ...]
    base_models: tuple[BaseModelRow, ...]
    api_models: tuple[ApiModelRow, ...]
    grids: tuple[GridRow, ...]
    electricity: tuple[ElectricityRow, ...]
    salaries: tuple[SalaryRow, ...]
    exchange: tuple[ExchangeRow, ...]
    architectures: tuple[ArchitectureRow, ...]
    legal: tuple[LegalRow, ...]
    tasks: tuple[TaskRow, ...]
    risks: tuple[RiskRow, ...] = ()
    embodied: tuple[EmbodiedRow, ...] = ()
    water: tuple[WaterRow, ...] = ()
    pue: tuple[PueRow, ...] = ()
    on_costs: tuple[OnCostRow, ...] = ()
    annotation_wages: tuple[AnnotationWageRow, ...] = ()
    annotation_speeds: tuple[AnnotationSpeedRow, ...] = ()
    annotation_volumes: tuple[AnnotationVolumeRow, ...] = ()
    rentals: tuple[RentalRow, ...] = ()
    purchases: tuple[PurchaseRow, ...] = ()
    tuning_prices: tuple[TuningPriceRow, ...] = ()
    storage_prices: tuple[StorageRow, ...] = ()
    second_source: tuple[SecondSourceRow, ...] = ()
    shelf_lives: tuple[ShelfLifeRow, ...] = ()
    output_terms: tuple[OutputTermRow, ...] = ()
