"""What a run will take, before its first question: money expected and at most, and time where the target is known.

Enter at `expectations` and `total_usd_at_most`.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from advisor.baseline.pricing import ceiling_usd, expected_usd, reply_usd
from advisor.baseline.replies import Reply
from advisor.contracts.baseline import Expected, SuiteItem
from advisor.contracts.catalog import ApiModelRow

MS_PER_S = 1000.0


def expectations(
    left: Mapping[str, Sequence[SuiteItem]],
    known: Sequence[Reply],
    prices: Mapping[str, ApiModelRow],
    *,
    max_output_tokens: int,
    concurrency: int,
    on: date,
) -> tuple[Expected, ...]:
    """One row a target.

    cost = sum over the items left of a request's price, with the mean output tokens of the answers that are known of
    the target, else with the limit; at most: one token a byte and the limit.   t = items * mean time / concurrency
    units: USD, s.   source: list prices of the day; times as measured in this journal or the cache.
    validity: the target is taken to be asked alone; several share the concurrency, so times add up.
    """
    rows = []
    for target, items in left.items():
        answered = [reply for reply in known if reply.target == target and reply.error is None]
        row = prices.get(target)
        rows.append(
            Expected(
                target=target,
                items=len(items),
                cost_usd=None if row is None else _expected(row, items, answered, max_output_tokens, on),
                most_cost_usd=None
                if row is None
                else sum(ceiling_usd(row, item, max_output_tokens, on) for item in items),
                duration_s=_duration_s(answered, len(items), concurrency),
            )
        )
    return tuple(rows)


def total_usd_at_most(rows: Sequence[Expected]) -> float:
    """Most that the priced targets can cost together."""
    return sum(row.most_cost_usd or 0.0 for row in rows)


def _expected(
    row: ApiModelRow, items: Sequence[SuiteItem], answered: Sequence[Reply], max_output_tokens: int, on: date
) -> float:
    priced = [usd for reply in answered if (usd := reply_usd(row, reply, on)) is not None]
    if priced:
        return len(items) * float(np.mean(priced))
    return sum(expected_usd(row, item, max_output_tokens, on) for item in items)


def _duration_s(answered: Sequence[Reply], items: int, concurrency: int) -> float | None:
    times_ms = [reply.total_ms for reply in answered if reply.total_ms is not None]
    if not items:
        return 0.0
    return items * float(np.mean(times_ms)) / MS_PER_S / concurrency if times_ms else None
