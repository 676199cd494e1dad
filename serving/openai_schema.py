"""What requests may hold: strict models of the implemented part of OpenAI's API.

Enter at `read_request`. Answers are built with the types of the `openai` package itself.
"""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from advisor.contracts.mistakes import field_errors
from serving.engine import Message
from serving.errors import ApiError
from serving.openai_parts import ChosenFunction, ResponseFormat, Strict, TextSettings, Tool, TurnParam
from serving.parameters import clean

INT64 = 2**63
MOST_CHOICES = 16
BRANCH = re.compile(r"\.(str|constrained-str|list\[[^.]*\])(?=\.|$)")
"""Names that pydantic gives to the branches of a union; no field is called so."""

Tokens = Annotated[int, Field(ge=1)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
TopP = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=-INT64, lt=INT64)]
Penalty = Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)]
Bias = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
StopText = Annotated[str, Field(min_length=1, max_length=500)]
Model = TypeVar("Model", bound=BaseModel)


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Stops = Annotated[list[StopText], Field(max_length=16), BeforeValidator(_one_or_many)]


class StreamOptions(Strict):
    """What a stream carries beside the deltas."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class _Sampled(Strict):
    model: str
    stream: bool = False
    temperature: Temperature = 1.0
    top_p: TopP = 1.0


class _Choosing(_Sampled):
    frequency_penalty: Penalty = 0.0
    presence_penalty: Penalty = 0.0
    logit_bias: Annotated[dict[str, Bias], Field(max_length=300, default_factory=dict)]
    stream_options: StreamOptions = StreamOptions()
    stop: Stops = Field(default_factory=list)
    seed: Seed | None = None
    n: Annotated[int, Field(ge=1, le=MOST_CHOICES)] = 1


class ChatRequest(_Choosing):
    """POST /v1/chat/completions."""

    messages: Annotated[list[TurnParam], Field(min_length=1)]
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    logprobs: bool = False
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: ResponseFormat = ResponseFormat()
    tools: Annotated[list[Tool], Field(max_length=128, default_factory=list)]
    tool_choice: Literal["none", "auto", "required"] | ChosenFunction = "auto"

    @model_validator(mode="after")
    def _choice_fits(self) -> Self:
        names = [tool.function.name for tool in self.tools]
        if len(set(names)) < len(names):
            raise ValueError("tools: two functions have the same name")
        if isinstance(self.tool_choice, ChosenFunction) and self.tool_choice.function.name not in names:
            raise ValueError(f"tool_choice: no function {self.tool_choice.function.name!r} in tools")
        if self.tool_choice == "required" and not names:
            raise ValueError("tool_choice: required needs tools")
        return self

    @property
    def functions(self) -> list[dict[str, Any]]:
        """Functions that may be called, as templates and grammars take them; none where none may."""
        if self.tool_choice == "none":
            return []
        return [tool.function.model_dump(exclude_none=True, exclude={"strict"}) for tool in self.tools]

    @property
    def forced(self) -> list[dict[str, Any]]:
        """Functions of which one must be called."""
        if isinstance(self.tool_choice, ChosenFunction):
            return [row for row in self.functions if row["name"] == self.tool_choice.function.name]
        return self.functions if self.tool_choice == "required" else []

    @model_validator(mode="after")
    def _logprobs_asked(self) -> Self:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        return self


class CompletionRequest(_Choosing):
    """POST /v1/completions."""

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: Tokens = 16
    """OpenAI's default."""
    logprobs: Annotated[int, Field(ge=0, le=20)] | None = None


class ResponsesRequest(_Sampled):
    """POST /v1/responses."""

    input: str | Annotated[list[TurnParam], Field(min_length=1)]
    instructions: str | None = None
    max_output_tokens: Tokens | None = None
    top_logprobs: Literal[0] = 0
    text: TextSettings = TextSettings()
    stream_options: StreamOptions = StreamOptions()

    @property
    def messages(self) -> list[Message]:
        """Instructions and input as one conversation."""
        head = [Message("system", self.instructions)] if self.instructions else []
        turns = [Message("user", self.input)] if isinstance(self.input, str) else [t.message for t in self.input]
        return [*head, *turns]


def read_request(body: bytes, model: type[Model]) -> Model:
    """Parse and validate a request body.

    Raises:
        ApiError: 400 that names the field.
    """
    return check_request(read_object(body), model)


def check_request(document: dict[str, Any], model: type[Model]) -> Model:
    """Validate a parsed request.

    Raises:
        ApiError: 400 that names the field.
    """
    return validate(clean(document, model.model_fields), model)


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object."""
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError(400, f"The body is not valid JSON: {error}", code="invalid_json") from error
    if not isinstance(document, dict):
        raise ApiError(400, "The body must be a JSON object", code="invalid_json")
    return document


def validate(document: dict[str, Any], model: type[Model]) -> Model:
    """Validate a parsed body; the first mistake is `param`, the message says all."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        rows = field_errors(error, model)
        fields = [BRANCH.sub("", row["field"]) for row in rows]
        said = "; ".join(f"'{field}': {row['message']}" for field, row in zip(fields[:4], rows, strict=False))
        code = "missing_required_parameter" if "required" in rows[0]["message"] else "invalid_value"
        param = fields[0] if fields[0] != "(document)" else None
        raise ApiError(400, f"Invalid request: {said}", code=code, param=param) from error
