"""What `advisor catalog check` looks at beyond the loader: prices, ages, ends, offers against ranges, second opinions.

Enter at `examine`. Mistakes are errors; what is old, ends, or is stated differently elsewhere is a warning.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from advisor.catalog.consistency import key
from advisor.catalog.crosscheck import Disagreement, disagreements, second_rows
from advisor.catalog.lookup import accelerator, exchange, shelf_life
from advisor.catalog.prices import price_date
from advisor.contracts.catalog import Catalog
from advisor.contracts.errors import BadInput
from advisor.contracts.quotes import RentalRow

OFFER_MONTHS = 18
"""An on-demand offer older than this no longer speaks for today's rent."""


@dataclass(frozen=True)
class StaleRow:
    """A row that counts today and is past the shelf life of its table."""

    table: str
    row: str
    as_of: str
    max_age_months: int


@dataclass(frozen=True)
class Findings:
    """What the check has to say, warnings only."""

    stale: list[StaleRow]
    ending: list[dict[str, str]]
    """API models that their provider switches off."""
    disagreements: list[Disagreement]
    unpriced: list[str]
    """Parts with offers, but without a range of rents."""


def examine(catalog: Catalog, *, today: date, second_file: Path | None = None) -> Findings:
    """Check what the loader cannot see, and collect the warnings.

    Args:
        catalog: the loaded catalogue.
        today: the day from which ages are counted.
        second_file: a copy of litellm's price map to compare with, instead of the catalogue's extract.

    Raises:
        BadInput: a price is missing, a table has no shelf life, or an offer lies outside its part's range of rents.
    """
    refuse_stray_offers(catalog, today=today)
    rows = None if second_file is None else second_rows(catalog, second_file, read=today)
    offered = {row.accelerator for row in catalog.rentals}
    return Findings(
        stale=stale_rows(catalog, today=today),
        ending=[{"row": row.id, "retires": row.retires} for row in catalog.api_models if row.retires is not None],
        disagreements=disagreements(catalog, on=price_date(catalog), rows=rows),
        unpriced=[row.id for row in catalog.accelerators if row.id in offered and row.rental_usd_per_hour is None],
    )


def stale_rows(catalog: Catalog, *, today: date) -> list[StaleRow]:
    """Rows past the shelf life of their table; of a thing's history only the newest row is judged."""
    found = []
    for table in Catalog.model_fields:
        if table in ("version", "sources", "shelf_lives"):
            continue
        limit = shelf_life(catalog, table).max_age_months
        if limit is None:
            continue
        for row in _newest(getattr(catalog, table)):
            if months_old(row.as_of, today) > limit:
                found.append(StaleRow(table, " ".join(key(row)), row.as_of, limit))
    return found


def refuse_stray_offers(catalog: Catalog, *, today: date) -> None:
    """On-demand offers of the last 18 months lie inside the range of their part, or say why not.

    Raises:
        BadInput: an offer lies outside the range without `outlier_reason`, or inside it with one.
    """
    for offer in catalog.rentals:
        part = accelerator(catalog, offer.accelerator)
        rent = part.rental_usd_per_hour
        if offer.term != "on_demand" or rent is None or months_old(offer.as_of, today) > OFFER_MONTHS:
            continue
        usd = usd_per_hour(catalog, offer)
        inside = rent.low <= usd <= rent.high
        where = f"prices/rentals.yml: {part.id} at {offer.provider} ({offer.as_of})"
        if not inside and not offer.outlier_reason:
            raise BadInput(
                f"{where}: {usd:.3g} USD an hour lies outside rental_usd_per_hour of accelerators.yml, {rent.low:g} to "
                f"{rent.high:g}; widen the range, or give outlier_reason"
            )
        if inside and offer.outlier_reason:
            raise BadInput(f"{where}: {usd:.3g} USD an hour lies inside the range; remove outlier_reason")


def usd_per_hour(catalog: Catalog, offer: RentalRow) -> float:
    """An offer in USD; euros at the newest exchange rate."""
    if offer.usd_per_hour is not None:
        return offer.usd_per_hour
    if offer.eur_per_hour is None:
        raise BadInput(f"{offer.accelerator} at {offer.provider}: an offer without a price")
    return offer.eur_per_hour * exchange(catalog, "USD").per_eur


def months_old(as_of: str, today: date) -> int:
    """Whole months since a day, a month or, for a bare year, its December."""
    year, month = ([int(part) for part in as_of.split("-")] + [12])[:2]
    return (today.year - year) * 12 + today.month - month


def _newest(rows: Iterable[Any]) -> list[Any]:
    newest: dict[tuple[str, ...], Any] = {}
    for row in sorted(rows, key=lambda row: row.as_of):
        newest[key(row)] = row
    return list(newest.values())
