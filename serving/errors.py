"""Errors as OpenAI's clients expect them: `{"error": {"message", "type", "param", "code"}}` with a status.

Enter at `ApiError`; `as_api_error` gives status and code of every other error.
"""

from collections.abc import Iterable
from typing import Any

from advisor.contracts.errors import Failed, UnknownName
from serving.engine import EngineBusy, EngineFailed, OutOfTime, PromptRefused, Unable

KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param, self.retry_after_s = status, code, param, retry_after_s

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body."""
        kind = KINDS.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        return {"error": {"message": str(self), "type": kind, "param": self.param, "code": self.code}}


def unknown_model(name: str, known: Iterable[str]) -> ApiError:
    """404 that names the models of this server."""
    return ApiError(404, str(UnknownName("model", name, known)), code="model_not_found", param="model")


def prompt_too_long(tokens: int, limit: int, param: str) -> ApiError:
    """400 with both figures."""
    message = (
        f"This model's context is {limit} tokens and the prompt has {tokens}, which leaves none for the answer; "
        "shorten the prompt"
    )
    return ApiError(400, message, code="context_length_exceeded", param=param)


def as_api_error(error: Exception) -> ApiError:
    """Status and code of everything that may go wrong while answering."""
    match error:
        case ApiError():
            return error
        case EngineBusy():
            return ApiError(503, f"The server is overloaded ({error}); try again", code="overloaded")
        case PromptRefused():
            return ApiError(400, str(error), code="invalid_messages", param="messages")
        case Unable():
            return ApiError(400, str(error), code="unsupported_parameter", param=error.param)
        case Failed():
            return ApiError(400, str(error), code="invalid_model")
        case OutOfTime():
            return ApiError(504, f"{error}; ask for a shorter answer", code="request_timeout")
        case EngineFailed():
            return ApiError(500, f"The engine failed: {error}", code="engine_failed")
        case _:
            return ApiError(500, "Internal error; the server's log has the details", code="internal_error")
