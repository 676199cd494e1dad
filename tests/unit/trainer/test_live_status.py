"""`trainer status` for people and for programs, and the options of `trainer run` about money."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from advisor.contracts.errors import BadInput
from advisor.contracts.plan import Forecast
from advisor.contracts.status import RunStatus
from advisor.files import write_contract
from trainer.cli import main
from trainer.live.price import cost_of, currency_of, keep_price, price_of
from trainer.live.status import show_status
from trainer.live.words import duration, money
from trainer.manifest import RunState

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUS = RunStatus(
    id="t-1",
    name="Claims",
    condition="running",
    started_at=NOW.isoformat(),
    updated_at=NOW.isoformat(),
    host="node1",
    process_id=7,
    phase="pretrain",
    phases_done=("data", "tokenizer"),
    phases_left=("evaluate",),
    step=30,
    total_steps=100,
    elapsed_s=90.0,
    remaining_s=210.0,
    phase_ends_at=(NOW + timedelta(seconds=210)).isoformat(),
    tokens_per_s=1234.0,
    mfu_fraction=0.412,
    power_w=310.0,
    energy_kwh=0.0078,
    cost_reason="no price is known",
    metrics={"loss": 2.5},
    forecast=(
        {
            "name": "train_hours",
            "unit": "h",
            "so_far": 0.02,
            "at_end": 0.3,
            "forecast_p5": 0.05,
            "forecast_p50": 0.1,
            "forecast_p95": 0.2,
            "verdict": "above_p95",
        },
    ),
)


@pytest.fixture
def run(tmp_path):
    write_contract(tmp_path / "status.json", STATUS)
    return tmp_path


def test_a_running_run_is_shown_with_speed_energy_money_and_its_place_in_the_band(run, capsys):
    assert show_status(run, follow=False, as_json=False, now=lambda: NOW) == 0
    text = capsys.readouterr().out
    for part in ("pretrain 30 of 100", "4 min at the present rate", "1,234", "41.2% of the 16-bit peak", "310 W"):
        assert part in text
    assert "0.0078 kWh" in text and "not known: no price is known" in text and "ABOVE P95" in text


def test_a_run_that_has_not_written_for_long_is_called_silent_not_running(run, capsys):
    show_status(run, follow=False, as_json=False, now=lambda: NOW + timedelta(minutes=5))
    assert "silent since 2026-11-20T12:00:00+00:00: the process 7 on node1" in capsys.readouterr().out


def test_following_shows_each_change_and_ends_with_the_run(run, capsys):
    later = [STATUS, STATUS.model_copy(update={"step": 60}), STATUS.model_copy(update={"condition": "completed"})]
    show_status(
        run,
        follow=True,
        as_json=True,
        wait=lambda _: write_contract(run / "status.json", later.pop(0)),
        now=lambda: NOW,
    )
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["step"] for row in rows] == [30, 60, 30]
    assert rows[-1]["condition"] == "completed"


def test_an_ended_run_has_no_rates_to_show(run, capsys):
    write_contract(run / "status.json", STATUS.model_copy(update={"condition": "failed", "message": "no room"}))
    show_status(run, follow=False, as_json=False, now=lambda: NOW)
    text = capsys.readouterr().out
    assert "failed: no room" in text and "tokens/s" not in text


def test_json_is_the_file_and_a_folder_without_one_is_bad_input(run, tmp_path, capsys):
    assert main(["status", str(run), "--format", "json"]) == 0
    assert RunStatus.model_validate_json(capsys.readouterr().out) == STATUS
    (tmp_path / "empty").mkdir()
    assert main(["status", str(tmp_path / "empty")]) == 2
    assert "no such file; name the directory of a run" in capsys.readouterr().err


def test_a_stated_price_is_kept_for_a_resumed_run_and_becomes_the_money_of_the_report(tmp_path):
    """Half an hour at 3 EUR is 1.50 EUR."""
    state = keep_price(tmp_path, RunState(id="t", started_at=""), 3.0, "EUR")
    again = RunState.model_validate_json((tmp_path / "run.json").read_text())
    assert keep_price(tmp_path, again, None, None) == state
    paid = cost_of(again, 1800.0)
    assert (paid.cost, paid.currency, paid.hours) == (1.5, "EUR", 0.5)


def test_what_a_forecast_implies_is_no_measured_money():
    band = {"p5": 1.0, "p50": 2.0, "p95": 3.0}
    forecast = Forecast(train_hours=band, cost=band, currency="EUR")
    state = RunState(id="t", started_at="")
    assert price_of(forecast, state).per_hour == 1.0
    paid = cost_of(state, 1800.0)
    assert paid.cost is None and "--price-per-hour" in paid.reason


def test_a_price_has_one_currency():
    assert currency_of(Forecast(currency="EUR"), None) == "EUR"
    assert currency_of(Forecast(), "USD") == "USD"
    with pytest.raises(BadInput, match="names none"):
        currency_of(Forecast(), None)
    with pytest.raises(BadInput, match="state the price in EUR"):
        currency_of(Forecast(currency="EUR"), "USD")


@pytest.mark.parametrize("price", ["-1", "free", "inf", "nan"])
def test_a_price_is_an_amount_of_money(price, capsys):
    with pytest.raises(SystemExit):
        main(["run", "plan", "--price-per-hour", price])
    assert "is no price; give an amount of money" in capsys.readouterr().err


def test_amounts_read_well():
    assert [duration(s) for s in (5, 300, 36000)] == ["5 s", "5 min", "10.0 h"]
    assert [money(a, "EUR") for a in (0.00123, 12.3456, 0)] == ["0.0012 EUR", "12.35 EUR", "0.00 EUR"]
