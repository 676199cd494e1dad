"""The HTTP service, put together. Enter at `create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.plugins.prometheus import PrometheusConfig

from advisor.api.access import Access
from advisor.api.assessments import AssessmentController
from advisor.api.audit import AuditController
from advisor.api.backend import Assess, Backend
from advisor.api.calibrations import CalibrationController
from advisor.api.cases import CaseController
from advisor.api.catalog import CatalogController
from advisor.api.conditional import Conditional
from advisor.api.errors import answer_with_problem
from advisor.api.estimates import EstimateController
from advisor.api.handoffs import HandoffController
from advisor.api.health import HealthController, MetricsController
from advisor.api.jobs import JobController
from advisor.api.measurements import MeasurementController
from advisor.api.openapi import FaithfulJson
from advisor.api.requests import caller_of, finish, origin_of, refuse_unknown_parameters, tenant_of
from advisor.api.worker import Worker
from advisor.contracts.catalog import Catalog
from advisor.store import Store
from advisor.store.address import url_of_environment
from advisor.store.jobs import JobQueue
from advisor.store.keys import KeyRing

MAX_BODY_BYTES = 10 * 2**20


def create_app(
    *,
    database_url: str | None = None,
    store: Store | None = None,
    assess: Assess | None = None,
    catalog: Catalog | None = None,
    worker: bool = False,
    require_keys: bool = False,
) -> Litestar:
    """The service.

    Args:
        database_url: of the store; default `DATABASE_URL`, else SQLite under `runs/`.
        store: instead of an address.
        assess: the calculation; default `advisor.assess.assess`.
        catalog: the facts; default the files in `data/`.
        worker: whether the service does the jobs of the queue itself.
        require_keys: whether a key is asked for even where the store has none.

    Raises:
        BadInput: the database address or the catalogue is wrong.
    """
    if assess is None:
        from advisor.assess import assess as calculation

        assess = calculation
    if catalog is None:
        from advisor.catalog.load import load_catalog

        catalog = load_catalog()
    backend = Backend(store or Store(database_url or url_of_environment()), catalog, assess)
    queue = JobQueue(backend.store)
    access = Access(KeyRing(backend.store), require_keys=require_keys)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        await backend.store.open()
        stop = anyio.Event()
        try:
            async with anyio.create_task_group() as group:
                if worker:
                    group.start_soon(Worker(backend, queue).run, stop)
                yield
                stop.set()
        finally:
            await backend.store.close()

    return Litestar(
        route_handlers=[
            AssessmentController,
            HandoffController,
            CaseController,
            MeasurementController,
            CalibrationController,
            EstimateController,
            CatalogController,
            AuditController,
            JobController,
            HealthController,
            MetricsController,
        ],
        dependencies={
            "backend": Provide(lambda: backend, sync_to_thread=False),
            "queue": Provide(lambda: queue, sync_to_thread=False),
            "tenant": Provide(tenant_of, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
            "origin": Provide(origin_of, sync_to_thread=False),
        },
        guards=[access.admit],
        before_request=refuse_unknown_parameters,
        exception_handlers={Exception: answer_with_problem},
        middleware=[PrometheusConfig(app_name="advisor", prefix="advisor", group_path=True).middleware, Conditional()],
        before_send=[finish],
        lifespan=[lifespan],
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=_openapi(),
        # The exception handler logs what the caller cannot mend; litestar's own lines would double it.
        logging_config=None,
    )


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Richtwert advisor",
        version=version("richtwert"),
        description="Should we train our own language model, tune an open one, or buy one? "
        "Submit a case, get every option costed, gated, ranked and explained. Errors are problem details (RFC 9457).",
        # The whole address, not its folder: litestar answers unknown names in the folder with a page of HTML.
        path="/schema/openapi.json",
        render_plugins=[FaithfulJson(path="/")],
        use_handler_docstrings=True,
        tags=[
            Tag(name="assessments", description="Answers"),
            Tag(name="cases", description="Questions"),
            Tag(name="measurements", description="What was measured; it corrects the answers"),
            Tag(name="calibrations", description="What measurements have taught; versions, reports revoked"),
            Tag(name="estimates", description="Single training runs and servers as P5, P50, P95"),
            Tag(name="catalogue", description="Facts with source and date"),
            Tag(name="jobs", description="Long work: many cases at once"),
            Tag(name="audit", description="Who has written what"),
            Tag(name="health", description="For operation"),
        ],
    )
