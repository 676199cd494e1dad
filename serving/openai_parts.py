"""The parts of which requests are made: messages with their calls, tools, formats of the answer.

Enter at `TurnParam`, `Tool`, `ResponseFormat` and `TextSettings`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import from_json

from serving.engine import Message


class Strict(BaseModel):
    """Types are not guessed, unknown keys are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, protected_namespaces=())


class TextPart(Strict):
    """Text within a message that is given in parts."""

    type: Literal["text", "input_text", "output_text"]
    text: str
    annotations: list[Any] = []
    logprobs: list[Any] | None = None


class FunctionCall(Strict):
    """The function that was called, and with what."""

    name: str
    arguments: str

    @property
    def parsed(self) -> Any:
        """The arguments; the text itself where it is no JSON."""
        try:
            return from_json(self.arguments)
        except ValueError:
            return self.arguments


class ToolCallParam(Strict):
    """A call within a turn of the assistant."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall

    @property
    def as_template(self) -> dict[str, Any]:
        """As chat templates take it."""
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.function.name, "arguments": self.function.parsed},
        }


class TurnParam(Strict):
    """A message; the parts of other kinds (images, audio) are refused."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    tool_calls: list[ToolCallParam] | None = None
    tool_call_id: str | None = None
    content: Annotated[str | list[TextPart] | None, Field(validate_default=True)] = None
    name: str | None = None
    refusal: None = None
    id: str | None = None
    status: str | None = None
    type: Literal["message"] = "message"

    @property
    def message(self) -> Message:
        """The message as chat templates take it; `developer` is the newer name of `system`."""
        role = "system" if self.role == "developer" else self.role
        parts = self.content if self.content is not None else ""
        text = parts if isinstance(parts, str) else "".join(part.text for part in parts)
        calls = tuple(call.as_template for call in self.tool_calls or ())
        return Message(role, text, calls, self.tool_call_id)

    @field_validator("content")
    @classmethod
    def _content_given(cls, value: Any, info: ValidationInfo) -> Any:
        calls = info.data.get("role") == "assistant" and info.data.get("tool_calls")
        if value is None and not calls:
            raise ValueError("required, except in a turn of the assistant with tool_calls")
        return value

    @model_validator(mode="after")
    def _answers_a_call(self) -> Self:
        if (self.role == "tool") is (self.tool_call_id is None):
            raise ValueError("tool_call_id goes with the role tool, and is required there")
        return self


class Function(Strict):
    """A function that the model may call."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON Schema of the arguments."""
    strict: bool | None = None


class Tool(Strict):
    """A tool; functions are the only kind."""

    type: Literal["function"]
    function: Function


class FunctionName(Strict):
    """Which function."""

    name: str


class ChosenFunction(Strict):
    """The function that must be called."""

    type: Literal["function"]
    function: FunctionName


class JsonSchema(Strict):
    """The schema that the answer must fit."""

    name: str
    description: str | None = None
    schema_: Annotated[dict[str, Any], Field(alias="schema")] = {}
    strict: bool | None = None


class ResponseFormat(Strict):
    """Free text, any JSON object, or JSON that fits a schema."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None

    @model_validator(mode="after")
    def _schema_given(self) -> Self:
        if (self.type == "json_schema") is (self.json_schema is None):
            raise ValueError("json_schema goes with type json_schema, and is required there")
        return self


class TextFormat(Strict):
    """The same in the words of the Responses API."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str | None = None
    description: str | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None
    strict: bool | None = None

    @model_validator(mode="after")
    def _schema_given(self) -> Self:
        if (self.type == "json_schema") is (self.schema_ is None):
            raise ValueError("schema goes with type json_schema, and is required there")
        return self


class TextSettings(Strict):
    """How the text of a response is to be."""

    format: TextFormat = TextFormat()
    verbosity: Literal["medium"] | None = None
