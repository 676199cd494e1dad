"""Figures for Prometheus, under the names that the field's servers use. Enter at `Metrics`."""

from collections.abc import Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from serving.engine import Engine

TTFT_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TPOT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)


class Metrics:
    """Counters of one server."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._registry = registry = CollectorRegistry()
        labels = ("model",)
        self.requests = Counter("requests", "Requests by their end", ("model", "endpoint", "status"), registry=registry)
        self.errors = Counter("request_errors", "Requests refused or failed", ("code",), registry=registry)
        self.prompt_tokens = Counter("prompt_tokens", "Prompt tokens", labels, registry=registry)
        self.generation_tokens = Counter("generation_tokens", "Generated tokens", labels, registry=registry)
        self.ttft = Histogram(
            "time_to_first_token_seconds", "Time to first token", labels, buckets=TTFT_BUCKETS_S, registry=registry
        )
        self.tpot = Histogram(
            "time_per_output_token_seconds",
            "Mean time between tokens of a sequence",
            labels,
            buckets=TPOT_BUCKETS_S,
            registry=registry,
        )
        running = Gauge("num_requests_running", "Sequences in work", labels, registry=registry)
        waiting = Gauge("num_requests_waiting", "Sequences in the queue", labels, registry=registry)
        for name, engine in engines.items():
            running.labels(name).set_function(partial(_running, engine))
            waiting.labels(name).set_function(partial(_waiting, engine))

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)


def _running(engine: Engine) -> float:
    return engine.load().running


def _waiting(engine: Engine) -> float:
    return engine.load().waiting
