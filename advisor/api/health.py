"""`/healthz`, `/readyz` and `/metrics`: is it alive, can it work, what has it done."""

from importlib.metadata import version
from typing import Literal

from litestar import Controller, get
from litestar.plugins.prometheus import PrometheusController
from litestar.response import Response
from pydantic import BaseModel, ConfigDict

from advisor.api.backend import Backend, Shared
from advisor.api.errors import problem_responses
from advisor.api.figures import Figures


class Health(BaseModel):
    """A sign of life."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ok"] = "ok"
    richtwert_version: str
    catalog_version: str


class HealthController(Controller):
    """For load balancers and orchestrators."""

    tags = ("health",)

    @get("/healthz", operation_id="getHealth", summary="Is it alive?", responses=problem_responses())
    async def healthy(self, backend: Shared) -> Health:
        """The process answers."""
        return _health(backend)

    @get("/readyz", operation_id="getReadiness", summary="Can it work?", responses=problem_responses())
    async def ready(self, backend: Shared) -> Health:
        """The process answers, and so does its database."""
        await backend.store.check()
        return _health(backend)


class MetricsController(PrometheusController):
    """Figures for Prometheus."""

    path = "/metrics"
    include_in_schema = False

    @get()
    async def get(self, backend: Shared) -> Response[bytes]:
        """The HTTP figures of this process, then those of the store, which all processes share."""
        answer = await PrometheusController.get.fn(self)
        store = await Figures(backend.store).text()
        return Response(answer.content + store, headers=answer.headers)


def _health(backend: Backend) -> Health:
    return Health(richtwert_version=version("richtwert"), catalog_version=backend.catalog.version)
