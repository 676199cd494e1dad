"""Prices that providers and dealers ask, each with day and page: rent, purchase, tuning, storage, second opinions.

Enter at the row named for the price; `advisor.contracts.catalog.Catalog` holds them all.
"""

from typing import Literal, Self

from pydantic import model_validator

from advisor.contracts.base import AmountRange, Identifier, NonNegative, Positive, PositiveCount, Text
from advisor.contracts.rows import IsoDate, Row

Term = Literal["on_demand", "spot", "reserved"]
TuningMethod = Literal["supervised", "preference", "reinforcement"]


class RentalRow(Row):
    """One offer to rent an accelerator by the hour."""

    accelerator: Identifier
    """Id of an `AcceleratorRow`."""
    provider: Identifier
    term: Term
    usd_per_hour: Positive | None = None
    """Per accelerator."""
    eur_per_hour: Positive | None = None
    """Per accelerator, where the provider asks euros."""
    commitment_months: PositiveCount | None = None
    """Of a reserved offer."""
    region: str | None = None
    outlier_reason: str = ""
    """Why an on-demand offer lies outside the part's range of rents and is no mistake."""

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.usd_per_hour is None) == (self.eur_per_hour is None):
            raise ValueError("give exactly one of usd_per_hour and eur_per_hour")
        if (self.term == "reserved") != (self.commitment_months is not None):
            raise ValueError("commitment_months belongs to reserved offers, and to no others")
        return self


class PurchaseRow(Row):
    """One price of a part or of a whole server."""

    accelerator: Identifier
    """Id of an `AcceleratorRow`."""
    dealer: Identifier
    what: Literal["part", "server"]
    num_accelerators: PositiveCount
    """1 for a part; accelerators in the server."""
    price_usd: AmountRange
    """For the whole thing, tax left out."""
    is_used: bool = False


class TuningPriceRow(Row):
    """What a provider asks for tuning one of its models."""

    provider: Identifier
    model: Identifier
    method: TuningMethod
    training_usd_per_mtok: NonNegative | None = None
    """Per million tokens seen in training: tokens of the data times epochs."""
    training_usd_per_hour: NonNegative | None = None
    hosting_usd_per_hour: NonNegative | None = None
    """Of the tuned model while it is deployed; 0: the source says that hosting is free; None: it does not say."""
    storage_usd_per_month: NonNegative | None = None
    tuned_inference_multiplier: Positive | None = None
    """Token price of the tuned model over that of the base model; None: not stated."""
    closed: IsoDate | None = None
    """Day from which new customers are refused, or the model is off; None: on sale as far as read."""

    @model_validator(mode="after")
    def _has_a_training_price(self) -> Self:
        if self.training_usd_per_mtok is None and self.training_usd_per_hour is None:
            raise ValueError("give training_usd_per_mtok or training_usd_per_hour")
        return self


class StorageRow(Row):
    """Price of keeping data with a provider, and of taking it out."""

    provider: Identifier
    kind: Literal["object", "block"]
    product: Text
    usd_per_gb_month: NonNegative
    egress_usd_per_gb: NonNegative | None = None
    """To the internet, first paid tier; 0: free of charge; None: not stated."""
    region: str | None = None


class SecondSourceRow(Row):
    """Token prices of an API model in an independent price list, for comparison only."""

    api_model: Identifier
    """Id of an `ApiModelRow`."""
    listed_as: Text
    """The model's key in that list."""
    input_usd_per_mtok: Positive
    cached_usd_per_mtok: NonNegative | None = None
    output_usd_per_mtok: Positive
    batch_input_usd_per_mtok: NonNegative | None = None
    batch_output_usd_per_mtok: NonNegative | None = None
    page: str | None = None
    """Page that the list names as its own source."""


class ShelfLifeRow(Row):
    """How long the rows of a table may be believed without a new look."""

    table: Identifier
    """Name of a table of the catalogue."""
    max_age_months: PositiveCount | None
    """None: the facts do not age."""
