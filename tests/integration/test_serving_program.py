"""`serving up` and `serving bench` as programs: start, answer, measure, stop cleanly."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import openai
import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit" / "serving"))
from tiny_causal_model import save_tiny_model

from advisor.contracts.measurements import ServingMeasurement
from advisor.contracts.runs import ModelCard

CARD = ModelCard(
    name="tiny",
    created_at="2026-01-01T00:00:00+00:00",
    base_model=None,
    parameters=1000,
    vocab_size=320,
    context_tokens=256,
    languages=("de",),
    task="chat",
    intended_use="tests",
    limits=("knows nothing",),
    training_data="none",
    training_tokens=0,
    training_flop=0,
    energy_j=None,
    emissions_kgco2e=None,
    evaluation=None,
    licence="none",
)


@contextlib.contextmanager
def program(tmp_path, *argv):
    """A running `serving up`; yields the process and its base URL."""
    with subprocess.Popen(
        [sys.executable, "-m", "serving", "up", "--port", "0", "--records", str(tmp_path / "records"), *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            line = process.stdout.readline()
            found = re.search(r"http://\S+", line)
            assert found, line + process.stderr.read()
            yield process, found[0]
        finally:
            process.kill()


def stop(process, signum):
    process.send_signal(signum)
    out, err = process.communicate(timeout=30)
    return process.returncode, out + err


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_the_server_stops_cleanly(tmp_path, signum):
    with program(tmp_path, "--engine", "echo") as (process, url):
        with openai.OpenAI(base_url=url, api_key="none") as client:
            assert client.models.list().data[0].id == "echo"
        code, said = stop(process, signum)
    assert code == 0
    assert "Traceback" not in said


def test_a_model_directory_is_served_with_its_card_measured_and_stopped_under_load(tmp_path):
    model = save_tiny_model(tmp_path / "tiny")
    (model / "model_card.json").write_text(CARD.model_dump_json())
    options = ("--name", "house/tiny", "--threads", "1", "--drain-s", "0")
    with program(tmp_path, str(model), *options) as (process, url):
        with openai.OpenAI(base_url=url, api_key="none") as client:
            assert client.models.retrieve("house/tiny").model_card["limits"] == ["knows nothing"]
        sizes = ["--requests", "6", "--concurrency", "3", "--max-tokens", "8", "--warmup", "0", "--format", "json"]
        bench = subprocess.run(
            [sys.executable, "-m", "serving", "bench", url, *sizes],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        report = json.loads(bench.stdout)
        assert (report["answered"], report["errors"]) == (6, 0)
        assert 0 < report["output_tokens"] <= 48
        assert 0 < report["ttft_ms"]["p50"] <= report["ttft_ms"]["p95"]
        assert report["output_tokens_per_s"] == pytest.approx(report["output_tokens"] / report["duration_s"])
        records = [json.loads(line) for line in (tmp_path / "records" / "usage.jsonl").read_text().splitlines()]
        assert sum(record["completion_tokens"] for record in records) == report["output_tokens"]

        body = {"model": "house/tiny", "prompt": "The", "max_tokens": 240, "n": 8, "stream": True}
        with httpx.stream("POST", f"{url}/completions", json=body, timeout=30) as answer:
            told = answer.iter_bytes()
            next(told)
            code, said = stop(process, signal.SIGTERM)
            assert b"the server is stopping" in b"".join(told)
    assert code == 0
    assert "Traceback" not in said


def test_bench_on_a_dead_port_fails_in_one_line(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "serving", "bench", "http://127.0.0.1:9"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("failed: no server answers at http://127.0.0.1:9")
    assert "Traceback" not in answer.stderr


def test_several_loads_become_a_measurement_and_a_plot_and_records_sum_up_to_one(tmp_path):
    def serving(*argv):
        command = [sys.executable, "-m", "serving", *map(str, argv)]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])

    with program(tmp_path, "--engine", "echo") as (_, url):
        (tmp_path / "prompts.txt").write_text("Hello there\n\nTell me\n", encoding="utf-8")
        found = serving(
            *("bench", url, "--requests", 4, "--concurrency", 1, 2, "--rate", 50, "--max-tokens", 9),
            *("--prompts", tmp_path / "prompts.txt", "--output", tmp_path / "bench.json", "--here"),
            *("--plot", tmp_path / "bench.png", "--format", "json"),
        )
        assert found.returncode == 0, found.stderr
        report = json.loads(found.stdout)
        assert [(load["concurrency"], load["answered"]) for load in report["loads"]] == [(1, 4), (2, 4), (None, 4)]
        assert report["loads"][2]["offered_requests_per_s"] == 50
        assert "2 of 2" in serving("bench", url, "--requests", 2, "--warmup", 0).stdout
    measurement = ServingMeasurement.model_validate_json((tmp_path / "bench.json").read_text())
    assert [load.num_concurrent for load in measurement.loads] == [1, 2, None]
    assert measurement.processor
    assert (tmp_path / "bench.png").stat().st_size > 10_000
    summed = serving("usage", tmp_path / "records", "--output", tmp_path / "usage.json")
    assert "echo: 15 requests, 0 failed" in summed.stdout
    assert ServingMeasurement.model_validate_json((tmp_path / "usage.json").read_text()).origin == "usage"


def test_energy_of_a_bench_without_a_driver_is_a_failure_with_the_reason(tmp_path):
    with program(tmp_path, "--engine", "echo") as (_, url):
        command = [sys.executable, "-m", "serving", "bench", url, "--energy", "--requests", "1"]
        hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
        refused = subprocess.run(command, capture_output=True, text=True, check=False, env=hidden)
    assert refused.returncode == 1
    assert "energy cannot be measured" in refused.stderr
