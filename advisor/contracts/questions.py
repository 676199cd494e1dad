"""Bodies and answers of `/v1/estimates`: one request, or many in one array, and an answer of the same form.

Enter at `TrainingQuestions` and `ServingQuestions`. Requests stay unread here: each is read where it is estimated, so
that one mistake costs one place of the array and not all of it.
"""

from typing import Annotated, Any

from pydantic import Discriminator, Field, RootModel, SkipValidation, Tag, model_validator

from advisor.contracts.estimates import (
    EstimateError,
    ServingEstimate,
    ServingRequest,
    TrainingEstimate,
    TrainingRequest,
)

MAX_REQUESTS = 1000
MIN_ESTIMATE_DRAWS = 100
MAX_ESTIMATE_DRAWS = 10_000


def _form(value: Any) -> str:
    return "many" if isinstance(value, list | tuple) else "one"


def _checked(value: Any) -> Any:
    if not isinstance(value, dict | list):
        raise ValueError(  # noqa: TRY004 - pydantic turns no TypeError into a mistake of the body
            f"expected one request (an object) or an array of requests, got {type(value).__name__}"
        )
    if isinstance(value, list) and len(value) > MAX_REQUESTS:
        raise ValueError(
            f"at most {MAX_REQUESTS} requests in one array, got {len(value)}; send the rest in another call"
        )
    return value


class TrainingQuestions(
    RootModel[
        Annotated[
            Annotated[SkipValidation[TrainingRequest], Tag("one")]
            | Annotated[list[SkipValidation[TrainingRequest]], Field(max_length=MAX_REQUESTS), Tag("many")],
            Discriminator(_form),
        ]
    ]
):
    """One training request, or an array of them; keys of published results are set aside unread."""

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return _checked(value)


class ServingQuestions(
    RootModel[
        Annotated[
            Annotated[SkipValidation[ServingRequest], Tag("one")]
            | Annotated[list[SkipValidation[ServingRequest]], Field(max_length=MAX_REQUESTS), Tag("many")],
            Discriminator(_form),
        ]
    ]
):
    """One serving request, or an array of them; keys of published results are set aside unread."""

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return _checked(value)


class TrainingAnswers(
    RootModel[
        Annotated[
            Annotated[TrainingEstimate, Tag("one")]
            | Annotated[tuple[TrainingEstimate | EstimateError, ...], Tag("many")],
            Discriminator(_form),
        ]
    ]
):
    """One estimate; or, for an array, one answer a request in the same order, an error in its place."""


class ServingAnswers(
    RootModel[
        Annotated[
            Annotated[ServingEstimate, Tag("one")]
            | Annotated[tuple[ServingEstimate | EstimateError, ...], Tag("many")],
            Discriminator(_form),
        ]
    ]
):
    """One estimate; or, for an array, one answer a request in the same order, an error in its place."""
