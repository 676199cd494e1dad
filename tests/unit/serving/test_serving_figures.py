"""Figures of the model server for Prometheus: energy, cost and drift, each only where it is known."""

import asyncio
import sys
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parent))
from prometheus_client.parser import text_string_to_metric_families
from test_drift import used
from test_energy_share import SteadySource
from tiny_causal_model import import_app, served, wait_until

from serving.drift.watch import DriftWatch
from serving.metrics import Metrics
from serving.quota import Prices
from serving.records import Journal
from trainer.energy.meter import Meter
from trainer.energy.source import NullSource

HELLO = [{"role": "user", "content": "Hello"}]


def samples(page):
    """Value by name and labels."""
    families = text_string_to_metric_families(page if isinstance(page, str) else page.decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def asked(source, records, **more):
    """The page after one answered request."""
    from serving.engines.echo import EchoEngine
    from serving.model_dir import ServedModel

    app = import_app()([(ServedModel("echo", None), EchoEngine())], Meter(source), records, window_s=2.1, **more)
    with served(app) as address:
        with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
            client.chat.completions.create(model="echo", messages=HELLO)
        assert wait_until(lambda: (records / "usage.jsonl").read_text().endswith("\n"))
        return samples(httpx.get(f"{address}/metrics").text)


def test_energy_and_cost_of_a_request_are_counted_where_they_are_known(tmp_path):
    found = asked(SteadySource(), tmp_path, prices=Prices(input_per_mtok=1.0, output_per_mtok=2.0, currency="EUR"))
    assert found["energy_meter_up",] == 1
    assert found["energy_joules_total", "echo"] > 0
    assert ("requests_without_energy_total", "echo") not in found
    tokens = found["prompt_tokens_total", "echo"] + 2 * found["generation_tokens_total", "echo"]
    assert found["cost_total", "EUR", "echo"] == pytest.approx(tokens / 1e6)


def test_without_a_meter_and_a_price_both_are_missing_and_never_zero(tmp_path):
    found = asked(NullSource("no driver"), tmp_path)
    assert found["energy_meter_up",] == 0
    assert found["requests_without_energy_total", "echo"] == 1
    assert not [name for name, *_ in found if name in ("energy_joules_total", "cost_total")]


def watched(records, seconds=0.3):
    """What the watch shows after a look at the records."""
    metrics = Metrics({})

    async def watch():
        task = asyncio.create_task(DriftWatch(records, every_s=60).run(["m", "other"], metrics))
        await asyncio.to_thread(wait_until, lambda: b"drift_figures_known{" in metrics.text(), seconds)
        task.cancel()

    asyncio.run(watch())
    return samples(metrics.text())


def test_traffic_that_changed_is_shown_with_the_number_of_figures_and_alerted(tmp_path):
    journal = Journal(tmp_path / "usage.jsonl")
    for number in range(120):
        journal.append(used(number, prompt=100 + number % 7))
        journal.append(used(1000 + number, prompt=900 + number % 7, seconds=9.0, day=20.0))
    found = watched(tmp_path, seconds=20)
    assert found["drift_figures_outside", "m"] >= 2
    assert found["drift_figures_known", "m"] >= found["drift_figures_outside", "m"]
    assert ("drift_figures_outside", "other") not in found
    assert '"model":"m"' in (tmp_path / "alerts.jsonl").read_text()


def test_where_there_is_nothing_to_compare_with_nothing_is_shown(tmp_path):
    journal = Journal(tmp_path / "usage.jsonl")
    for number in range(10):
        journal.append(used(number))
    assert not [name for name, *_ in watched(tmp_path) if name.startswith("drift_")]
    assert not (tmp_path / "alerts.jsonl").exists()
