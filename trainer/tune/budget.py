"""What a search may take and what it took: hours, money and energy, with the caps that end it in time.

Enter at `spent` and `reached`. Energy that was not measured is never counted as none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Forecast

SECONDS_PER_HOUR = 3600.0
JOULES_PER_KWH = 3.6e6
TOO_SHORT_S = 2.5
"""Stretches up to this long may be without a reading of their own: the meter needs two seconds, and its edges come on
top. They are counted at the mean power of the rest. A longer one without a reading makes the energy unknown."""
AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]{3})?\s*")


@dataclass(frozen=True)
class Price:
    """What an hour of this machine costs, and who says so."""

    per_hour: float
    currency: str
    source: str


@dataclass(frozen=True)
class Caps:
    """Where a search ends; None: no cap."""

    trials: int
    hours: float | None = None
    cost: float | None = None
    kwh: float | None = None


@dataclass(frozen=True)
class Piece:
    """A stretch of work: a trial, or a phase that was prepared for all trials."""

    duration_s: float
    energy_j: float | None
    reason: str = ""
    """Why the energy is not known."""


@dataclass(frozen=True)
class Spent:
    """Sums over pieces."""

    hours: float
    cost: float | None
    kwh: float | None
    kwh_reason: str


def spent(pieces: Sequence[Piece], price: Price | None) -> Spent:
    """What a search has taken.

    kWh = (sum of measured J + mean measured W * s of stretches too short to measure) / 3.6e6
    units: s, J, currency/h -> h, currency, kWh.  source: definition.
    validity: one longer stretch without a reading, and the energy is not known.
    """
    total_s = sum(piece.duration_s for piece in pieces)
    hours = total_s / SECONDS_PER_HOUR
    energy_j, reason = _energy_j(pieces, total_s)
    return Spent(
        hours=hours,
        cost=hours * price.per_hour if price is not None else None,
        kwh=energy_j / JOULES_PER_KWH if energy_j is not None else None,
        kwh_reason=reason,
    )


def reached(caps: Caps, so_far: Spent, *, next_piece: Piece | None, price: Price | None) -> str | None:
    """The cap that one more piece of this size would pass, in words; None when there is room.

    Args:
        caps: where the search ends.
        so_far: what it has taken.
        next_piece: what comes next is thought to take; None: not known yet.
        price: of an hour.
    """
    more = spent([next_piece], price) if next_piece is not None else Spent(0.0, 0.0, 0.0, "")
    currency = price.currency if price is not None else ""
    for name, cap, now, step, unit in (
        ("--max-cost", caps.cost, so_far.cost, more.cost, currency),
        ("--max-kwh", caps.kwh, so_far.kwh, more.kwh, "kWh"),
        ("--hours", caps.hours, so_far.hours, more.hours, "h"),
    ):
        if cap is None or now is None:
            continue
        if now >= cap:
            return f"{name} {cap:g} {unit} is used up ({now:.4g})".replace("  ", " ")
        if now + (step or 0.0) > cap:
            return f"{name} {cap:g} {unit}: {now:.4g} used, the next trial may take {step:.3g} more"
    return None


def price_of(forecast: Forecast, per_hour: float | None, currency: str | None) -> Price | None:
    """The stated price of an hour, or the rent in the plan's forecast: P50 of cost / P50 of train_hours.

    Raises:
        BadInput: a price without its currency.
    """
    if per_hour is not None:
        if per_hour <= 0:
            raise BadInput(f"--price-per-hour: must be positive, got {per_hour:g}")
        named = currency or forecast.currency
        if named is None:
            raise BadInput("--currency: say in which currency --price-per-hour is (EUR, USD)")
        return Price(per_hour, named, "--price-per-hour")
    hours, cost = forecast.train_hours, forecast.cost
    if hours is None or cost is None or forecast.currency is None or hours.p50 <= 0:
        return None
    return Price(cost.p50 / hours.p50, forecast.currency, "the plan's forecast (P50 of cost / P50 of train_hours)")


def cost_cap(text: str, price: Price | None) -> float:
    """The amount of `--max-cost`, in the currency of the price.

    Raises:
        BadInput: no amount, no price to count with, or another currency.
    """
    match = AMOUNT.fullmatch(text)
    if match is None or float(match.group(1)) <= 0:
        raise BadInput(f"--max-cost: expected a positive amount such as 20 or '20 EUR', got {text!r}")
    if price is None:
        raise BadInput(
            "--max-cost: what an hour costs is not known; state it with --price-per-hour AMOUNT --currency EUR, or use "
            "a plan whose forecast holds cost, currency and train_hours (as `advisor handoff` writes it)"
        )
    currency = match.group(2)
    if currency is not None and currency.upper() != price.currency.upper():
        raise BadInput(f"--max-cost: {currency} is not the currency of the price per hour, which is {price.currency}")
    return float(match.group(1))


def _energy_j(pieces: Sequence[Piece], total_s: float) -> tuple[float | None, str]:
    known = [piece for piece in pieces if piece.energy_j is not None]
    known_s = sum(piece.duration_s for piece in known)
    if not pieces:
        return 0.0, ""
    unread = sorted((piece for piece in pieces if piece.energy_j is None), key=lambda piece: -piece.duration_s)
    reason = next((piece.reason for piece in unread if piece.reason), "nothing was measured")
    if known_s <= 0:
        return None, reason
    known_j = sum(piece.energy_j or 0.0 for piece in known)
    lost_s = sum(piece.duration_s for piece in pieces if piece.energy_j is None and piece.duration_s > TOO_SHORT_S)
    if lost_s > 0:
        return None, f"{lost_s:.0f} s have no reading: {reason}"
    return known_j * total_s / known_s, ""
