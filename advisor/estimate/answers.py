"""From one parsed request to its estimate, or to what is wrong with it: shared by `advisor estimate` and the service.

Enter at `answer_of` (one request, raises) and `answer_in_place` (one of many, never raises for a bad request).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from advisor.contracts.errors import BadInput
from advisor.contracts.estimates import Estimate, EstimateError, ServingRequest, TrainingRequest
from advisor.contracts.mistakes import field_errors

if TYPE_CHECKING:
    from advisor.contracts.catalog import Catalog

Topic = Literal["training", "memory", "serving"]
Answer = Callable[[Any], Estimate]
FAR_OFF = "the figures are too far from any real machine to be calculated; check the order of magnitude of each number"


class RefusedRequest(BadInput):
    """A request that cannot be estimated, with one `{field, value, message}` per mistake."""

    def __init__(self, mistakes: list[dict[str, str]]) -> None:
        self.mistakes = mistakes
        super().__init__(
            "; ".join(
                f"{row['field']}: {row['message']}" + (f" (got {row['value']})" if row["value"] else "")
                for row in mistakes
            )
        )


def answer_of(topic: str, catalog: "Catalog", *, draws: int, seed: int) -> Answer:
    """The function that turns one parsed request of a topic into its estimate; it raises `RefusedRequest`."""
    import numpy as np

    model: type[TrainingRequest] | type[ServingRequest]
    estimate: Callable[..., Estimate]
    if topic == "serving":
        from advisor.estimate.serving import estimate_serving

        model, estimate = ServingRequest, estimate_serving
    else:
        from advisor.estimate.training import estimate_memory, estimate_training

        model, estimate = TrainingRequest, estimate_memory if topic == "memory" else estimate_training

    def answer(document: Any) -> Estimate:
        request = _parsed(model, document)
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                return estimate(request, catalog, draws=draws, seed=seed)
        except BadInput as error:
            raise RefusedRequest([_mistake(str(error), document)]) from error
        except (ArithmeticError, ValidationError) as error:
            # A division by zero, an overflow, or an interval that is not finite: 1e300 tokens, for one.
            raise RefusedRequest([{"field": "(document)", "value": "", "message": FAR_OFF}]) from error

    return answer


def answer_in_place(document: Any, number: int, answer: Answer) -> Estimate | EstimateError:
    """The estimate of one request of many, or what is wrong with it; `number` counts from 1."""
    try:
        return answer(document)
    except BadInput as error:
        given = document.get("id") if isinstance(document, dict) else None
        return EstimateError(id=given if isinstance(given, str) else None, line=number, error=str(error))


def answer_text(result: Estimate | EstimateError) -> str:
    """One answer as JSON; figures that the request says too little for are left out."""
    return result.model_dump_json(exclude_none=not isinstance(result, EstimateError))


def _parsed(model: Any, document: Any) -> Any:
    if not isinstance(document, dict):
        message = f"expected a JSON object, got {type(document).__name__}"
        raise RefusedRequest([{"field": "(document)", "value": "", "message": message}])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise RefusedRequest(field_errors(error, model)) from error


def _mistake(message: str, document: dict[str, Any]) -> dict[str, str]:
    """An estimator's message by its field, where it begins with one: `accelerator: unknown ...`."""
    field, colon, rest = message.partition(": ")
    if not colon or not field.isidentifier():
        return {"field": "(document)", "value": "", "message": message}
    return {"field": field, "value": repr(document[field])[:80] if field in document else "", "message": rest}
