"""`/v1/estimates`: single training runs and servers as P5, P50, P95, the figures of `advisor estimate`."""

from typing import Annotated, Any

from litestar import Controller, MediaType, Response, post
from litestar.params import JSONBody, QueryParameter

from advisor.api.backend import Shared
from advisor.api.errors import problem_responses
from advisor.contracts.questions import (
    MAX_ESTIMATE_DRAWS,
    MIN_ESTIMATE_DRAWS,
    ServingAnswers,
    ServingQuestions,
    TrainingAnswers,
    TrainingQuestions,
)
from advisor.contracts.service import MAX_SEED

Draws = Annotated[
    int,
    QueryParameter(ge=MIN_ESTIMATE_DRAWS, le=MAX_ESTIMATE_DRAWS, description="Simulated values behind each interval."),
]
Seed = Annotated[int, QueryParameter(ge=0, le=MAX_SEED, description="The same seed gives the same figures.")]


class EstimateController(Controller):
    """Estimates; nothing is stored."""

    path = "/v1/estimates"
    tags = ("estimates",)

    @post(
        "/training",
        operation_id="estimateTraining",
        summary="Estimate training",
        status_code=200,
        responses=problem_responses(400, 413),
    )
    async def training(
        self, data: JSONBody[TrainingQuestions], backend: Shared, draws: Draws = 1000, seed: Seed = 0
    ) -> Response[TrainingAnswers]:
        """Hours, speed, memory, energy, carbon and money of a training run.

        One request answers one estimate, and 400 when it cannot be estimated. An array of up to 1,000 answers an array
        in the same order, where a request that cannot be estimated is `{id, error, line}` in its place.
        """
        return _json(await backend.estimate("training", data.root, draws=draws, seed=seed))

    @post(
        "/memory",
        operation_id="estimateMemory",
        summary="Estimate memory",
        status_code=200,
        responses=problem_responses(400, 413),
    )
    async def memory(
        self, data: JSONBody[TrainingQuestions], backend: Shared, draws: Draws = 1000, seed: Seed = 0
    ) -> Response[TrainingAnswers]:
        """Peak memory of one device in training; one request or an array, as for training."""
        return _json(await backend.estimate("memory", data.root, draws=draws, seed=seed))

    @post(
        "/serving",
        operation_id="estimateServing",
        summary="Estimate serving",
        status_code=200,
        responses=problem_responses(400, 413),
    )
    async def serving(
        self, data: JSONBody[ServingQuestions], backend: Shared, draws: Draws = 1000, seed: Seed = 0
    ) -> Response[ServingAnswers]:
        """Latency, speed, power and energy of a served model; one request or an array, as for training."""
        return _json(await backend.estimate("serving", data.root, draws=draws, seed=seed))


def _json(text: str) -> Response[Any]:
    return Response(text, media_type=MediaType.JSON)
