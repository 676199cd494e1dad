"""Energy per request: what a window measured is shared out whole."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.energy_share import EnergyLedger, share_out
from serving.records import UsageRecord
from trainer.energy.meter import Meter
from trainer.energy.source import Device, NullSource


class SteadySource:
    """A device that draws 100 W and has no counter."""

    reason = ""

    def devices(self):
        return (Device("GPU-1", "steady", power_limit_w=300.0),)

    def read_counter_mj(self, device):
        return None

    def read_power_mw(self, device):
        return 100_000

    def close(self):
        pass


def record(name):
    return UsageRecord(
        id=name,
        created_at="2026-01-01T00:00:00+00:00",
        endpoint="completions",
        model="m",
        status="completed",
        prompt_tokens=1,
        completion_tokens=1,
        duration_s=0.1,
        ttft_s=None,
    )


@given(st.floats(0, 1e6), st.dictionaries(st.text(max_size=3), st.integers(0, 1000), max_size=8))
def test_the_shares_add_up_to_the_window(energy_j, tokens):
    shares = share_out(energy_j, tokens)
    expected = energy_j if sum(tokens.values()) else 0
    assert sum(shares.values()) == pytest.approx(expected)


def test_shares_are_in_proportion_to_tokens():
    assert share_out(100, {"a": 30, "b": 10}) == {"a": 75, "b": 25}


def test_requests_of_a_window_share_its_energy_and_a_long_one_collects_from_several():
    """100 W: two windows of 2.1 s hold 420 J; `a` has 3 of 4 tokens of the first, `b` the rest."""
    written = []

    async def scenario():
        ledger = EnergyLedger(Meter(SteadySource()), written.append, window_s=2.1)
        ledger.start()
        ledger.count("a", 3)
        ledger.count("b", 1)
        await asyncio.sleep(0.3)
        ledger.finish(record("a"))
        await asyncio.sleep(2.2)
        ledger.count("b", 5)
        ledger.finish(record("b"))
        await asyncio.sleep(2.6)
        await ledger.stop()

    asyncio.run(scenario())
    assert [item.id for item in written] == ["a", "b"]
    a, b = written
    assert a.energy_quality == b.energy_quality == "integrated_power"
    assert a.energy_j == pytest.approx(0.75 * 210, rel=0.1)
    assert b.energy_j == pytest.approx(0.25 * 210 + 210, rel=0.1)
    assert "tokens" in a.energy_note


def test_a_window_cut_short_by_the_stop_leaves_none_with_the_reason():
    written = []

    async def scenario():
        ledger = EnergyLedger(Meter(SteadySource()), written.append, window_s=2.1)
        ledger.start()
        ledger.count("a", 3)
        await asyncio.sleep(0.3)
        ledger.finish(record("a"))
        await ledger.stop()

    asyncio.run(scenario())
    assert written[0].energy_j is None
    assert "shorter than 2 s" in written[0].energy_note


def test_without_a_meter_the_record_is_written_at_once_with_the_reason():
    written = []

    async def scenario():
        ledger = EnergyLedger(Meter(NullSource("no driver")), written.append)
        ledger.start()
        ledger.count("a", 3)
        ledger.finish(record("a"))
        await ledger.stop()

    asyncio.run(scenario())
    assert written[0].energy_j is None
    assert written[0].energy_note == "no driver"
