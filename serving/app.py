"""The HTTP application: what it holds and when it begins and ends; the handlers are in `serving/routes/`.

Enter at `create_app`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.exceptions import HTTPException

from serving.access import Access
from serving.address import UpstreamAddress
from serving.drift.watch import DriftWatch
from serving.energy_share import WINDOW_S, EnergyLedger
from serving.measured import read_usage
from serving.metrics import Metrics
from serving.model_dir import ServedModel
from serving.quota import Budgets, Prices
from serving.records import Journal, UsageRecord
from serving.routes import admin, answers, embeddings, models
from serving.routes.common import answer_error
from serving.service import Loader, Service
from serving.trace import Traced
from serving.traffic import CHECK_S, Traffic
from serving.upstream import opened
from serving.versions import Line
from trainer.energy import Meter

MOST_BODY_BYTES = 4_000_000


def create_app(
    served: Sequence[tuple[ServedModel, Any]],
    meter: Meter,
    records: Path,
    *,
    window_s: float = WINDOW_S,
    access: Access | None = None,
    prices: Prices | None = None,
    upstreams: Mapping[str, UpstreamAddress] | None = None,
    timeout_s: float | None = None,
    loader: Loader | None = None,
    traffic: Traffic | None = None,
    drift: DriftWatch | None = None,
) -> Litestar:
    """The application over loaded engines.

    Args:
        served: models and their engines; encoders are `serving.engines.encoder.Encoder`.
        meter: closed with the application.
        records: directory of `usage.jsonl` and `feedback.jsonl`.
        window_s: length of the energy windows.
        access: keys that are asked for; None: none are.
        prices: what tokens cost inside the house; None: not known.
        upstreams: models that other servers run, by the names that clients ask for.
        timeout_s: longest time from request to end of answer; None: no limit.
        loader: loads further versions of the models; None: nothing is loaded while the server runs.
        traffic: keeps a sample of prompts and answers; None: no word is kept.
        drift: looks for drift while the server runs; None: nobody does.
    """
    usage, feedback = Journal(records / "usage.jsonl"), Journal(records / "feedback.jsonl")
    door = access if access is not None else Access(None)
    budgets = Budgets(door, prices if prices is not None else Prices(), read_usage(usage.path))
    lines = {model.name: Line(model, engine) for model, engine in served if not model.encoder}
    encoders = {model.name: engine for model, engine in served if model.encoder}

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None, None]:
        metrics = Metrics(lines)

        def written(record: UsageRecord) -> None:
            usage.append(record)
            metrics.count_record(record)

        ledger = EnergyLedger(meter, written, window_s=window_s)
        metrics.meter_up.set_function(lambda: float(ledger.is_measuring))
        behind = {name: opened(address) for name, address in (upstreams or {}).items()}
        app.state.service = Service(
            lines=lines,
            metrics=metrics,
            ledger=ledger,
            feedback=feedback,
            started_at=int(time.time()),
            access=door,
            budgets=budgets,
            write=written,
            upstreams=behind,
            encoders=encoders,
            cards={model.name: model for model, _ in served if model.encoder},
            timeout_s=timeout_s,
            loader=loader,
            traffic=traffic,
        )
        ledger.start()
        beside = [] if traffic is None else [asyncio.create_task(_sweep(traffic))]
        if drift is not None:
            beside.append(asyncio.create_task(drift.run([*lines, *behind, *encoders], metrics)))
        yield
        for task in beside:
            task.cancel()
        await ledger.stop()
        for upstream in behind.values():
            await upstream.client.aclose()
        for line in lines.values():
            line.close_engines()
        for encoder in encoders.values():
            encoder.close()

    app = Traced(
        route_handlers=[*models.HANDLERS, *answers.HANDLERS, *embeddings.HANDLERS, *admin.HANDLERS],
        lifespan=[lifespan],
        exception_handlers={Exception: answer_error, HTTPException: answer_error},
        request_max_body_size=MOST_BODY_BYTES,
        openapi_config=None,
        logging_config=None,  # the program sets its logs up itself: serving.trace
    )
    app.state.lines = lines
    return app


async def _sweep(traffic: Traffic) -> None:
    while True:
        await asyncio.sleep(CHECK_S)
        await asyncio.to_thread(traffic.delete_old)
