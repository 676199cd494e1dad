"""What an hour of a run costs: as stated with `--price-per-hour`, else as the plan's forecast implies.

Enter at `price_of`; `keep_price` notes a stated price beside the run, so that a resumed run knows it.
"""

from dataclasses import dataclass
from pathlib import Path

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Forecast
from advisor.contracts.runs import RunCost
from advisor.files import write_contract
from trainer.manifest import RunState
from trainer.plan import RUN_FILE
from trainer.totals import rent

SECONDS_PER_HOUR = 3600.0
NO_PRICE = "no price is known: neither --price-per-hour nor a forecast with money and hours"
IMPLIED = "the hour costs what the plan's forecast implies (P50 of money by P50 of hours)"
STATED = "the hour costs what --price-per-hour states"


@dataclass(frozen=True)
class Price:
    """Money per hour of all that the run occupies; None when nobody said."""

    per_hour: float | None
    currency: str | None
    words: str
    """Where it comes from, or why there is none."""

    def of(self, duration_s: float) -> float | None:
        """What a stretch of time costs: hours times price."""
        return None if self.per_hour is None else self.per_hour * duration_s / SECONDS_PER_HOUR


def price_of(forecast: Forecast, state: RunState | None = None) -> Price:
    """The price of a run's hour; one that was stated stands before the one that the forecast implies."""
    if state is not None and state.price_per_hour is not None:
        return Price(state.price_per_hour, state.currency, STATED)
    implied = rent(forecast, SECONDS_PER_HOUR)
    return Price(None, None, NO_PRICE) if implied is None else Price(implied, forecast.currency, IMPLIED)


def currency_of(forecast: Forecast, currency: str | None) -> str:
    """The currency of a stated price: the plan's, or the one that is named where the plan names none.

    Raises:
        BadInput: neither names one, or they differ.
    """
    if forecast.currency is None and currency is None:
        raise BadInput("--currency: the plan's forecast names none; add one to --price-per-hour, such as EUR")
    if forecast.currency is not None and currency not in (None, forecast.currency):
        raise BadInput(
            f"--currency: {currency!r}, but the plan's forecast is in {forecast.currency!r}; state the price in "
            f"{forecast.currency}"
        )
    return forecast.currency or str(currency)


def keep_price(output: Path, state: RunState, per_hour: float | None, currency: str | None) -> RunState:
    """Note a stated price in run.json; without one, what was noted before stays."""
    if per_hour is None:
        return state
    changed = state.model_copy(update={"price_per_hour": per_hour, "currency": currency})
    write_contract(output / RUN_FILE, changed)
    return changed


def cost_of(state: RunState, duration_s: float) -> RunCost:
    """Money of a finished run: its hours times the stated price.

    The forecast's own hourly price is no measurement, so it yields no actual.
    """
    hours = duration_s / SECONDS_PER_HOUR
    if state.price_per_hour is None:
        words = "no hourly price was stated (--price-per-hour); the bill knows it"
        return RunCost(cost=None, currency=None, hours=hours, cost_per_hour=None, reason=words)
    cost = state.price_per_hour * hours
    return RunCost(cost=cost, currency=state.currency, hours=hours, cost_per_hour=state.price_per_hour)
