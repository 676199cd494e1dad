"""Token prices of API models through genai-prices, offline, for one typical request.

Enter at `token_prices`, or at `request_usd` for one request. Tiers apply per call, so a typical request is priced and
divided. genai-prices answers a request for a variant it does not know with the list price, without a word; here an
unknown price or an unknown context is an error, and a batch price counts only where the model really has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from advisor.contracts.catalog import ApiModelRow, Catalog
from advisor.contracts.errors import BadInput
from advisor.core.units import TOKENS_PER_MTOK

BATCH = {"processing": "batch"}
"""How genai-prices names an answer that may wait for hours."""


@dataclass(frozen=True)
class TokenPrices:
    """What a provider charges, USD per million tokens."""

    input_usd_per_mtok: float
    cached_usd_per_mtok: float
    """Equals the input price where the provider sells no cache discount."""
    output_usd_per_mtok: float
    batch_multiplier: float | None
    """None where there is no batch price for the model."""
    source: str
    as_of: str


def price_date(catalog: Catalog) -> date:
    """The day of the newest API row: prices are asked for that day, so an answer can be repeated later."""
    year, month, day = (int(part) for part in max(row.as_of for row in catalog.api_models).split("-"))
    return date(year, month, day)


@lru_cache(maxsize=1024)
def token_prices(
    row: ApiModelRow, *, typical_input_tokens: int, typical_output_tokens: int, on: date, eu: bool = False
) -> TokenPrices:
    """Prices per token at the tier of a typical request.

    Args:
        row: the model; its `price_model` must be the id that genai-prices uses, not merely match one.
        typical_input_tokens: tokens of one prompt, not of a month: tiers depend on it.
        typical_output_tokens: tokens of one answer.
        on: day of the price.
        eu: processing inside the EU, at the provider's uplift.

    Raises:
        BadInput: the price catalogue does not know the model, or has no price for it.
    """
    if typical_input_tokens <= 0 or typical_output_tokens <= 0:
        raise BadInput(
            f"api model {row.id}: a typical request needs tokens in and out, "
            f"got {typical_input_tokens} and {typical_output_tokens}"
        )
    per_mtok = Decimal(TOKENS_PER_MTOK) * Decimal(str(row.eu_price_multiplier if eu else 1.0))
    tokens, out = typical_input_tokens, typical_output_tokens
    fresh = request_usd(row, input_tokens=tokens, output_tokens=0, on=on)
    cached = request_usd(row, input_tokens=tokens, cached_tokens=tokens, output_tokens=0, on=on)
    whole = request_usd(row, input_tokens=tokens, output_tokens=out, on=on)
    answer = whole - fresh
    if not fresh > 0 or not answer > 0:
        raise BadInput(f"api model {row.id}: genai-prices has no price per token for {row.price_model!r} on {on}")
    return TokenPrices(
        input_usd_per_mtok=float(fresh / tokens * per_mtok),
        cached_usd_per_mtok=float(cached / tokens * per_mtok),
        output_usd_per_mtok=float(answer / out * per_mtok),
        batch_multiplier=_batch_multiplier(row, tokens, out, on, whole) if row.batch_discounted else None,
        source=f"genai-prices {_price_version()}, {row.price_provider}/{row.price_model}",
        as_of=on.isoformat(),
    )


@lru_cache(maxsize=1)
def _price_version() -> str:
    return version("genai-prices")


def request_usd(
    row: ApiModelRow,
    *,
    input_tokens: int,
    output_tokens: int,
    on: date,
    cached_tokens: int = 0,
    context: Mapping[str, str] | None = None,
) -> Decimal:
    """Price of one request, at the tier of its own size.

    Args:
        row: the model.
        input_tokens: tokens of the prompt, the cached ones included.
        output_tokens: tokens of the answer.
        on: day of the price.
        cached_tokens: tokens of the prompt that are read from the provider's cache.
        context: a variant of the price, such as `{"processing": "batch"}`.

    Raises:
        BadInput: the price catalogue does not know the model, or has no such variant of its price on that day.
    """
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=input_tokens, cache_read_tokens=cached_tokens or None, output_tokens=output_tokens)
    when = datetime(on.year, on.month, on.day, tzinfo=UTC)
    try:
        found = calc_price(
            usage,
            model_ref=row.price_model,
            provider_id=row.price_provider,
            genai_request_timestamp=when,
            price_context=dict(context) if context else None,
        )
    except LookupError as error:
        raise BadInput(f"api model {row.id}: unknown to genai-prices ({error})") from error
    if found.model.id != row.price_model:
        raise BadInput(
            f"api model {row.id}: price_model: {row.price_model!r} matches {found.model.id!r} only loosely; "
            "write that id"
        )
    if context:
        known = _variants(found.model, when)
        if dict(context) not in known:
            raise BadInput(
                f"api model {row.id}: genai-prices has no price for {_words(context)} on {on} and would answer with "
                f"the list price; known: {', '.join(map(_words, known)) or 'the list price alone'}"
            )
    return found.total_price


def _batch_multiplier(row: ApiModelRow, tokens: int, out: int, on: date, listed: Decimal) -> float | None:
    """Batch over list price; None when genai-prices has no batch price for the model on that day."""
    try:
        batch = request_usd(row, input_tokens=tokens, output_tokens=out, on=on, context=BATCH)
    except BadInput:
        return None
    multiplier = float(batch / listed)
    return multiplier if multiplier < 1 else None


def _variants(model: Any, when: datetime) -> list[dict[str, str]]:
    """The contexts for which the model has a price of its own at that time."""
    variants = model.price_variants or ()
    return [dict(known.when) for known in variants if known.constraint is None or known.constraint.active(when)]


def _words(context: Mapping[str, str]) -> str:
    return " and ".join(f"{name}={value}" for name, value in context.items())
