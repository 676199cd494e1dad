"""Measurements that the advisor takes: of loads that were made, and of the traffic that users sent.

Enter at `measurement_of_loads` and `measurement_of_usage`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from advisor.contracts.errors import BadInput, UnknownName
from advisor.contracts.measurements import LatencyQuantiles, ServingLoad, ServingMeasurement
from serving.load import BenchReport, Quantiles, quantile
from serving.records import UsageRecord, read_journal


@dataclass(frozen=True)
class Realised:
    """What was served and on what, as far as the user states it."""

    option_id: str | None = None
    base_model: str | None = None
    parameters: int | None = None
    engine: str | None = None
    processor: str | None = None
    """Of the machine that served; known where that is this one."""
    accelerator: str | None = None
    accelerator_count: int = 0


def measurement_of_loads(model: str, loads: Sequence[BenchReport], realised: Realised) -> ServingMeasurement:
    """The loads of `serving bench` in which something was answered.

    Raises:
        BadInput: nothing was answered.
    """
    rows = [_of_load(load) for load in loads if load.answered and load.output_tokens]
    if not rows:
        raise BadInput("no request was answered, so there is nothing to measure")
    warnings = tuple(dict.fromkeys(warning for load in loads for warning in load.warnings))
    return _measurement(model, "bench", rows, realised, warnings)


def measurement_of_usage(records: Sequence[UsageRecord], realised: Realised, model: str | None) -> ServingMeasurement:
    """Usage records of one model as one stretch of load: the time in which anything was in work.

    Raises:
        BadInput: no such model, or nothing was answered.
    """
    known = list(dict.fromkeys(record.model for record in records))
    if model is None and len(known) > 1:
        raise BadInput(f"--model: the records hold {len(known)} models, name one: {', '.join(known)}")
    wanted = model or (known[0] if known else None)
    if wanted is None:
        raise BadInput("there are no usage records yet")
    if wanted not in known:
        raise UnknownName("model", wanted, known)
    done = [record for record in records if record.model == wanted and record.status == "completed"]
    done = [record for record in done if record.completion_tokens and record.duration_s > 0]
    if not done:
        raise BadInput(f"{wanted}: no completed request with an answer in the records")
    failed = sum(record.model == wanted and record.status == "failed" for record in records)
    return _measurement(wanted, "usage", [_of_usage(done, failed)], realised, ())


def read_usage(path: Path) -> list[UsageRecord]:
    """Records of a `usage.jsonl`, or of the directory that holds it; a last line that was cut off is left out.

    Raises:
        BadInput: the file cannot be read, or a line is no record.
    """
    file = path / "usage.jsonl" if path.is_dir() else path
    return read_journal(file, UsageRecord, "a journal of usage records")


def busy_s(records: Sequence[UsageRecord]) -> float:
    """Seconds in which at least one request was in work."""
    spans = sorted((_start_s(record), _start_s(record) + record.duration_s) for record in records)
    total, end_s = 0.0, float("-inf")
    for begin_s, stop_s in spans:
        total += max(0.0, stop_s - max(begin_s, end_s))
        end_s = max(end_s, stop_s)
    return total


def _of_load(load: BenchReport) -> ServingLoad:
    return ServingLoad(
        num_concurrent=load.concurrency,
        num_concurrent_mean=load.num_concurrent_mean,
        offered_requests_per_s=load.offered_requests_per_s,
        requests=load.requests,
        errors=load.errors,
        duration_s=load.duration_s,
        prompt_tokens=load.prompt_tokens,
        output_tokens=load.output_tokens,
        output_tokens_per_s=load.output_tokens_per_s,
        ttft_ms=_latency(load.ttft_ms),
        tpot_ms=_latency(load.tpot_ms),
        energy_j=load.energy_j,
        energy_note=load.energy_note,
    )


def _of_usage(done: Sequence[UsageRecord], failed: int) -> ServingLoad:
    seconds = busy_s(done)
    tokens = sum(record.completion_tokens for record in done)
    first = [record.ttft_s * 1000 for record in done if record.ttft_s is not None]
    between = [
        (record.duration_s - record.ttft_s) * 1000 / (record.completion_tokens - 1)
        for record in done
        if record.ttft_s is not None and record.completion_tokens > 1
    ]
    energies = [record.energy_j for record in done if record.energy_j is not None]
    measured = len(energies) == len(done)
    note = "" if measured else f"measured for {len(energies)} of {len(done)} requests: {done[-1].energy_note}"
    return ServingLoad(
        num_concurrent=None,
        num_concurrent_mean=sum(record.duration_s for record in done) / seconds,
        requests=len(done) + failed,
        errors=failed,
        duration_s=seconds,
        prompt_tokens=sum(record.prompt_tokens for record in done),
        output_tokens=tokens,
        output_tokens_per_s=tokens / seconds,
        ttft_ms=_summary(first),
        tpot_ms=_summary(between),
        energy_j=sum(energies) if measured else None,
        energy_note=note,
    )


def _measurement(
    model: str, origin: str, rows: Sequence[ServingLoad], realised: Realised, warnings: tuple[str, ...]
) -> ServingMeasurement:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    content = "".join(row.model_dump_json() for row in rows)
    identity = hashlib.sha256(f"{model}{content}".encode()).hexdigest()[:12]
    return ServingMeasurement(
        id=f"serving-{identity}",
        created_at=now,
        origin="bench" if origin == "bench" else "usage",
        model=model,
        base_model=realised.base_model,
        parameters=realised.parameters,
        option_id=realised.option_id,
        engine=realised.engine,
        processor=realised.processor,
        accelerator=realised.accelerator,
        accelerator_count=realised.accelerator_count,
        loads=tuple(rows),
        warnings=warnings,
    )


def _latency(found: Quantiles | None) -> LatencyQuantiles | None:
    return None if found is None else LatencyQuantiles(p50=found.p50, p95=found.p95)


def _summary(values: Sequence[float]) -> LatencyQuantiles | None:
    return LatencyQuantiles(p50=quantile(values, 0.5), p95=quantile(values, 0.95)) if values else None


def _start_s(record: UsageRecord) -> float:
    return datetime.fromisoformat(record.created_at).timestamp()
