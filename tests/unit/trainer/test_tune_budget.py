"""Caps end a search in time, and energy that nobody measured is never free."""

import json

import pytest

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Forecast
from trainer.energy import Meter
from trainer.energy.source import Device
from trainer.tune.budget import Caps, Piece, Price, cost_cap, price_of, reached, spent
from trainer.tune.spending import CapReached, Spending, noted_by

EURO = Price(2.0, "EUR", "--price-per-hour")
HOUR = Piece(3600.0, 3.6e6)


def test_an_hour_at_one_kilowatt_is_a_kilowatt_hour_and_costs_its_price():
    found = spent([HOUR, HOUR], EURO)
    assert (found.hours, found.cost, found.kwh) == (2.0, 4.0, 2.0)
    assert spent([HOUR], None).cost is None


def test_a_stretch_too_short_to_measure_is_counted_at_the_mean_power_of_the_rest():
    """3600 s at 1 kW and 2 s unread: 3602 / 3600 kWh."""
    assert spent([HOUR, Piece(2.0, None, "too short")], None).kwh == pytest.approx(3602 / 3600)


def test_a_long_stretch_without_a_reading_makes_the_energy_unknown_and_says_why():
    found = spent([HOUR, Piece(2.0, None, "too short"), Piece(36.0, None, "GPU lost")], None)
    assert found.kwh is None and found.kwh_reason == "36 s have no reading: GPU lost"
    assert spent([Piece(1.0, None, "no driver")], None).kwh is None


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (Caps(9, hours=2.5), "--hours 2.5 h: 2 used, the next trial may take 1 more"),
        (Caps(9, cost=5.0), "--max-cost 5 EUR: 4 used"),
        (Caps(9, kwh=2.5), "--max-kwh 2.5 kWh: 2 used"),
        (Caps(9, kwh=2.0), "--max-kwh 2 kWh is used up"),
    ],
)
def test_a_search_ends_before_the_trial_that_would_pass_a_cap(caps, words):
    assert words in reached(caps, spent([HOUR, HOUR], EURO), next_piece=HOUR, price=EURO)


@pytest.mark.parametrize("caps", [Caps(9), Caps(9, hours=3.0), Caps(9, cost=6.0), Caps(9, kwh=3.0)])
def test_a_trial_that_just_fits_is_run(caps):
    assert reached(caps, spent([HOUR, HOUR], EURO), next_piece=HOUR, price=EURO) is None


def interval(value):
    return {"p5": value / 2, "p50": value, "p95": value * 2}


def test_the_price_of_an_hour_comes_from_the_caller_or_from_the_forecast():
    forecast = Forecast(cost=interval(10.0), train_hours=interval(4.0), currency="EUR")
    assert price_of(forecast, None, None).per_hour == 2.5
    assert price_of(forecast, 3.0, None) == Price(3.0, "EUR", "--price-per-hour")
    assert price_of(Forecast(), None, None) is None
    with pytest.raises(BadInput, match="--currency"):
        price_of(Forecast(), 3.0, None)


@pytest.mark.parametrize("text", ["20", "20 EUR", "20eur"])
def test_a_money_cap_is_an_amount_in_the_currency_of_the_price(text):
    assert cost_cap(text, EURO) == 20.0


@pytest.mark.parametrize(
    ("text", "price", "words"),
    [
        ("20", None, "--price-per-hour"),
        ("20 USD", EURO, "USD is not the currency"),
        ("0", EURO, "positive"),
        ("much", EURO, "positive"),
    ],
)
def test_a_money_cap_that_cannot_be_counted_says_what_to_state(text, price, words):
    with pytest.raises(BadInput, match=words):
        cost_cap(text, price)


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


class Steady:
    """A device that draws 100 W for ever."""

    reason = ""

    def __init__(self, clock):
        self._clock = clock

    def devices(self):
        return (Device(uuid="GPU-1", name="steady"),)

    def read_counter_mj(self, device):
        return int(self._clock.now_s * 100_000)

    def read_power_mw(self, device):
        return 100_000

    def close(self):
        pass


def watched(tmp_path, caps, seconds):
    """A trial of steps of one second on a device of 100 W, at 2 EUR an hour."""
    clock = Clock()
    meter = Meter(Steady(clock), clock=clock, poll_s=0)
    with Spending(meter, tmp_path, caps=caps, price=EURO, before=[], clock=clock) as spending:
        for _ in range(seconds):
            clock.now_s += 1.0
            meter.sample()
            spending.tick()
    return spending


def test_a_trial_notes_its_time_and_energy_as_it_goes_and_in_all(tmp_path):
    spending = watched(tmp_path, Caps(9), 25)
    assert spending.total.duration_s == 25.0
    assert spending.total.energy_j == pytest.approx(2500.0, rel=0.01)
    assert noted_by(tmp_path) == {"duration_s": 23.0, "energy_j": pytest.approx(2300.0, rel=0.01), "energy_reason": ""}
    assert json.loads((tmp_path / "spent.json").read_text())
    assert noted_by(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("caps", "last"),
    [(Caps(9, hours=10 / 3600), 10), (Caps(9, cost=2 * 10 / 3600), 10), (Caps(9, kwh=1000 / 3.6e6), 10)],
)
def test_a_cap_ends_a_trial_before_the_step_that_would_pass_it(tmp_path, caps, last):
    watched(tmp_path / "a", caps, last - 1)
    with pytest.raises(CapReached):
        watched(tmp_path / "b", caps, last + 2)
