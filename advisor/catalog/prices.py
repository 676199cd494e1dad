"""Token prices of API models through genai-prices, offline, for one typical request.

Enter at `token_prices`. Tiers apply per call, so a typical request is priced and divided; an unknown price is an
error, and a batch price counts only where it really differs from the list price.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version

from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.errors import BadInput
from advisor.core.units import TOKENS_PER_MTOK


@dataclass(frozen=True)
class TokenPrices:
    """What a provider charges, USD per million tokens."""

    input_usd_per_mtok: float
    cached_usd_per_mtok: float
    """Equals the input price where the provider sells no cache discount."""
    output_usd_per_mtok: float
    batch_multiplier: float | None
    """None where the catalogue has no batch price for the model."""
    source: str
    as_of: str


def token_prices(
    row: ApiModelRow, *, typical_input_tokens: int, typical_output_tokens: int, on: date, eu: bool = False
) -> TokenPrices:
    """Prices per token at the tier of a typical request.

    Raises:
        BadInput: the price catalogue does not know the model, or has no price for it.
    """
    when = datetime(on.year, on.month, on.day, tzinfo=UTC)
    uplift = row.eu_price_multiplier if eu else 1.0

    def price(input_tokens: int, cached: int, output_tokens: int, *, batch: bool = False) -> float:
        return float(_request_usd(row, input_tokens, cached, output_tokens, when, batch=batch)) * uplift

    tokens, out = typical_input_tokens, typical_output_tokens
    fresh = price(tokens, 0, 0) / tokens
    cached = price(tokens, tokens, 0) / tokens
    output = (price(tokens, 0, out) - price(tokens, 0, 0)) / out
    batched = price(tokens, 0, out, batch=True) / price(tokens, 0, out) if row.batch_discounted else None
    if not fresh > 0 or not output > 0:
        raise BadInput(f"api model {row.id}: genai-prices has no price per token for it")
    if batched is not None and not batched < 1:
        batched = None
    return TokenPrices(
        input_usd_per_mtok=fresh * TOKENS_PER_MTOK,
        cached_usd_per_mtok=cached * TOKENS_PER_MTOK,
        output_usd_per_mtok=output * TOKENS_PER_MTOK,
        batch_multiplier=batched,
        source=f"genai-prices {version('genai-prices')}, {row.price_provider}/{row.price_model}",
        as_of=on.isoformat(),
    )


def _request_usd(
    row: ApiModelRow, input_tokens: int, cached: int, output_tokens: int, when: datetime, *, batch: bool
) -> Decimal:
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=input_tokens, cache_read_tokens=cached or None, output_tokens=output_tokens)
    try:
        found = calc_price(
            usage,
            model_ref=row.price_model,
            provider_id=row.price_provider,
            genai_request_timestamp=when,
            price_context={"processing": "batch"} if batch else None,
        )
    except LookupError as error:
        raise BadInput(f"api model {row.id}: unknown to genai-prices ({error})") from error
    return found.total_price
