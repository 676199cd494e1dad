"""What the answers cost: returned usage at the dated list price, and a cap that is not passed.

Enter at `load_prices`, `cost_usd` and `Cap`. An unknown price or usage makes the cost unknown, never 0.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from advisor.baseline.replies import Reply
from advisor.contracts.baseline import SuiteItem
from advisor.contracts.catalog import ApiModelRow
from advisor.contracts.errors import BadInput

if TYPE_CHECKING:
    from advisor.baseline.targets import TargetSpec
    from advisor.catalog.prices import TokenPrices

TEMPLATE_TOKENS = 64
"""Allowance for what a chat template adds to a request."""
BYTES_PER_TOKEN = 4.0
"""Of English text in the vocabularies of today; for a rough expectation alone, the ceiling takes one."""


@dataclass(frozen=True)
class Cost:
    """A cost, or None, and the note that says where it comes from or why it is missing."""

    usd: float | None
    note: str


def load_prices(specs: "Sequence[TargetSpec]") -> dict[str, ApiModelRow]:
    """The catalogue row of each target that names a price.

    Raises:
        BadInput: the catalogue has no such API model, or no price for it today.
    """
    if not any(spec.price_model for spec in specs):
        return {}
    from advisor.catalog.load import load_catalog
    from advisor.catalog.lookup import api_model

    catalog = load_catalog()
    rows = {spec.name: api_model(catalog, spec.price_model) for spec in specs if spec.price_model}
    for row in rows.values():
        _prices(row, 1, 1, datetime.now(UTC).date())
    return rows


def priced_models() -> frozenset[str]:
    """Ids of the API models whose price the catalogue knows."""
    from advisor.catalog.load import load_catalog

    return frozenset(row.id for row in load_catalog().api_models)


def require_prices(specs: "Sequence[TargetSpec]", prices: Mapping[str, ApiModelRow]) -> None:
    """Refuse a cap that could not be held.

    Raises:
        BadInput: a target that charges names no price.
    """
    for spec in specs:
        if spec.name not in prices and spec.role != "in_house" and not spec.stand_in:
            raise BadInput(
                f"--max-cost-usd: target {spec.name} ({spec.role}) has no price to count; "
                "add price=PROVIDER/MODEL (see `advisor catalog list`)"
            )


def reply_usd(row: ApiModelRow, reply: Reply, on: date) -> float | None:
    """Price of one reply at the tier of this very request; None when its usage is not known."""
    if reply.input_tokens is None or reply.output_tokens is None:
        return None
    cached = min(reply.cached_input_tokens, reply.input_tokens)
    return _usd(row, reply.input_tokens, reply.output_tokens, on, cached=cached)


def cost_usd(row: ApiModelRow | None, replies: Sequence[Reply], on: date) -> Cost:
    """Cost of a target's replies, errors that were charged included."""
    if row is None:
        return Cost(None, "no price given (price=PROVIDER/MODEL): the cost is not known")
    uncertain = sum(reply.charge_uncertain for reply in replies)
    if uncertain:
        return Cost(None, f"the endpoint gave no usage for {uncertain} of {len(replies)} requests: cost not known")
    known = [usd for reply in replies if (usd := reply_usd(row, reply, on)) is not None]
    source = _prices(row, 1000, 1000, on).source
    return Cost(sum(known), f"returned usage at the list price of {row.id} on {on.isoformat()} ({source})")


def ceiling_usd(row: ApiModelRow, item: SuiteItem, max_output_tokens: int, on: date) -> float:
    """More than the item can cost: a token is at least one byte of text."""
    content = sum(len(message["content"].encode()) + TEMPLATE_TOKENS for message in item.messages)
    return _usd(row, content + TEMPLATE_TOKENS, max_output_tokens, on)


def expected_usd(row: ApiModelRow, item: SuiteItem, max_output_tokens: int, on: date) -> float:
    """Price of an item that answers up to the limit; four bytes a token, as is usual for text in Latin script."""
    content = sum(len(message["content"].encode()) for message in item.messages) / BYTES_PER_TOKEN
    return _usd(row, round(content) + TEMPLATE_TOKENS, max_output_tokens, on)


@dataclass
class Cap:
    """Money that may be spent: reserved before a request, settled after it.

    A request that could pass the cap waits for those under way to settle below their reservation.
    """

    limit_usd: float | None
    spent_usd: float = 0.0
    _reserved_usd: list[float] = field(default_factory=list)
    """One entry per request under way: sums and differences of floats do not come back to 0."""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def reserve(self, usd: float) -> bool:
        """Set `usd` aside; False when it cannot be spent without passing the limit."""
        async with self._changed:
            while self.limit_usd is not None and self.spent_usd + sum(self._reserved_usd) + usd > self.limit_usd:
                if not self._reserved_usd:
                    return False
                await self._changed.wait()
            self._reserved_usd.append(usd)
            return True

    async def settle(self, reserved_usd: float, spent_usd: float) -> None:
        """Replace a reservation by what was spent."""
        async with self._changed:
            self._reserved_usd.remove(reserved_usd)
            self.spent_usd += spent_usd
            self._changed.notify_all()


def _usd(row: ApiModelRow, input_tokens: int, output_tokens: int, on: date, *, cached: int = 0) -> float:
    from advisor.core.units import TOKENS_PER_MTOK

    prices = _prices(row, max(1, input_tokens), max(1, output_tokens), on)
    fresh = (input_tokens - cached) * prices.input_usd_per_mtok
    return (fresh + cached * prices.cached_usd_per_mtok + output_tokens * prices.output_usd_per_mtok) / TOKENS_PER_MTOK


def _prices(row: ApiModelRow, input_tokens: int, output_tokens: int, on: date) -> "TokenPrices":
    from advisor.catalog.prices import token_prices

    return token_prices(row, typical_input_tokens=input_tokens, typical_output_tokens=output_tokens, on=on)
