"""Figures for Prometheus, under the names that the field's servers use. Enter at `Metrics`."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from serving.versions import Line

TTFT_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TPOT_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1)


class Metrics:
    """Counters of one server."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
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
        registry.register(_EngineFigures(lines))

    def text(self) -> bytes:
        """The page that Prometheus reads."""
        return generate_latest(self._registry)


class _EngineFigures(Collector):
    """What the engines say of themselves whenever it is asked for."""

    def __init__(self, lines: Mapping[str, Line]) -> None:
        self._lines = lines

    def collect(self) -> Iterable[Metric]:
        """Sequences in work and in the queue, restarts, and the requests of a version on trial."""
        running = GaugeMetricFamily("num_requests_running", "Sequences in work", labels=("model",))
        waiting = GaugeMetricFamily("num_requests_waiting", "Sequences in the queue", labels=("model",))
        restarts = CounterMetricFamily("engine_restarts", "Engines restarted, by cause", labels=("model", "cause"))
        share = GaugeMetricFamily("canary_share_ratio", "Share of requests that a new version gets", labels=("model",))
        for name, line in self._lines.items():
            engines = [version.loaded for version in line.versions if version.loaded is not None]
            loads = [engine.load() for engine in engines]
            running.add_metric((name,), sum(load.running for load in loads))
            waiting.add_metric((name,), sum(load.waiting for load in loads))
            share.add_metric((name,), line.share_fraction)
            causes = _summed([line.restarts_before, *(engine.restarts() for engine in engines)])
            for cause in ("died", "failing", "hung"):
                restarts.add_metric((name, cause), causes(cause))
        return (running, waiting, restarts, share)


def _summed(counts: list[Mapping[str, int]]) -> Callable[[str], int]:
    return lambda cause: sum(count.get(cause, 0) for count in counts)
