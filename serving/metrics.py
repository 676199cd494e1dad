"""Figures for Prometheus, under the names that the field's servers use. Enter at `Metrics`."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from serving.records import UsageRecord
from serving.versions import Line

if TYPE_CHECKING:
    from serving.drift.report import DriftReport

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
        self.energy = Counter("energy_joules", "Measured energy of the requests", labels, registry=registry)
        self.unmeasured = Counter(
            "requests_without_energy", "Requests whose energy is not known", labels, registry=registry
        )
        self.meter_up = Gauge("energy_meter_up", "1: energy is measured; 0: it is not", registry=registry)
        self.cost = Counter(
            "cost", "Cost of the requests at the prices of the start", ("model", "currency"), registry=registry
        )
        self.drift_outside = Gauge("drift_figures_outside", "Figures that left their band", labels, registry=registry)
        self.drift_known = Gauge("drift_figures_known", "Figures that could be compared", labels, registry=registry)
        registry.register(_EngineFigures(lines))

    def count_record(self, record: UsageRecord) -> None:
        """Energy and cost of a finished request; what is not known is not counted."""
        if record.energy_j is None:
            self.unmeasured.labels(record.model).inc()
        else:
            self.energy.labels(record.model).inc(record.energy_j)
        if record.cost is not None:
            self.cost.labels(record.model, record.currency).inc(record.cost)

    def show_drift(self, model: str, report: "DriftReport | None") -> None:
        """What the last comparison has found; None: nothing could be compared, so nothing is shown."""
        if report is None:
            for gauge in (self.drift_outside, self.drift_known):
                gauge.remove_by_labels({"model": model})
            return
        self.drift_outside.labels(model).set(len(report.outside))
        self.drift_known.labels(model).set(sum(row.inside is not None for row in report.rows))

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
