"""`serving bench`: what a client of an OpenAI-compatible server sees, at several loads.

Enter at `bench`. The result is shown, drawn on request, and written as a measurement that the advisor takes.
"""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import openai
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from advisor.contracts.base import Contract
from advisor.contracts.errors import BadInput, Failed, UnknownName
from advisor.files import write_contract
from serving.load import BenchReport, LoadPlan, Quantiles, run_load
from serving.measured import Realised, measurement_of_loads
from trainer.energy import Meter, open_meter


@dataclass(frozen=True)
class BenchSettings:
    """The options of `serving bench`."""

    url: str
    requests: int
    concurrencies: Sequence[int]
    rates_per_s: Sequence[float]
    model: str | None
    max_tokens: int
    prompts: Sequence[str]
    warmup: int
    energy: bool
    output: Path | None
    plot: Path | None
    realised: Realised
    as_json: bool


class BenchRun(Contract):
    """Several loads on one server, in the order in which they ran."""

    url: str
    model: str
    loads: tuple[BenchReport, ...]


def bench(settings: BenchSettings) -> int:
    """Run the loads and show the result; exit code 1 when a request failed."""
    try:
        run = asyncio.run(_run(settings))
    except openai.APIConnectionError as error:
        raise Failed(f"no server answers at {settings.url}: {error}") from error
    except openai.APIStatusError as error:
        raise Failed(f"{settings.url} answered {error.status_code}: {error.message}") from error
    _show(run, settings)
    if settings.plot is not None:
        from serving.bench_plot import draw_loads

        draw_loads(run.loads, settings.plot)
        sys.stderr.write(f"plot: {settings.plot}\n")
    if settings.output is not None:
        write_contract(settings.output, measurement_of_loads(run.model, run.loads, settings.realised))
        sys.stderr.write(f"measurement: {settings.output}; the advisor takes it: advisor calibrate {settings.output}\n")
    failed = [load for load in run.loads if load.errors]
    for load in failed:
        sys.stderr.write(f"failed: {load.errors} of {load.requests} requests: {load.first_error}\n")
    return 1 if failed else 0


async def _run(settings: BenchSettings) -> BenchRun:
    base_url = settings.url.rstrip("/").removesuffix("/v1") + "/v1"
    key = os.environ.get("OPENAI_API_KEY", "none")
    meter = open_meter(require=True) if settings.energy else None
    try:
        async with openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0) as client:
            known = [model.id async for model in client.models.list()]
            model = settings.model or (known[0] if known else "")
            if not model or (known and model not in known):
                raise UnknownName("model", model, known)
            plans = _plans(settings, model)
            if settings.warmup:
                await run_load(client, settings.url, _plan(settings, model, requests=settings.warmup, concurrency=1))
            return BenchRun(url=settings.url, model=model, loads=await _loads(client, settings, plans, meter))
    finally:
        if meter is not None:
            meter.close()


def _plans(settings: BenchSettings, model: str) -> list[LoadPlan]:
    plans = [_plan(settings, model, concurrency=number) for number in settings.concurrencies]
    return plans + [_plan(settings, model, rate_per_s=rate) for rate in settings.rates_per_s]


def _plan(
    settings: BenchSettings,
    model: str,
    *,
    requests: int | None = None,
    concurrency: int | None = None,
    rate_per_s: float | None = None,
) -> LoadPlan:
    return LoadPlan(
        model=model,
        prompts=settings.prompts,
        max_tokens=settings.max_tokens,
        requests=requests or settings.requests,
        concurrency=concurrency,
        rate_per_s=rate_per_s,
    )


async def _loads(
    client: openai.AsyncOpenAI, settings: BenchSettings, plans: Sequence[LoadPlan], meter: Meter | None
) -> tuple[BenchReport, ...]:
    found = []
    with _progress() as progress:
        for plan in plans:
            task = progress.add_task(_title(plan.concurrency, plan.rate_per_s), total=plan.requests)
            advance = partial(progress.advance, task)
            if meter is None:
                found.append(await run_load(client, settings.url, plan, advance))
                continue
            with meter.window("bench") as window:
                load = await run_load(client, settings.url, plan, advance)
            report = window.report
            note = f"{report.quality}, this machine's accelerators" if report.energy_j is not None else report.reason
            found.append(load.model_copy(update={"energy_j": report.energy_j, "energy_note": note}))
    return tuple(found)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress


def _title(concurrency: int | None, rate_per_s: float | None) -> str:
    return f"{concurrency} at once" if concurrency is not None else f"{rate_per_s:g} requests/s"


def _show(run: BenchRun, settings: BenchSettings) -> None:
    if settings.as_json:
        shown: Contract = run.loads[0] if len(run.loads) == 1 else run
        sys.stdout.write(shown.model_dump_json(indent=2) + "\n")
        return
    Console().print(_table(run))
    for warning in dict.fromkeys(warning for load in run.loads for warning in load.warnings):
        sys.stderr.write(f"note: {warning}\n")


def _table(run: BenchRun) -> Table:
    table = Table(title=f"{run.model} at {run.url}; milliseconds are p50 / p95")
    columns = ("load", "answered", "tokens/s", "first token, ms", "per token, ms", "whole answer, ms", "J per token")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for load in run.loads:
        joules = "not measured"
        if load.energy_j is not None and load.output_tokens:
            joules = f"{load.energy_j / load.output_tokens:.3g}"
        table.add_row(
            _title(load.concurrency, load.offered_requests_per_s),
            f"{load.answered} of {load.requests}",
            f"{load.output_tokens_per_s:.1f}",
            *(_quantiles(found) for found in (load.ttft_ms, load.tpot_ms, load.total_ms)),
            joules,
        )
    return table


def _quantiles(found: Quantiles | None) -> str:
    return "not measured" if found is None else f"{found.p50:.1f} / {found.p95:.1f}"


def read_prompts(path: Path) -> list[str]:
    """Prompts of a text file, one a line.

    Raises:
        BadInput: the file cannot be read or is empty.
    """
    try:
        prompts = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--prompts {path}: cannot be read as UTF-8 text: {error}") from error
    if not prompts:
        raise BadInput(f"--prompts {path}: holds no prompt; one a line")
    return prompts
