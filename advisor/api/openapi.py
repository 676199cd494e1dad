"""The OpenAPI document, true to the contracts.

Litestar writes the paths; the component schemas are pydantic's own, because litestar's lose
`additionalProperties: false`, patterns and discriminators. Enter at `FaithfulJson`.
"""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from advisor.api.errors import Problem
from advisor.api.examples import with_examples
from advisor.api.exports import with_exports
from advisor.api.headers import SECURITY_SCHEMES, with_headers
from advisor.api.health import Health
from advisor.contracts.assessment import Assessment
from advisor.contracts.calibration import Calibration
from advisor.contracts.case import Case
from advisor.contracts.handover import Handoff, HandoffRequest
from advisor.contracts.jobs import Job, JobPage, JobResultPage, PortfolioRequest
from advisor.contracts.questions import ServingAnswers, ServingQuestions, TrainingAnswers, TrainingQuestions
from advisor.contracts.service import (
    AcceleratorsTable,
    AssessmentPage,
    AssessmentRequest,
    AuditPage,
    CalibrationPage,
    CalibrationRequest,
    CalibrationSummary,
    CasePage,
    CaseSummary,
    GridsTable,
    MeasurementPage,
    MeasurementSummary,
    ModelsTable,
    PricesTable,
    Report,
    RevocationRequest,
)

DOCUMENTED: tuple[type[BaseModel], ...] = (
    AssessmentRequest,
    Assessment,
    AssessmentPage,
    HandoffRequest,
    Handoff,
    Case,
    CaseSummary,
    CasePage,
    Report,
    MeasurementSummary,
    MeasurementPage,
    CalibrationRequest,
    RevocationRequest,
    Calibration,
    CalibrationSummary,
    CalibrationPage,
    PortfolioRequest,
    Job,
    JobPage,
    JobResultPage,
    AuditPage,
    TrainingQuestions,
    TrainingAnswers,
    ServingQuestions,
    ServingAnswers,
    ModelsTable,
    AcceleratorsTable,
    PricesTable,
    GridsTable,
    Health,
    Problem,
)


class FaithfulJson(JsonRenderPlugin):
    """`/schema/openapi.json`; there is no page with scripts from elsewhere."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON."""
        return super().render(request, faithful(openapi_schema))


def faithful(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of litestar's document (which it caches) with pydantic's component schemas, and examples."""
    # One mode for all: contracts read the same in both directions, and two modes could double the names.
    _, top = models_json_schema(
        [(model, "validation") for model in DOCUMENTED], ref_template="#/components/schemas/{model}"
    )
    parts = document.get("components", {})
    paths = with_headers(with_exports(with_examples(document["paths"])))
    return {
        **document,
        "paths": paths,
        "components": {
            **parts,
            "schemas": {**parts.get("schemas", {}), **top["$defs"]},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }
