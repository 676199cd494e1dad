"""One stretch of load on a server, and what its client saw.

Enter at `run_load`. Times are the client's own; tokens are those that the server reports. Requests are kept at a
number in work (closed loop), or arrive at a rate whatever the server does (open loop).
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import openai

from advisor.contracts.base import Contract, Count, NonNegative, Positive, PositiveCount


@dataclass(frozen=True)
class LoadPlan:
    """What is asked, and how fast."""

    model: str
    prompts: Sequence[str]
    max_tokens: int
    requests: int
    concurrency: int | None = None
    rate_per_s: float | None = None
    """Either this or `concurrency`."""
    timeout_s: float = 600.0
    seed: int = 0


@dataclass(frozen=True)
class Timing:
    """One answered request."""

    ttft_s: float | None
    """None: the answer had no text."""
    total_s: float
    tpot_s: float | None
    """None: fewer than two tokens."""
    output_tokens: int
    prompt_tokens: int | None = None
    counted_by_server: bool = True
    """False: the server told no usage, so the pieces of the stream were counted."""


class Quantiles(Contract):
    """Middle and slow end of the requests."""

    p50: NonNegative
    p95: NonNegative


class BenchReport(Contract):
    """What was measured; a figure for which no request qualified is None."""

    url: str
    model: str
    requests: PositiveCount
    concurrency: PositiveCount | None
    """None: requests came at a rate."""
    offered_requests_per_s: Positive | None = None
    answered: Count
    errors: Count
    first_error: str | None
    duration_s: NonNegative
    prompt_tokens: Count = 0
    output_tokens: Count
    num_concurrent_mean: NonNegative | None = None
    """Requests in work on average."""
    output_tokens_per_s: NonNegative
    """All requests together."""
    ttft_ms: Quantiles | None
    tpot_ms: Quantiles | None
    total_ms: Quantiles | None
    request_tokens_per_s: Quantiles | None
    """Of one request, from its start to its end."""
    energy_j: NonNegative | None = None
    """Of this machine's accelerators during the load; None when not measured."""
    energy_note: str = "not measured; --energy measures this machine, when the server runs on it"
    warnings: tuple[str, ...] = ()


async def run_load(
    client: openai.AsyncOpenAI, url: str, plan: LoadPlan, advance: Callable[[], None] = lambda: None
) -> BenchReport:
    """Send the requests and report; `advance` is called for each that has ended."""
    gate = asyncio.Semaphore(plan.concurrency or plan.requests)

    async def one(number: int, at_s: float) -> Timing | openai.OpenAIError:
        await asyncio.sleep(max(0.0, start_s + at_s - time.perf_counter()))
        async with gate:
            try:
                return await _ask(client, plan, f"{plan.prompts[number % len(plan.prompts)]} {number}")
            except openai.OpenAIError as error:
                return error
            finally:
                advance()

    start_s = time.perf_counter()
    arrivals = enumerate(_arrivals(plan))
    results = await asyncio.gather(*(one(number, at_s) for number, at_s in arrivals))
    return _report(url, plan, results, time.perf_counter() - start_s)


def _arrivals(plan: LoadPlan) -> Iterator[float]:
    """Seconds at which requests begin: at once, or as a Poisson process."""
    dice, at_s = random.Random(plan.seed), 0.0
    for _ in range(plan.requests):
        yield at_s
        if plan.rate_per_s is not None:
            at_s += dice.expovariate(plan.rate_per_s)


def quantile(values: Sequence[float], fraction: float) -> float:
    """Quantile with linear interpolation between the neighbours."""
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


async def _ask(client: openai.AsyncOpenAI, plan: LoadPlan, prompt: str) -> Timing:
    start_s = time.perf_counter()
    first_s = last_s = None
    usage, told = None, 0
    stream = await client.chat.completions.create(
        model=plan.model,
        messages=[{"role": "user", "content": prompt}],
        max_completion_tokens=plan.max_tokens,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        usage = chunk.usage or usage
        if chunk.choices and chunk.choices[0].delta.content:
            told += 1
            last_s = time.perf_counter()
            first_s = first_s or last_s
    end_s = time.perf_counter()
    tokens = usage.completion_tokens if usage is not None else told
    between_s = None if first_s is None or last_s is None or tokens < 2 else (last_s - first_s) / (tokens - 1)
    ttft_s = None if first_s is None else first_s - start_s
    read = usage.prompt_tokens if usage is not None else None
    return Timing(ttft_s, end_s - start_s, between_s, tokens, read, usage is not None)


def _report(url: str, plan: LoadPlan, results: Sequence[Timing | openai.OpenAIError], duration_s: float) -> BenchReport:
    timings = [result for result in results if isinstance(result, Timing)]
    errors = [result for result in results if not isinstance(result, Timing)]
    tokens = sum(timing.output_tokens for timing in timings)
    uncounted = sum(not timing.counted_by_server for timing in timings)
    return BenchReport(
        url=url,
        model=plan.model,
        requests=plan.requests,
        concurrency=plan.concurrency,
        offered_requests_per_s=plan.rate_per_s,
        answered=len(timings),
        errors=len(errors),
        first_error=str(errors[0]) if errors else None,
        duration_s=duration_s,
        prompt_tokens=sum(timing.prompt_tokens or 0 for timing in timings),
        output_tokens=tokens,
        num_concurrent_mean=sum(timing.total_s for timing in timings) / duration_s,
        output_tokens_per_s=tokens / duration_s,
        ttft_ms=quantiles([timing.ttft_s * 1000 for timing in timings if timing.ttft_s is not None]),
        tpot_ms=quantiles([timing.tpot_s * 1000 for timing in timings if timing.tpot_s is not None]),
        total_ms=quantiles([timing.total_s * 1000 for timing in timings]),
        request_tokens_per_s=quantiles([timing.output_tokens / timing.total_s for timing in timings]),
        warnings=(f"{uncounted} answers came without usage: pieces of the stream were counted as tokens",)
        if uncounted
        else (),
    )


def quantiles(values: Sequence[float]) -> Quantiles | None:
    """Middle and slow end; None without values."""
    return Quantiles(p50=quantile(values, 0.5), p95=quantile(values, 0.95)) if values else None
