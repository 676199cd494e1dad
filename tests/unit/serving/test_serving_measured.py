"""Measurements of loads and of usage records, by hand-reckoned numbers."""

import json

import pytest

from advisor.contracts.errors import BadInput
from serving.bench_plot import draw_loads
from serving.load import BenchReport, Quantiles
from serving.measured import Realised, busy_s, measurement_of_loads, measurement_of_usage, read_usage
from serving.records import UsageRecord


def record(second, duration_s, *, model="m", status="completed", energy_j=None):
    """A request of 100 prompt and 11 output tokens, the first after half a second."""
    return UsageRecord(
        id=f"r{second}",
        created_at=f"2026-11-25T00:00:{second:02d}.000000+00:00",
        endpoint="chat.completions",
        model=model,
        status=status,
        prompt_tokens=100,
        completion_tokens=11,
        duration_s=duration_s,
        ttft_s=0.5,
        energy_j=energy_j,
        energy_note="" if energy_j is not None else "no driver",
    )


def load(concurrency=4, *, errors=0, energy_j=None, tokens=40):
    return BenchReport(
        url="http://x",
        model="m",
        requests=4,
        concurrency=concurrency,
        answered=4 - errors,
        errors=errors,
        first_error="x" if errors else None,
        duration_s=2.0,
        prompt_tokens=400,
        output_tokens=tokens,
        output_tokens_per_s=tokens / 2,
        ttft_ms=Quantiles(p50=10, p95=20),
        tpot_ms=None,
        total_ms=None,
        request_tokens_per_s=None,
        energy_j=energy_j,
    )


def test_busy_time_counts_overlaps_once_and_gaps_never():
    """0 to 4 and 2 to 5 overlap, 10 to 11 stands alone: 5 + 1 seconds."""
    assert busy_s([record(2, 3), record(10, 1), record(0, 4)]) == pytest.approx(6)
    assert busy_s([record(0, 10), record(2, 1)]) == pytest.approx(10)


def test_usage_becomes_one_load():
    """Two requests of 11 tokens in 5 busy seconds; first token after 0.5 s, then 10 tokens in 3.5 and 2.5 s."""
    found = measurement_of_usage([record(0, 4), record(2, 3)], Realised(option_id="a"), None)
    (row,) = found.loads
    assert (found.origin, found.model, found.option_id) == ("usage", "m", "a")
    assert row.duration_s == pytest.approx(5)
    assert row.output_tokens_per_s == pytest.approx(22 / 5)
    assert row.num_concurrent_mean == pytest.approx(7 / 5)
    assert row.ttft_ms.p50 == pytest.approx(500)
    assert row.tpot_ms.p50 == pytest.approx(300)
    assert row.energy_j is None
    assert "measured for 0 of 2 requests: no driver" in row.energy_note


def test_energy_counts_only_where_every_request_has_it():
    both = measurement_of_usage([record(0, 1, energy_j=3), record(2, 1, energy_j=4)], Realised(), None)
    assert both.loads[0].energy_j == 7
    one = measurement_of_usage([record(0, 1, energy_j=3), record(2, 1)], Realised(), None)
    assert one.loads[0].energy_j is None


def test_cancelled_requests_do_not_count_and_failed_ones_are_errors():
    rows = [record(0, 1), record(2, 1, status="cancelled"), record(4, 1, status="failed")]
    (row,) = measurement_of_usage(rows, Realised(), None).loads
    assert (row.requests, row.errors, row.output_tokens) == (2, 1, 11)


@pytest.mark.parametrize(
    ("rows", "model", "message"),
    [
        ([], None, "no usage records yet"),
        ([record(0, 1), record(1, 1, model="n")], None, "2 models, name one: m, n"),
        ([record(0, 1)], "n", "unknown model"),
        ([record(0, 1, status="failed")], None, "no completed request"),
    ],
)
def test_what_cannot_be_summed_up_says_why(rows, model, message):
    with pytest.raises(BadInput, match=message):
        measurement_of_usage(rows, Realised(), model)


def test_a_record_that_a_crash_cut_is_left_out_and_a_wrong_one_is_named(tmp_path):
    path = tmp_path / "usage.jsonl"
    line = record(0, 1).model_dump_json()
    path.write_text(f"{line}\n{line[:50]}", encoding="utf-8")
    assert len(read_usage(tmp_path)) == 1
    path.write_text(json.dumps({"id": 1}) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 1"):
        read_usage(path)
    with pytest.raises(BadInput, match="serving up"):
        read_usage(tmp_path / "none.jsonl")


def test_loads_become_a_measurement_that_says_what_was_not_measured():
    loads = [load(1), load(4, energy_j=80.0)]
    found = measurement_of_loads("m", loads, Realised(accelerator="l40s-48gb"))
    assert [row.num_concurrent for row in found.loads] == [1, 4]
    assert [row.energy_j for row in found.loads] == [None, 80.0]
    assert found.accelerator == "l40s-48gb"
    assert found.id == measurement_of_loads("m", loads, Realised()).id, "the id is that of what was measured"
    with pytest.raises(BadInput, match="nothing to measure"):
        measurement_of_loads("m", [load(errors=4, tokens=0)], Realised())


def test_the_picture_is_drawn(tmp_path):
    draw_loads([load(1), load(4)], tmp_path / "plots" / "bench.png")
    assert (tmp_path / "plots" / "bench.png").read_bytes().startswith(b"\x89PNG")
