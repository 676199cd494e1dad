"""Token prices of two independent catalogues side by side: genai-prices, and the price map of litellm.

Enter at `disagreements`. The second source is the reviewed extract in `data/prices/second_source.yml`, or any newer
copy of litellm's own JSON file (`second_rows`). It never enters a calculation.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from advisor.catalog.lookup import second_source
from advisor.catalog.prices import token_prices
from advisor.contracts.catalog import ApiModelRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.quotes import SecondSourceRow
from advisor.core.units import TOKENS_PER_MTOK

PRICE_TOLERANCE_FRACTION = 0.01
INPUT_TOKENS, OUTPUT_TOKENS = 1000, 300
"""A request below every long-context tier: the second source is compared at its lowest tier."""
LITELLM_FIELDS = {
    "input_usd_per_mtok": "input_cost_per_token",
    "cached_usd_per_mtok": "cache_read_input_token_cost",
    "output_usd_per_mtok": "output_cost_per_token",
    "batch_input_usd_per_mtok": "input_cost_per_token_batches",
    "batch_output_usd_per_mtok": "output_cost_per_token_batches",
}


@dataclass(frozen=True)
class Disagreement:
    """One price that the two catalogues state differently."""

    api_model: str
    price: str
    """Name of the field, with its unit."""
    first: float
    first_source: str
    first_as_of: str
    second: float
    second_source: str
    second_as_of: str

    @property
    def difference_fraction(self) -> float:
        """Of the second over the first."""
        return self.second / self.first - 1.0

    def __str__(self) -> str:
        return (
            f"{self.api_model}: {self.price}: {self.first:g} ({self.first_source}, {self.first_as_of}) against "
            f"{self.second:g} ({self.second_source}, {self.second_as_of}), {self.difference_fraction:+.0%}"
        )


def disagreements(catalog: Catalog, *, on: date, rows: tuple[SecondSourceRow, ...] | None = None) -> list[Disagreement]:
    """Every price of the catalogue's API models that differs by more than 1 %.

    A price that only one of the two states is no disagreement, but a model without any second price is an error.

    Args:
        catalog: the catalogue.
        on: day of the prices in genai-prices.
        rows: another second source than the catalogue's own.

    Raises:
        BadInput: genai-prices or the second source has no price for a model.
    """
    seconds = catalog if rows is None else catalog.model_copy(update={"second_source": rows})
    return [found for row in catalog.api_models for found in _compare(row, second_source(seconds, row.id), on)]


def second_rows(catalog: Catalog, file: Path, *, read: date) -> tuple[SecondSourceRow, ...]:
    """The catalogue's second source read anew from a copy of litellm's price map.

    Args:
        catalog: where the models' keys in that map stand.
        file: the copy.
        read: day of reading; the map carries no date, and a file from a package has lost its own.

    Raises:
        BadInput: the file cannot be read, is no such map, or lacks a model or its price.
    """
    prices = _price_map(file)
    newest = {row.api_model: row for row in sorted(catalog.second_source, key=lambda row: row.as_of)}
    return tuple(_reread(row, prices, file, read.isoformat()) for row in newest.values())


def _reread(row: SecondSourceRow, prices: dict[str, Any], file: Path, day: str) -> SecondSourceRow:
    entry = prices.get(row.listed_as)
    if not isinstance(entry, dict):
        raise BadInput(
            f"{file}: no entry {row.listed_as!r} for {row.api_model}; correct listed_as in second_source.yml"
        )
    fields: dict[str, Any] = {}
    for field, name in LITELLM_FIELDS.items():
        value = entry.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise BadInput(f"{file}: {row.listed_as}: {name}: expected a number, got {value!r}")
        fields[field] = None if value is None else round(value * TOKENS_PER_MTOK, 9)
    if not fields["input_usd_per_mtok"] or not fields["output_usd_per_mtok"]:
        raise BadInput(f"{file}: {row.listed_as}: no price per token; 0 is no price")
    return row.model_copy(update={**fields, "page": entry.get("source"), "as_of": day})


def _price_map(file: Path) -> dict[str, Any]:
    try:
        prices = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read as UTF-8 text: {error}") from error
    except json.JSONDecodeError as error:
        raise BadInput(f"{file}: not valid JSON: {error}") from error
    if not isinstance(prices, dict):
        raise BadInput(f"{file}: expected litellm's map of model to prices, got {type(prices).__name__}")
    return prices


def _compare(row: ApiModelRow, second: SecondSourceRow, on: date) -> list[Disagreement]:
    first = token_prices(row, typical_input_tokens=INPUT_TOKENS, typical_output_tokens=OUTPUT_TOKENS, on=on)
    batch = first.batch_multiplier
    pairs = {
        "input_usd_per_mtok": first.input_usd_per_mtok,
        "cached_usd_per_mtok": first.cached_usd_per_mtok,
        "output_usd_per_mtok": first.output_usd_per_mtok,
        "batch_input_usd_per_mtok": None if batch is None else batch * first.input_usd_per_mtok,
        "batch_output_usd_per_mtok": None if batch is None else batch * first.output_usd_per_mtok,
    }
    found = []
    for name, ours in pairs.items():
        theirs = getattr(second, name)
        if ours is None or theirs is None or abs(theirs / ours - 1.0) <= PRICE_TOLERANCE_FRACTION:
            continue
        listed = f"{second.source}, {second.listed_as}"
        found.append(Disagreement(row.id, name, ours, first.source, first.as_of, theirs, listed, second.as_of))
    return found
