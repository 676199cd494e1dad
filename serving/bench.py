"""`serving bench`: what a client of an OpenAI-compatible server sees, at a given concurrency.

Enter at `bench`. Times are the client's own; tokens are those that the server reports.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import openai
from rich.console import Console
from rich.table import Table

from advisor.contracts.base import Contract, Count, NonNegative, PositiveCount
from advisor.contracts.errors import Failed, UnknownName


@dataclass(frozen=True)
class BenchSettings:
    """The options of `serving bench`."""

    url: str
    requests: int
    concurrency: int
    model: str | None
    max_tokens: int
    prompt: str
    as_json: bool


@dataclass(frozen=True)
class Timing:
    """One answered request."""

    ttft_s: float | None
    """None: the answer had no text."""
    total_s: float
    tpot_s: float | None
    """None: fewer than two tokens."""
    output_tokens: int


class Quantiles(Contract):
    """Middle and slow end of the requests."""

    p50: NonNegative
    p95: NonNegative


class BenchReport(Contract):
    """What was measured; a figure for which no request qualified is None."""

    url: str
    model: str
    requests: PositiveCount
    concurrency: PositiveCount
    answered: Count
    errors: Count
    first_error: str | None
    duration_s: NonNegative
    output_tokens: Count
    output_tokens_per_s: NonNegative
    """All requests together."""
    ttft_ms: Quantiles | None
    tpot_ms: Quantiles | None
    total_ms: Quantiles | None
    request_tokens_per_s: Quantiles | None
    """Of one request, from its start to its end."""


def bench(settings: BenchSettings) -> int:
    """Run the requests and show the result; exit code 1 when a request failed."""
    try:
        report = asyncio.run(_run(settings))
    except openai.APIConnectionError as error:
        raise Failed(f"no server answers at {settings.url}: {error}") from error
    except openai.APIStatusError as error:
        raise Failed(f"{settings.url} answered {error.status_code}: {error.message}") from error
    if settings.as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        Console().print(_table(report))
    if report.errors:
        sys.stderr.write(f"failed: {report.errors} of {report.requests} requests: {report.first_error}\n")
    return 1 if report.errors else 0


def quantile(values: Sequence[float], fraction: float) -> float:
    """Quantile with linear interpolation between the neighbours."""
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


async def _run(settings: BenchSettings) -> BenchReport:
    base_url = settings.url.rstrip("/").removesuffix("/v1") + "/v1"
    key = os.environ.get("OPENAI_API_KEY", "none")
    async with openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0) as client:
        known = [model.id async for model in client.models.list()]
        model = settings.model or (known[0] if known else "")
        if not model or (known and model not in known):
            raise UnknownName("model", model, known)
        gate = asyncio.Semaphore(settings.concurrency)

        async def one(number: int) -> Timing | openai.OpenAIError:
            async with gate:
                try:
                    return await _ask(client, settings, model, f"{settings.prompt} {number}")
                except openai.OpenAIError as error:
                    return error

        start_s = time.perf_counter()
        results = await asyncio.gather(*(one(number) for number in range(settings.requests)))
        return _report(settings, model, results, time.perf_counter() - start_s)


async def _ask(client: openai.AsyncOpenAI, settings: BenchSettings, model: str, prompt: str) -> Timing:
    start_s = time.perf_counter()
    first_s = last_s = None
    tokens = 0
    stream = await client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": prompt}],
        max_completion_tokens=settings.max_tokens,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        if chunk.usage is not None:
            tokens = chunk.usage.completion_tokens
        if chunk.choices and chunk.choices[0].delta.content:
            last_s = time.perf_counter()
            first_s = first_s or last_s
    end_s = time.perf_counter()
    between_s = None if first_s is None or last_s is None or tokens < 2 else (last_s - first_s) / (tokens - 1)
    return Timing(None if first_s is None else first_s - start_s, end_s - start_s, between_s, tokens)


def _report(
    settings: BenchSettings, model: str, results: Sequence[Timing | openai.OpenAIError], duration_s: float
) -> BenchReport:
    timings = [result for result in results if isinstance(result, Timing)]
    errors = [result for result in results if not isinstance(result, Timing)]
    tokens = sum(timing.output_tokens for timing in timings)
    return BenchReport(
        url=settings.url,
        model=model,
        requests=settings.requests,
        concurrency=settings.concurrency,
        answered=len(timings),
        errors=len(errors),
        first_error=str(errors[0]) if errors else None,
        duration_s=duration_s,
        output_tokens=tokens,
        output_tokens_per_s=tokens / duration_s,
        ttft_ms=_quantiles([timing.ttft_s * 1000 for timing in timings if timing.ttft_s is not None]),
        tpot_ms=_quantiles([timing.tpot_s * 1000 for timing in timings if timing.tpot_s is not None]),
        total_ms=_quantiles([timing.total_s * 1000 for timing in timings]),
        request_tokens_per_s=_quantiles([timing.output_tokens / timing.total_s for timing in timings]),
    )


def _quantiles(values: Sequence[float]) -> Quantiles | None:
    return Quantiles(p50=quantile(values, 0.5), p95=quantile(values, 0.95)) if values else None


def _table(report: BenchReport) -> Table:
    title = (
        f"{report.model}: {report.answered} of {report.requests} answered at concurrency {report.concurrency}, "
        f"{report.output_tokens} tokens in {report.duration_s:.1f} s = {report.output_tokens_per_s:.1f} tokens/s"
    )
    table = Table(title=title)
    for column in ("", "p50", "p95"):
        table.add_column(column, justify="right" if column else "left")
    rows = (
        ("time to first token, ms", report.ttft_ms),
        ("time per output token, ms", report.tpot_ms),
        ("whole answer, ms", report.total_ms),
        ("tokens/s of one request", report.request_tokens_per_s),
    )
    for name, values in rows:
        shown = ("not measured", "") if values is None else (f"{values.p50:.1f}", f"{values.p95:.1f}")
        table.add_row(name, *shown)
    return table
