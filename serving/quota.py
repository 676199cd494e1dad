"""What tenants have used up, and whether a request still fits: reserved when it comes, settled when it ends.

Enter at `Budgets`. What was used before the server started is taken from its usage records, so that a restart frees
nobody; a request counts once, whichever route it took.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from advisor.contracts.base import Contract, NonNegative
from serving.access import Access
from serving.errors import ApiError
from serving.records import UsageRecord

MINUTE_S = 60.0
UNSTATED_TOKENS = 1024
"""Answers of tenants with a quota end here, unless the request states a length; own choice."""


class Prices(Contract):
    """What the house charges itself for tokens; None: no price is set, so costs are not known."""

    input_per_mtok: NonNegative | None = None
    output_per_mtok: NonNegative | None = None
    currency: str = "EUR"

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Cost of one request."""
        if self.input_per_mtok is None or self.output_per_mtok is None:
            return None
        return (prompt_tokens * self.input_per_mtok + completion_tokens * self.output_per_mtok) / 1e6


@dataclass
class _Account:
    day: str = ""
    month: str = ""
    tokens: int = 0
    cost: float = 0.0
    reserved_tokens: int = 0
    reserved_cost: float = 0.0
    starts_s: deque[float] = field(default_factory=deque)


@dataclass(frozen=True)
class Reservation:
    """What a request may use up at most."""

    tenant: str
    prompt_tokens: int
    tokens: int
    cost: float


class Budgets:
    """The accounts of all tenants."""

    def __init__(
        self,
        access: Access,
        prices: Prices,
        earlier: Iterable[UsageRecord] = (),
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access, self.prices, self._clock = access, prices, clock
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()
        for record in earlier:
            self._note(record)

    def most_unstated(self, tenant: str, *, prompt_tokens: int, sequences: int) -> int | None:
        """Longest answer of a request that states no length; None where the tenant has no limit of tokens or money.

        Without this cap, one such request would set the whole rest of the quota aside.
        """
        quota = self._access.quota(tenant)
        if quota.tokens_per_day is None and quota.cost_per_month is None:
            return None
        if quota.tokens_per_day is None:
            return UNSTATED_TOKENS
        with self._lock:
            account = self._account(tenant, self._clock())
            left = quota.tokens_per_day - account.tokens - account.reserved_tokens - prompt_tokens
        return max(1, min(UNSTATED_TOKENS, left // sequences))

    def reserve(self, tenant: str, *, prompt_tokens: int, most_tokens: int) -> Reservation:
        """Set aside what a request may use up.

        Raises:
            ApiError: 429, with the seconds after which it may be tried again.
        """
        quota, now_s = self._access.quota(tenant), self._clock()
        tokens = prompt_tokens + most_tokens
        cost = self.prices.cost(prompt_tokens, most_tokens) or 0.0
        with self._lock:
            account = self._account(tenant, now_s)
            while account.starts_s and account.starts_s[0] <= now_s - MINUTE_S:
                account.starts_s.popleft()
            if quota.requests_per_minute is not None and len(account.starts_s) >= quota.requests_per_minute:
                wait_s = account.starts_s[0] + MINUTE_S - now_s
                raise _limited(f"{quota.requests_per_minute} requests per minute", wait_s, "rate_limit_exceeded")
            used = account.tokens + account.reserved_tokens
            if quota.tokens_per_day is not None and used + tokens > quota.tokens_per_day:
                left = max(0, quota.tokens_per_day - used)
                what = f"{quota.tokens_per_day:,} tokens per day ({left:,} left, {tokens:,} asked for)"
                raise _limited(what, _until_tomorrow_s(now_s), "insufficient_quota")
            spent = account.cost + account.reserved_cost
            if quota.cost_per_month is not None and spent + cost > quota.cost_per_month:
                what = f"{quota.cost_per_month:g} {self.prices.currency} per month ({spent:.4g} spent or set aside)"
                raise _limited(what, _until_next_month_s(now_s), "insufficient_quota")
            account.starts_s.append(now_s)
            account.reserved_tokens += tokens
            account.reserved_cost += cost
        return Reservation(tenant, prompt_tokens, tokens, cost)

    def release(self, reservation: Reservation) -> None:
        """The request was not begun: nothing is set aside for it any more, and it does not count."""
        with self._lock:
            account = self._account(reservation.tenant, self._clock())
            self._free(account, reservation)
            if account.starts_s:
                account.starts_s.pop()

    def settle(self, reservation: Reservation, record: UsageRecord) -> None:
        """Put what was really used in the place of what was set aside."""
        with self._lock:
            self._free(self._account(reservation.tenant, self._clock()), reservation)
        self._note(record)

    @staticmethod
    def _free(account: _Account, reservation: Reservation) -> None:
        account.reserved_tokens = max(0, account.reserved_tokens - reservation.tokens)
        account.reserved_cost = max(0.0, account.reserved_cost - reservation.cost)

    def _note(self, record: UsageRecord) -> None:
        tenant = record.tenant
        with self._lock:
            account = self._account(tenant, self._clock())
            moment = datetime.fromisoformat(record.created_at).astimezone(UTC)
            if moment.date().isoformat() == account.day:
                account.tokens += record.prompt_tokens + record.completion_tokens
            if moment.strftime("%Y-%m") == account.month:
                account.cost += record.cost or 0.0

    def _account(self, tenant: str, now_s: float) -> _Account:
        """The account, with a new day's and a new month's figures at zero."""
        account = self._accounts.setdefault(tenant, _Account())
        now = datetime.fromtimestamp(now_s, UTC)
        if account.day != now.date().isoformat():
            account.day, account.tokens = now.date().isoformat(), 0
        if account.month != now.strftime("%Y-%m"):
            account.month, account.cost = now.strftime("%Y-%m"), 0.0
        return account


def _limited(what: str, wait_s: float, code: str) -> ApiError:
    return ApiError(429, f"The limit of this tenant is reached: {what}", code=code, retry_after_s=wait_s)


def _until_tomorrow_s(now_s: float) -> float:
    now = datetime.fromtimestamp(now_s, UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()


def _until_next_month_s(now_s: float) -> float:
    now = datetime.fromtimestamp(now_s, UTC)
    first = (now.replace(day=28) + timedelta(days=4)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - now).total_seconds()
